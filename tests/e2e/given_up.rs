//! Tasks that we ended ourselves, and vendors that know better afterwards.

use local::{Options, Receiver, Reply};
use serde_json::{Value, json};
use shared::task::{EventKind, Status};

use crate::gateway::{Gateway, tide};
use crate::lines;
use crate::reconcile::Later;
use crate::scripted_vidu::{ScriptedVidu, VENDOR_TASK, ViduCallback, success};
use crate::store::tasks;

const VIDEO: &str = "https://videos.example/1.mp4";

/// A list that was read well and does not show the task.
fn empty_list() -> Reply {
    Reply::Json(200, json!({ "tasks": [], "next_page_token": "" }))
}

async fn end_of(gateway: &Gateway, id: &str) -> Value {
    gateway.client.task(id).await.body["error"].clone()
}

#[tokio::test]
async fn a_submission_that_no_list_shows_is_given_up_after_twenty_minutes_of_them() {
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    // Longer than the longest pause between two searches.
    for list in [empty_list(), empty_list(), Reply::Page(502)] {
        vidu.reply_to_polls(list);
        later.run_after(12 * 60).await;
    }
    vidu.reply_to_polls(empty_list());
    for _ in 0..2 {
        later.run_after(12 * 60).await;
        assert_eq!(end_of(&gateway, &id).await, Value::Null, "the row began anew");
    }
    later.run_after(12 * 60).await;
    let end = end_of(&gateway, &id).await;
    assert_eq!(
        (&end["code"], &end["charged"], &end["retryable"]),
        (&json!("submission_unknown"), &json!("unknown"), &json!(false))
    );
    assert_eq!(vidu.submissions().len(), 1);
}

#[tokio::test]
async fn a_callback_for_a_task_that_was_given_up_is_told_its_operator() {
    lines::install();
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(empty_list());
    for _ in 0..4 {
        later.run_after(12 * 60).await;
    }
    let end = end_of(&gateway, &id).await;
    assert_eq!(end["code"], "submission_unknown");

    let mut video = success(VIDEO);
    video["payload"] = id.clone().into();
    video["id"] = VENDOR_TASK.into();
    vidu.reply_to_polls(Reply::Json(200, video));
    let callback = ViduCallback::good(&vidu.callback_url());
    assert_eq!(callback.send(&json!({ "id": VENDOR_TASK, "state": "success" })).await, 200);

    assert_eq!(end_of(&gateway, &id).await, end, "final is final");
    let task = tasks(&gateway).get(&id.parse().unwrap()).await.unwrap().expect("a task");
    assert_eq!(task.vendor_task_id.as_deref(), Some(VENDOR_TASK), "an id is not lost");
    let event = task.events.last().expect("an event");
    assert_eq!(
        (event.kind, event.detail.as_deref()),
        (EventKind::Contradicted, Some("succeeded")),
        "the operator reads what the vendor says"
    );
    let told = &lines::about(&id)["a vendor has a task that was given up"][0];
    assert_eq!(told["ContradictedEnds"], 1);
    for (member, value) in [
        ("given_up", "submission_unknown"),
        ("vendor_task_id", VENDOR_TASK),
        ("vendor_status", "succeeded"),
        ("url", VIDEO),
    ] {
        assert_eq!(told[member], value);
    }
    let events = gateway
        .client
        .request("GET", &format!("/v1/video/generations/{id}/events"))
        .send()
        .await
        .expect("an answer");
    let events = events.text().await.expect("a body");
    assert!(!events.contains("contradicted"), "it is not the client's to read: {events}");
}

/// Kling that has the first submission, hides it for a while, and refuses the second.
#[tokio::test]
async fn a_refusal_of_what_was_sent_again_says_nothing_about_the_first() {
    let replies = [
        Reply::HangUp,
        Reply::Json(404, json!({ "code": 1201, "message": "Task not found by external id" })),
        Reply::Json(
            429,
            json!({ "code": 1303, "message": "parallel task over resource pack limit" }),
        ),
    ];
    let kling = Receiver::replying(replies).await.expect("a free port");
    let accounts = json!({ "kling": { "api_key": "k", "base_url": kling.url() } }).to_string();
    let gateway =
        Gateway::with(Options { accounts, starts_functions: false, ..Options::default() }).await;
    let later = Later::of(&gateway).await;
    let body = json!({ "model": "kling-v2-master", "prompt": "the tide comes in" });
    let id = gateway.client.created(&body).await;
    later.run_after(60).await;
    let stored = async || tasks(&gateway).get(&id.parse().unwrap()).await.unwrap().expect("it");
    let task = stored().await;
    let kinds: Vec<_> = task.events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [EventKind::Created, EventKind::Unknown, EventKind::Repeated, EventKind::RepeatRefused]
    );
    assert_eq!((task.status, task.repeat), (Status::Queued, None), "and nothing is sent again");

    let found = json!({ "code": 0, "data": {
        "task_id": "77", "task_status": "processing", "task_info": { "external_task_id": id },
    } });
    kling.reply_next(Reply::Json(200, found));
    later.run_after(60).await;
    assert_eq!(stored().await.vendor_task_id.as_deref(), Some("77"));
}

/// A vendor that calls back has the task, whatever stood between us when it was submitted.
#[tokio::test]
async fn a_callback_for_a_task_that_was_refused_is_told_its_operator() {
    lines::install();
    let vidu = ScriptedVidu::replying([Reply::Page(429)]).await;
    let gateway = Gateway::calling(&vidu).await;
    let refused = gateway.client.create(&tide()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]["charged"]), (429, &json!("no")));
    let callback = ViduCallback::good(&vidu.callback_url());
    assert_eq!(callback.send(&json!({ "id": VENDOR_TASK, "state": "success" })).await, 200);
    let id = vidu.submissions()[0]["payload"].as_str().expect("our id").to_owned();
    let told = &lines::about(&id)["a vendor has a task that was given up"][0];
    assert_eq!(told["given_up"], "vendor_rate_limited");
}

/// The operator has put another account into the secret meanwhile.
#[tokio::test]
async fn an_account_that_was_not_asked_proves_nothing_by_not_knowing_a_task() {
    let account = |url: &str| json!({ "kling": { "api_key": "k", "base_url": url } }).to_string();
    let asked = Receiver::replying([Reply::HangUp]).await.expect("a free port");
    let options =
        Options { accounts: account(asked.url()), starts_functions: false, ..Options::default() };
    let gateway = Gateway::with(options).await;
    let body = json!({ "model": "kling-v2-master", "prompt": "the tide comes in" });
    let id = gateway.client.created(&body).await;

    let absent = json!({ "code": 1201, "message": "Task not found by external id" });
    let other = Receiver::always_replying(Reply::Json(404, absent)).await;
    let mut other = other.expect("a free port");
    gateway.stack.put_secret("Accounts", account(other.url()));
    let later = Later::of(&gateway).await;
    for minutes in [1, 1, 2, 12, 12] {
        later.run_after(minutes * 60).await;
        assert_eq!(other.called().await.method(), "GET", "it is sent nothing");
    }
    assert!(other.is_left_alone());
    let task = tasks(&gateway).get(&id.parse().unwrap()).await.unwrap().expect("a task");
    assert_eq!((task.status, task.missing), (Status::Queued, None));
    assert_eq!(task.repeat, None, "what was sent is forgotten when it is too late to send it");
}
