"""What OpenAI's SDK for Python does with videos, of either major version.

Usage: openai_python.py ADDRESS LOSSY_ADDRESS, where the second loses the answers to first tries.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import openai
from openai import OpenAI
from openai.types import Video

address, lossy_address = sys.argv[1], sys.argv[2]
client = OpenAI(base_url=f"{address}/v1", api_key="sk-local")
lossy = OpenAI(base_url=f"{lossy_address}/v1", api_key="sk-local")

PNG = b"\x89PNG\r\n\x1a\n0000"
ADDRESS_OF_AN_IMAGE = "https://images.example/first.png"


def fails(kind, call):
    """The exception of this class, and of no other, that the call raises."""
    try:
        call()
    except openai.APIStatusError as error:
        assert type(error) is kind, repr(error)
        assert error.request_id, "an answer without x-request-id"
        return error
    raise AssertionError(f"no {kind.__name__}")


def ids():
    return [video.id for video in client.videos.list(limit=100)]


def test_text_becomes_a_video_that_can_be_downloaded_and_deleted():
    video = client.videos.create_and_poll(
        model="kling-v3",
        prompt='A "calm" sea\nwith née 海',
        seconds="5",
        size="1280x720",
        poll_interval_ms=200,
    )
    assert (video.status, video.progress, video.error) == ("completed", 100, None), video
    assert (video.model, video.seconds, video.size) == ("kling-v3", "5", "1280x720"), video
    assert video.completed_at >= video.created_at and video.expires_at > video.completed_at, video
    assert client.videos.retrieve(video.id) == video

    # From another origin, to which the SDK does not take the key.
    content = client.videos.download_content(video.id).read()
    assert content[4:8] == b"ftyp", content[:16]
    with client.videos.with_streaming_response.download_content(video.id) as streamed:
        assert streamed.read() == content
    fails(
        openai.NotFoundError,
        lambda: client.videos.download_content(video.id, variant="thumbnail"),
    )

    for _ in range(2):
        deleted = client.videos.delete(video.id)
        wanted = (video.id, True, "video.deleted")
        assert (deleted.id, deleted.deleted, deleted.object) == wanted, deleted
    assert fails(openai.NotFoundError, lambda: client.videos.retrieve(video.id)).code


def test_an_image_is_a_file_or_an_address():
    first, last = ("first.png", PNG, "image/png"), ("last.png", PNG, "image/png")
    create = lambda **more: client.videos.create(model="viduq2-turbo", prompt="She turns", **more)
    made = [
        create(input_reference=first),
        create(input_reference=PNG),
        create(input_reference=[first, last]),
        create(extra_body={"input_reference": ADDRESS_OF_AN_IMAGE}),
        create(extra_body={"input_reference": {"image_url": ADDRESS_OF_AN_IMAGE}}),
    ]
    for video in made:
        assert video.status == "queued" and "warnings" not in video.model_extra, video


def test_options_are_taken_as_a_form_and_as_json():
    options = {"seconds": 5, "seed": 7, "metadata": {"style": "anime", "bgm": True}}
    for headers in [{}, {"Content-Type": "application/json"}]:
        video = client.videos.create(
            model="viduq1",
            prompt="A paper boat",
            extra_body={**options, "aspect_ratio": "1:1"},
            extra_headers={**headers, "Prefer": "handling=strict"},
        )
        assert (video.object, video.seconds) == ("video", "5"), video


def test_a_dry_run_makes_nothing():
    before = ids()
    would = client.post(
        "/videos",
        body={"model": "viduq1", "prompt": "A paper boat"},
        cast_to=object,
        options={"params": {"dry_run": "true"}},
    )
    assert would, would
    assert ids() == before


def test_pages_follow_each_other():
    made = [client.videos.create(model="viduq1", prompt="One of five").id for _ in range(5)]
    page = client.videos.list(limit=2)
    pages = [page]
    while page.has_next_page() and len(pages) < 3:
        page = page.get_next_page()
        pages.append(page)
    listed = [video.id for page in pages for video in page.data]
    assert listed[:5] == made[::-1] and [len(page.data) for page in pages] == [2, 2, 2], listed

    by_itself = [video.id for video in client.videos.list(limit=2)]
    assert by_itself == ids() and by_itself[:5] == made[::-1], by_itself
    assert [video.id for video in client.videos.list(order="asc", limit=3)] == by_itself[::-1]


def test_errors_are_the_exceptions_of_their_kinds():
    create = lambda **asked: client.videos.create(**{"model": "viduq1", "prompt": "x"} | asked)
    error = fails(openai.BadRequestError, lambda: create(seconds="99"))
    assert (error.code, error.param) == ("invalid_parameter", "seconds"), error.body
    assert error.type == "invalid_request_error", error.body
    error = fails(openai.BadRequestError, lambda: create(model="sora-2"))
    assert (error.code, error.param) == ("unknown_model", "model"), error.body
    error = fails(openai.BadRequestError, lambda: create(prompt="a forbidden city"))
    assert error.code == "content_policy_violation", error.body
    error = fails(openai.BadRequestError, lambda: client.videos.remix("video_1", prompt="again"))
    assert error.code == "not_supported", error.body
    error = fails(openai.NotFoundError, lambda: client.videos.retrieve("video_nobody_s"))
    assert error.code == "task_not_found", error.body
    stranger = OpenAI(base_url=f"{address}/v1", api_key="sk-wrong")
    error = fails(openai.AuthenticationError, lambda: stranger.videos.list())
    assert error.code == "unknown_api_key", error.body


def test_a_video_that_fails_says_why():
    video = client.videos.create_and_poll(
        model="viduq1", prompt="an unlucky ship", poll_interval_ms=200
    )
    assert (video.status, video.error.code) == ("failed", "content_policy_violation"), video
    error = fails(openai.NotFoundError, lambda: client.videos.download_content(video.id))
    assert error.code == "video_failed", error.body


def test_a_video_that_is_not_finished_is_neither_downloaded_nor_deleted_but_cancelled():
    video = client.videos.create(model="viduq1", prompt="A paper boat")
    error = fails(openai.NotFoundError, lambda: client.videos.download_content(video.id))
    assert error.code == "video_not_ready", error.body
    assert fails(openai.ConflictError, lambda: client.videos.delete(video.id)).code
    cancelled = client.post(f"/videos/{video.id}/cancel", cast_to=Video)
    assert (cancelled.id, cancelled.status) == (video.id, "failed"), cancelled
    assert cancelled.error.code == "cancelled_at_vendor", cancelled

    steady = client.videos.create(model="kling-v3", prompt="A paper boat")
    cancel = lambda: client.post(f"/videos/{steady.id}/cancel", cast_to=Video)
    assert fails(openai.ConflictError, cancel).code == "cancel_unsupported"


def test_models_are_listed():
    models = {model.id for model in client.models.list()}
    assert {"kling-v3", "viduq1"} <= models, models
    assert client.models.retrieve("kling-v3").id == "kling-v3"


def test_a_retry_of_a_lost_answer_makes_nothing_new():
    before = ids()
    video = lossy.videos.create(model="viduq1", prompt="Its answer is lost")
    assert ids() == [video.id, *before]

    # Two are wanted, in the same words and at once.
    twins = lambda _: OpenAI(base_url=f"{lossy_address}/v1", api_key="sk-local").videos.create(
        model="viduq1", prompt="Two of a kind"
    )
    with ThreadPoolExecutor() as threads:
        pair = {video.id for video in threads.map(twins, range(2))}
    after = ids()
    assert len(pair) == 2 and set(after[:2]) == pair, (pair, after)
    assert after[2:] == [video.id, *before]


def test_the_service_says_when_to_ask_again():
    video = client.videos.create(model="viduq1", prompt="A paper boat")
    raw = client.videos.with_raw_response.retrieve(video.id)
    assert raw.headers["openai-poll-after-ms"].isdigit(), raw.headers


print(f"openai {openai.__version__} for Python")
for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(f"  {name.removeprefix('test_').replace('_', ' ')}", flush=True)
        test()
