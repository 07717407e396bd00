"""What LiteLLM's client does with videos.

Usage: litellm_python.py ADDRESS. Lost answers are not for it: it sends nothing again, and no
number of the try.
"""
import importlib.metadata
import os
import pathlib
import sys
import tempfile
import time

# Prices that it would fetch, and hints that it would print.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

litellm.suppress_debug_info = True
there = {"api_base": f"{sys.argv[1]}/v1", "api_key": "sk-local"}
listed_there = there | {"custom_llm_provider": "openai"}


def create(model, **asked):
    return litellm.video_generation(model=f"openai/{model}", **there, **asked)


def poll(video):
    """LiteLLM has no helper that polls, and refuses what is not exactly OpenAI's Video."""
    while True:
        video = litellm.video_status(video_id=video.id, **there)
        if video.status not in ("queued", "in_progress"):
            return video
        time.sleep(0.2)


def fails(kind, call):
    try:
        call()
    except Exception as error:
        assert type(error) is kind, repr(error)
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_text_becomes_a_video_that_can_be_downloaded():
    video = create("kling-v3", prompt="A calm sea", seconds="5", size="1280x720")
    done = poll(video)
    assert (done.status, done.progress, done.error) == ("completed", 100, None), done
    assert (done.seconds, done.size) == ("5", "1280x720"), done
    content = litellm.video_content(video_id=video.id, **there)
    assert content[4:8] == b"ftyp", content[:16]


def test_an_image_is_a_file_or_an_address():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "first.png"
        file.write_bytes(b"\x89PNG\r\n\x1a\n0000")
        with file.open("rb") as image:
            create("viduq2-turbo", prompt="She turns", input_reference=image)
    create("viduq2-turbo", prompt="She turns", input_reference="https://images.example/first.png")


def test_options_are_flat_or_under_a_name_that_litellm_leaves_alone():
    create("viduq1", prompt="A paper boat", extra_body={"seed": 7, "style": "anime"})
    create("viduq1", prompt="A paper boat", extra_body={"options": {"style": "anime"}})


def test_a_video_that_fails_says_why():
    video = poll(create("viduq1", prompt="an unlucky ship"))
    assert (video.status, video.error["code"]) == ("failed", "content_policy_violation"), video


def test_pages_follow_each_other():
    listed, after = [], None
    for _ in range(3):
        page = litellm.video_list(limit=2, after=after, **listed_there)
        listed += [video["id"] for video in page["data"]]
        after = page["last_id"]
    assert len(set(listed)) == 6, listed


def test_errors_are_the_exceptions_of_their_kinds():
    error = fails(litellm.BadRequestError, lambda: create("viduq1", prompt="x", seconds="99"))
    assert "seconds" in str(error), error
    stranger = there | {"api_key": "sk-wrong"}
    fails(
        litellm.AuthenticationError,
        lambda: litellm.video_generation(model="openai/viduq1", prompt="x", **stranger),
    )


print(f"litellm {importlib.metadata.version('litellm')}")
for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(f"  {name.removeprefix('test_').replace('_', ' ')}", flush=True)
        test()
