//! The simulator over its socket, as the gateway meets it.

mod misbehaviour;

use super::callback::signature;
use super::*;
use crate::clock::Clock;
use crate::simulators::http_client;
use crate::simulators::replay::{Before, Exchange, Exchanges, fixture, grow_old, id_of};
use crate::simulators::testing::{
    FOR_EVER, TestFile, header, json_of, marked, memory, receiver, send,
};
use crate::{Receiver, Reply};

const KEY: &str = "vda_test_0001";

/// Fixtures that this simulator cannot be brought to answer.
const LEFT_OUT: [(&str, &str); 12] = [
    ("create_error_audit_illegal", "images are not audited"),
    ("create_error_canceled", "nobody cancels a request"),
    ("create_error_credit_insufficient", "credits are not counted"),
    ("create_error_forbidden", "the one key may do everything"),
    ("create_error_internal", "nothing breaks inside"),
    ("create_error_operation_in_process", "operations do not exclude each other"),
    ("create_error_quota_exceeded", "concurrency is not limited"),
    ("create_error_system_throttling", "being busy has one word"),
    ("query_failed_cancelled", "a test of its own cancels first"),
    ("query_failed_image_download", "images are not fetched"),
    ("query_failed_input_audit", "images are not audited"),
    ("query_failed_internal", "nothing breaks inside"),
];

/// Members whose values are this simulator's own. Prices are not Vidu's.
const FREE: [&str; 10] = [
    "id",
    "task_id",
    "trace_id",
    "created_at",
    "seed",
    "credits",
    "message",
    "url",
    "cover_url",
    "watermarked_url",
];

/// Brings about what a fixture tells of: the request, and the task that it is about.
fn bring_about(name: &str, mut exchange: Exchange) -> (Exchange, Option<Before>) {
    let task = |prompt: &str, age| {
        (exchange.clone(), Some(Before("create_ok_text2video", prompt.to_owned(), age)))
    };
    match name {
        "create_error_bad_request" => {
            exchange.request["body"] = json!([]);
            (exchange, None)
        }
        "create_error_field_lacking" => (exchange.with(json!({ "prompt": null })), None),
        "create_error_prompt_policy" => (exchange.with_prompt("forbidden"), None),
        "create_error_too_many_requests" => (exchange.with_prompt(&marked("x", "busy")), None),
        "query_created" | "cancel_ok" => task("rain", 0),
        "query_queueing" => task("rain", 30),
        "query_processing" | "cancel_refused" => task("rain", 60),
        "query_success" => task("rain", 100),
        "query_failed_moderation" => task("unlucky", 100),
        _ => (exchange, None),
    }
}

#[tokio::test]
async fn requests_of_the_fixtures_are_answered_as_vidu_answers_them() {
    let exchanges = Exchanges::of("vidu");
    for (name, exchange) in exchanges.except(&LEFT_OUT) {
        let ledger = memory();
        let vidu = vidu(FOR_EVER, ledger.clone()).await;
        let (mut exchange, before) = bring_about(name, exchange);
        if let Some(Before(created, prompt, age)) = before {
            let created = exchanges.get(created);
            let (_, answer) = replay(&vidu, &created.clone().with_prompt(&prompt), KEY).await;
            grow_old(&ledger, NAME, id_of(&answer), age);
            exchange = exchange.about(created, id_of(&answer));
        }
        let key = if name == "create_error_unauthorized" { "vda_other" } else { KEY };
        exchanges.check(name, &replay(&vidu, &exchange, key).await, &FREE);
    }
}

async fn replay(vidu: &Vidu, exchange: &Exchange, key: &str) -> (u16, Value) {
    let address = format!("{}{}", vidu.base_url(), exchange.path());
    let request = http_client()
        .request(exchange.method().parse().unwrap(), address)
        .header("authorization", format!("Token {key}"))
        .header("content-type", "application/json")
        .body(exchange.body());
    send(request).await
}

#[tokio::test]
async fn a_task_is_stopped_until_it_is_being_worked_on() {
    let ledger = memory();
    let vidu = vidu(FOR_EVER, ledger.clone()).await;
    let id = create_text(&vidu, json!({})).await;
    let path = |id: &str| format!("/ent/v2/tasks/{id}/cancel");
    for (named, body, reason) in [
        (id.as_str(), json!([]), "BadRequest"),
        (&id, json!({}), "FieldLacking"),
        (&id, json!({ "id": 7 }), "FieldInvalid"),
        (&id, json!({ "id": "8" }), "FieldInvalid"),
        (&id, json!({ "id": id, "force": true }), "FieldUnwanted"),
        ("8", json!({ "id": "8" }), "TaskNotFound"),
    ] {
        let (_, refused) = post_to(&vidu, &path(named), body.clone()).await;
        assert_eq!(refused["reason"], reason, "{body}");
    }
    let cancel = async || post_to(&vidu, &path(&id), json!({ "id": id })).await;
    assert_eq!(cancel().await, (200, json!({})));
    assert_eq!((cancel().await.0, cancel().await.1["reason"].clone()), (400, json!("BadRequest")));

    let (status, queried) = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    let expected = &fixture("vidu", "query_failed_cancelled")["response"]["body"];
    assert_eq!(status, 200);
    for member in ["state", "err_code", "credits", "creations"] {
        assert_eq!(queried[member], expected[member], "{member}");
    }
    assert_eq!(vidu.records().unwrap()[0].tasks[0].succeeded, Some(false));

    let busy = create_text(&vidu, json!({})).await;
    grow_old(&ledger, NAME, &busy, 60);
    let (status, refused) = post_to(&vidu, &path(&busy), json!({ "id": busy })).await;
    assert_eq!((status, &refused["reason"]), (400, &json!("BadRequest")));
    let (_, queried) = get_from(&vidu, &format!("/ent/v2/tasks/{busy}/creations")).await;
    assert_eq!(queried["state"], "processing", "it goes on");
}

#[tokio::test]
async fn a_video_is_played_whole_and_in_part() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let id = create_text(&vidu, json!({})).await;
    let (_, queried) = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    let url = queried["creations"][0]["url"].as_str().unwrap();
    let whole = http_client().get(url).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "video/mp4");
    assert_eq!(whole.bytes().await.unwrap(), sample::SAMPLE);
    let part = http_client().get(url).header("range", "bytes=4-7").send().await;
    let part = part.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "ftyp");
    let head = http_client().head(url).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], sample::SAMPLE.len().to_string());
}

#[tokio::test]
async fn callbacks_are_signed_and_say_what_the_query_says() {
    let mut receiver = receiver(&[]).await;
    let vidu = vidu(Duration::from_millis(20), memory()).await;
    let address = format!("{}/callback?name=james&age=36", receiver.url());
    let id = create_text(&vidu, json!({"callback_url": address, "prompt": "unlucky"})).await;

    let processing = receiver.called().await;
    assert_eq!(json_of(&processing)["state"], "processing");
    assert_eq!(json_of(&processing)["id"], id);
    let failed = receiver.called().await;
    assert_eq!(json_of(&failed)["state"], "failed");
    assert_eq!(json_of(&failed)["err_code"], "CreationPolicyViolation");
    let queried = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    assert_eq!(queried, (200, json_of(&failed)));

    for callback in [&processing, &failed] {
        let header = |name| header(callback, name);
        let signed = [("Date", header("date")), ("x-request-nonce", header("x-request-nonce"))];
        let expected = signature(KEY, &address.parse().unwrap(), header("date"), &signed);
        assert_eq!(header("x-hmac-signature"), expected);
        assert_eq!(header("x-hmac-signed-headers"), "Date;x-request-nonce");
        assert_eq!(header("x-hmac-algorithm"), "hmac-sha256");
        assert_eq!(header("x-hmac-access-key"), "vidu");
    }
    let nonce = |callback| header(callback, "x-request-nonce").to_owned();
    assert_ne!(nonce(&processing), nonce(&failed));
}

/// A second task shows that nothing follows the last attempt: its own callbacks come instead.
#[tokio::test]
async fn the_end_is_called_back_three_times_when_it_is_refused_and_processing_once() {
    let mut receiver = receiver(&[500, 302, 404, 503]).await;
    let ledger = memory();
    let vidu = vidu(Duration::from_millis(20), ledger.clone()).await;
    let callback = json!({"callback_url": receiver.url()});

    let first = create_text(&vidu, callback.clone()).await;
    let mut states = Vec::new();
    for _ in 0..4 {
        states.push(next_state(&mut receiver, &first).await);
    }
    assert_eq!(states, ["processing", "success", "success", "success"]);

    let second = create_text(&vidu, callback).await;
    assert_eq!(next_state(&mut receiver, &second).await, "processing");
    assert_eq!(next_state(&mut receiver, &second).await, "success");
    let made_after_a_restart = || Caller::new(NAME, &ledger, Clock::Machine).unwrap().1.len();
    while made_after_a_restart() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let mut receiver = receiver(&[]).await;

    let before = vidu(Duration::from_millis(400), open()).await;
    let finished = create_text(&before, json!({})).await;
    let called_back = create_text(&before, json!({"callback_url": receiver.url()})).await;
    drop(before);

    let after = vidu(FOR_EVER, open()).await;
    assert_eq!(next_state(&mut receiver, &called_back).await, "processing");
    assert_eq!(next_state(&mut receiver, &called_back).await, "success");
    for id in [finished, called_back] {
        let (_, queried) = get_from(&after, &format!("/ent/v2/tasks/{id}/creations")).await;
        assert_eq!(queried["state"], "success");
        let url = queried["creations"][0]["url"].as_str().unwrap();
        assert_eq!(http_client().get(url).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_dropped_vidu_serves_nobody_any_more() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let address = format!("{}/ent/v2/tasks", vidu.base_url());
    let client = http_client();
    assert!(client.get(&address).send().await.is_ok());
    drop(vidu);
    // The connection above may have been kept; it is closed, and there is no other.
    while client.get(&address).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// No fixture has a list: what it tells of a task is what a query tells.
#[tokio::test]
async fn a_list_has_the_tasks_of_a_time_page_by_page_newest_first() {
    let vidu = vidu(FOR_EVER, memory()).await;
    let first = create_text(&vidu, json!({"payload": "1"})).await;
    let between = Timestamp::now();
    let second = create_text(&vidu, json!({"payload": "2"})).await;
    let third = create_text(&vidu, json!({"payload": "3"})).await;
    let listed = async |query: &str| {
        let (status, list) = get_from(&vidu, &format!("/ent/v2/tasks?{query}")).await;
        assert_eq!(status, 200, "{query}: {list}");
        let tasks = list["tasks"].as_array().unwrap().iter();
        let ids: Vec<_> = tasks.map(|task| task["id"].as_str().unwrap().to_owned()).collect();
        (ids, list["next_page_token"].as_str().unwrap().to_owned())
    };
    let rows = [
        (String::new(), vec![&third, &second, &first], "all"),
        (format!("created_at.from={between}"), vec![&third, &second], "from"),
        (format!("created_at.to={between}"), vec![&first], "to"),
    ];
    for (query, expected, reason) in rows {
        let (ids, next) = listed(&query).await;
        assert_eq!((ids.iter().collect(), next), (expected, String::new()), "{reason}");
    }
    let (ids, next) = listed("pager.pagesz=2").await;
    assert_eq!((ids, &next), (vec![third, second.clone()], &second));
    create_text(&vidu, json!({"payload": "4"})).await;
    let query = format!("pager.pagesz=2&pager.page_token={next}");
    assert_eq!(listed(&query).await, (vec![first.clone()], String::new()));

    let (_, mut queried) = get_from(&vidu, &format!("/ent/v2/tasks/{first}/creations")).await;
    let (_, list) = get_from(&vidu, &format!("/ent/v2/tasks?created_at.to={between}")).await;
    queried["created_at"] = list["tasks"][0]["created_at"].clone();
    assert!(queried["created_at"].is_string());
    assert_eq!(list["tasks"], json!([queried]));
}

#[tokio::test]
async fn a_script_answers_in_the_place_of_vidu_and_writes_down_what_is_asked() {
    let script = Arc::new(Script::default());
    let (api_key, ledger) = (KEY.to_owned(), memory());
    let settings = Settings {
        api_key,
        pace: FOR_EVER,
        ledger,
        clock: Clock::Machine,
        script: Some(script.clone()),
    };
    let vidu = start(settings).await.unwrap();
    let body = json!({"model": "viduq1", "prompt": "rain"});
    script.reply_to_submissions([Reply::Json(418, json!({"reason": "Teapot"}))]);
    let answer = post_to(&vidu, "/ent/v2/text2video", body.clone()).await;
    assert_eq!(answer, (418, json!({"reason": "Teapot"})));
    let id = create_text(&vidu, json!({})).await;
    assert_eq!(script.submissions(), [body.clone(), body]);

    let path = format!("/ent/v2/tasks/{id}/creations");
    assert_eq!(get_from(&vidu, &path).await.1["state"], "created");
    script.reply_to_polls(Reply::Json(200, json!({"state": "polishing"})));
    let polled = get_from(&vidu, &path).await;
    assert_eq!(polled, (200, json!({"id": id, "state": "polishing"})));
    assert_eq!(script.polls(), 2);

    vidu.exchange_key("vda_new");
    assert_eq!(get_from(&vidu, &path).await.0, 401);
    assert_eq!((vidu.unauthorized(), script.polls()), (1, 2));
}

async fn vidu(pace: Duration, ledger: Ledger) -> Vidu {
    let api_key = KEY.to_owned();
    start(Settings { api_key, pace, ledger, clock: Clock::Machine, script: None }).await.unwrap()
}

async fn create_text(vidu: &Vidu, more: Value) -> String {
    let mut body = json!({"model": "viduq1", "prompt": "rain"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let (status, created) = post_to(vidu, "/ent/v2/text2video", body).await;
    assert_eq!(status, 200, "{created}");
    created["task_id"].as_str().unwrap().to_owned()
}

async fn post_to(vidu: &Vidu, path: &str, body: Value) -> (u16, Value) {
    let request = http_client()
        .post(format!("{}{path}", vidu.base_url()))
        .header("authorization", format!("Token {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string());
    send(request).await
}

async fn get_from(vidu: &Vidu, path: &str) -> (u16, Value) {
    let request = http_client()
        .get(format!("{}{path}", vidu.base_url()))
        .header("authorization", format!("Token {KEY}"));
    send(request).await
}

async fn next_state(receiver: &mut Receiver, id: &str) -> String {
    let callback = json_of(&receiver.called().await);
    assert_eq!(callback["id"], id);
    callback["state"].as_str().unwrap().to_owned()
}
