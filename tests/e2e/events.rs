//! What happened to a task, as its owner is told it.

use std::time::Duration;

use local::Reply;
use serde_json::{Value, json};

use crate::gateway::{Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::{ScriptedVidu, state};

async fn events(client: &Client, id: &str) -> Value {
    let answer = send(client.request("GET", &format!("/v1/video/generations/{id}/events"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["task_id"], id);
    answer.body
}

/// What happened and by whose hand, in order.
fn told(events: &Value) -> Vec<String> {
    let events = events["events"].as_array().expect("events").iter();
    let word = |event: &Value, name: &str| event[name].as_str().expect("a word").to_owned();
    events.map(|event| format!("{} {}", word(event, "by"), word(event, "event"))).collect()
}

#[tokio::test]
async fn the_events_tell_all_that_happened_in_order() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, state("processing")));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    vidu.reply_to_polls(Reply::Json(200, json!({ "state": "failed", "err_code": "" })));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    let events = events(&gateway.client, &id).await;
    assert_eq!(
        told(&events),
        [
            "create created",
            "create accepted",
            "callback called_back",
            "callback processing",
            // Brought no progress, but called.
            "callback called_back",
            "callback called_back",
            "callback failed",
        ]
    );
    let times: Vec<_> =
        events["events"].as_array().unwrap().iter().map(|event| event["at"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn what_repeats_itself_is_told_once_with_a_number() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(503, json!({ "code": 503, "reason": "", "message": "x" })));
    for _ in 0..3 {
        assert_eq!(vidu.call_back(&json!({})).await, 503, "call again");
    }
    let events = events(&gateway.client, &id).await;
    let failed = &events["events"][2];
    assert_eq!(
        (&failed["event"], &failed["times"]),
        (&json!("poll_failed"), &json!(3)),
        "{events}"
    );
    assert_eq!(failed.get("detail"), None, "why, is for the operator");
}

#[tokio::test]
async fn a_forged_callback_is_for_the_operator_alone() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    let url = vidu.callback_url();
    let forged = gateway.client.http.post(url).body("{}").timeout(Duration::from_secs(30));
    assert_eq!(forged.send().await.unwrap().status(), 401);
    let stored = crate::store::tasks(&gateway).get(&id.parse().unwrap()).await.unwrap().unwrap();
    let last = stored.events.last().unwrap();
    assert_eq!(
        (last.kind.as_str(), last.detail.as_deref()),
        ("callback_refused", Some("unsigned"))
    );
    assert_eq!(told(&events(&gateway.client, &id).await), ["create created", "create accepted"]);
}

#[tokio::test]
async fn a_submission_in_doubt_says_so() {
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    let events = events(&gateway.client, &id).await;
    assert_eq!(told(&events), ["create created", "create unknown"]);
}

#[tokio::test]
async fn nobody_else_is_told() {
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&tide()).await;
    let neighbour = gateway.with_key("sk-neighbour", json!({})).await;
    let path = format!("/v1/video/generations/{id}/events");
    let answer = send(neighbour.request("GET", &path)).await;
    assert_error(&answer, 404, "task_not_found", Some("task_id"));
    let answer = send(gateway.client.request("POST", &path)).await;
    assert_error(&answer, 405, "method_not_allowed", None);
}
