//! A vendor's link dies long before its video is forgotten: whoever comes late gets a new one.

use jiff::{SignedDuration, Timestamp};
use local::Reply;
use serde_json::json;

use crate::gateway::{Gateway, text, tide};
use crate::reconcile::Later;
use crate::scripted_vidu::{ScriptedVidu, ViduCallback, success};
use crate::webhook_receiver::WebhookReceiver;
use crate::webhooks::{tried, with_webhook};

const OLD: &str = "https://videos.example/old.mp4";
const NEW: &str = "https://videos.example/new.mp4";

/// Lets the link of a task die so many minutes from now, which was polled long ago.
async fn let_link_die(gateway: &Gateway, id: &str, minutes: i64) {
    let dies_at = Timestamp::now() + SignedDuration::from_mins(minutes);
    let polled_at = Timestamp::now() - SignedDuration::from_mins(5);
    let polled_at = polled_at.as_millisecond().to_string();
    let update = gateway.dynamodb().update_item().table_name("Tasks").key("id", text(id));
    update
        .update_expression("SET url_expires_at = :dies_at, polled_at = :polled_at")
        .expression_attribute_values(":dies_at", text(&dies_at.to_string()))
        .expression_attribute_values(
            ":polled_at",
            aws_sdk_dynamodb::types::AttributeValue::N(polled_at),
        )
        .send()
        .await
        .expect("stored");
}

/// A task whose vendor called back that it has the video.
async fn succeeded(gateway: &Gateway, vidu: &ScriptedVidu, body: &serde_json::Value) -> String {
    let id = gateway.client.created(body).await;
    vidu.reply_to_polls(Reply::Json(200, success(OLD)));
    let callback = ViduCallback::good(&vidu.callback_url());
    assert_eq!(callback.send(&json!({ "state": "success" })).await, 200);
    id
}

#[tokio::test]
async fn who_asks_after_the_link_has_died_gets_a_new_one() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = succeeded(&gateway, &vidu, &tide()).await;
    assert_eq!(gateway.client.task(&id).await.body["url"], OLD);
    let polls = vidu.polls();

    let_link_die(&gateway, &id, 30).await;
    assert_eq!(gateway.client.task(&id).await.body["url"], OLD);
    assert_eq!(vidu.polls(), polls, "a link that lives is not asked for");

    let_link_die(&gateway, &id, -30).await;
    assert_eq!(gateway.client.task(&id).await.body["url"], OLD, "the vendor has no other");
    let before = gateway.client.task(&id).await.body;
    assert_eq!(vidu.polls(), polls + 1, "and is not asked again at once");

    vidu.reply_to_polls(Reply::Json(200, success(NEW)));
    let_link_die(&gateway, &id, 1).await;
    let after = gateway.client.task(&id).await.body;
    assert_eq!((&after["url"], &after["status"]), (&json!(NEW), &json!("succeeded")));
    let dies_at: Timestamp = after["expires_at"].as_str().expect("a time").parse().expect("a time");
    assert!(dies_at > Timestamp::now() + SignedDuration::from_mins(30), "{after}");
    assert_eq!(gateway.client.task(&id).await.body, after, "it is stored");
    for kept in ["created_at", "model", "metadata"] {
        assert_eq!(after[kept], before[kept]);
    }
}

#[tokio::test]
async fn a_vendor_that_says_something_else_of_an_ended_task_changes_nothing() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = succeeded(&gateway, &vidu, &tide()).await;
    let failed = json!({ "state": "failed", "err_code": "CreditInsufficient", "creations": [] });
    let gone = json!({ "code": 404, "reason": "TaskNotFound" });
    for reply in [Reply::Json(200, failed), Reply::Json(404, gone), Reply::Page(502)] {
        vidu.reply_to_polls(reply);
        let_link_die(&gateway, &id, -30).await;
        let task = gateway.client.task(&id).await.body;
        assert_eq!((&task["status"], &task["url"]), (&json!("succeeded"), &json!(OLD)));
        assert_eq!(task["error"], json!(null));
    }
}

#[tokio::test]
async fn a_webhook_that_is_tried_again_brings_a_link_that_lives() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let mut receiver = WebhookReceiver::replying([Reply::Status(500)]).await;
    let id = succeeded(&gateway, &vidu, &with_webhook(&receiver.url)).await;
    let first = receiver.called().await;
    assert_eq!(first.body()["data"]["url"], OLD);
    tried(&gateway, &id, 1).await;

    vidu.reply_to_polls(Reply::Json(200, success(NEW)));
    let_link_die(&gateway, &id, -30).await;
    let later = Later::of(&gateway).await;
    later.run_after(60).await;
    let again = receiver.called().await;
    assert_eq!(again.body()["data"]["url"], NEW);
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body()["timestamp"], first.body()["timestamp"], "the end was when it was");
}
