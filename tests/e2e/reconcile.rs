//! What is due is done, whoever else is asleep.
//!
//! The reconciler of these tests has a clock of its own, so nobody waits.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use local::Reply;
use reconcile::Reconcile;
use serde_json::{Value, json};
use shared::runtime::Environment;

use crate::gateway::{Gateway, tide};
use crate::scripted_vidu::{ScriptedVidu, VENDOR_TASK, ViduCallback, state, success};

const VIDEO: &str = "https://videos.example/1.mp4";

/// A reconciler that stands so many seconds in the future.
pub(crate) struct Later {
    reconcile: Reconcile,
    seconds: AtomicI64,
}

impl Later {
    pub(crate) async fn of(gateway: &Gateway) -> Self {
        let variables = gateway.stack.variables("Reconcile").expect("it is in the template");
        let variable = |name: &str| variables.get(name).cloned();
        let reconcile = Reconcile::start(&Environment::new(&variable)).expect("it starts");
        Self { reconcile, seconds: AtomicI64::new(0) }
    }

    /// Lets time pass, and does everything that is due by then.
    pub(crate) async fn run_after(&self, seconds: i64) {
        let ahead = self.seconds.fetch_add(seconds, Ordering::Relaxed) + seconds;
        let now = Timestamp::now() + SignedDuration::from_secs(ahead);
        // The clock stands, so that what is set for later is not waited for.
        let stop = now + SignedDuration::from_millis(1);
        self.reconcile.run(&|| now, stop).await;
    }
}

#[tokio::test]
async fn a_task_of_which_nobody_calls_back_or_asks_ends_all_the_same() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    later.run_after(1).await;
    assert_eq!(vidu.polls(), 0, "not due yet");
    later.run_after(60).await;
    assert_eq!(vidu.polls(), 1, "still being made");
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    later.run_after(60).await;
    later.run_after(60).await;
    assert_eq!(vidu.polls(), 2, "an end is polled once");
    assert_eq!(gateway.client.task(&id).await.body["url"], VIDEO);
}

#[tokio::test]
async fn two_hundred_tasks_are_divided_between_two_reconcilers() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let (one, other) = (Later::of(&gateway).await, Later::of(&gateway).await);
    for _ in 0..50 {
        let mut body = tide();
        body["n"] = json!(4);
        assert_eq!(gateway.client.create(&body).await.status, 200);
    }
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    futures_util::future::join(one.run_after(60), other.run_after(60)).await;
    assert_eq!(vidu.polls(), 200, "each was polled once");
    let index = gateway.dynamodb().scan().table_name("Tasks").index_name("vendor_due").send().await;
    assert_eq!(index.expect("a scan").count(), 0, "no timer is left");
}

#[tokio::test]
async fn a_poll_without_answer_holds_up_nobody_whose_time_comes_meanwhile() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let (one, other) =
        (gateway.client.created(&tide()).await, gateway.client.created(&tide()).await);
    let start = Timestamp::now() + SignedDuration::from_secs(10);
    for (id, after) in [(&one, 0), (&other, 200)] {
        let due_at = (start + SignedDuration::from_millis(after)).as_millisecond();
        gateway
            .dynamodb()
            .update_item()
            .table_name("Tasks")
            .key("id", AttributeValue::S(id.clone()))
            .update_expression("SET vendor_due_at = :due_at, vendor_due_shard = :due_shard")
            .expression_attribute_values(":due_at", AttributeValue::N(due_at.to_string()))
            .expression_attribute_values(":due_shard", AttributeValue::S("vidu/0".to_owned()))
            .send()
            .await
            .expect("a timer");
    }
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    // The first one hears nothing before the second one is asked for.
    vidu.hold_polls(2);
    let began = Instant::now();
    let clock = || start + SignedDuration::try_from(began.elapsed()).expect("a short time");
    later.reconcile.run(&clock, start + SignedDuration::from_secs(9)).await;
    for id in [one, other] {
        assert_eq!(gateway.client.task(&id).await.body["status"], "succeeded");
    }
    assert_eq!(vidu.polls(), 2, "each was polled once");
}

#[tokio::test]
async fn a_vendor_that_is_down_delays_and_loses_nothing() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    for reply in [
        Reply::Page(502),
        Reply::HangUp,
        Reply::Json(429, json!({ "reason": "TooManyRequests" })),
        Reply::Json(401, json!({ "reason": "Unauthorized" })),
        Reply::Json(200, state("polishing")),
    ] {
        vidu.reply_to_polls(reply);
        later.run_after(3600).await;
        let status = gateway.client.task(&id).await.body["status"].clone();
        assert!(["queued", "processing"].contains(&status.as_str().unwrap()), "{status}");
    }
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    later.run_after(3600).await;
    assert_eq!(gateway.client.task(&id).await.body["status"], "succeeded");
}

#[tokio::test]
async fn a_vendor_must_say_three_times_that_it_does_not_know_a_task() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    let unknown = Reply::Json(404, json!({ "code": 404, "reason": "TaskNotFound" }));
    let polls = [
        unknown.clone(),
        unknown.clone(),
        Reply::Json(200, state("processing")),
        unknown.clone(),
        unknown.clone(),
    ];
    for reply in polls {
        vidu.reply_to_polls(reply);
        later.run_after(1200).await;
        assert_ne!(gateway.client.task(&id).await.body["status"], "failed");
    }
    vidu.reply_to_polls(unknown);
    later.run_after(1200).await;
    let task = gateway.client.task(&id).await.body;
    assert_eq!(
        (&task["status"], &task["error"]["code"]),
        (&json!("failed"), &json!("vendor_lost_task"))
    );
}

/// Of a vendor's servers one may be behind the others, and another may not have the task yet.
#[tokio::test]
async fn a_vendor_that_has_the_task_in_between_does_not_lose_it() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    later.run_after(60).await;
    assert_eq!(gateway.client.task(&id).await.body["status"], "processing");
    let unknown = Reply::Json(404, json!({ "code": 404, "reason": "TaskNotFound" }));
    for _ in 0..4 {
        for reply in [unknown.clone(), Reply::Json(200, state("created"))] {
            vidu.reply_to_polls(reply);
            later.run_after(1200).await;
        }
    }
    vidu.reply_to_polls(unknown);
    later.run_after(1200).await;
    assert_eq!(gateway.client.task(&id).await.body["status"], "processing");
}

#[tokio::test]
async fn a_task_without_end_is_given_up_after_one_last_poll() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let endless = gateway.client.created(&tide()).await;
    later.run_after(51 * 3600).await;
    let task = gateway.client.task(&endless).await.body;
    assert_eq!(task["error"]["code"], "deadline_exceeded", "{task}");
    assert_eq!(task["error"]["charged"], "unknown");

    let late = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    later.run_after(51 * 3600).await;
    assert_eq!(
        gateway.client.task(&late).await.body["status"],
        "succeeded",
        "the last poll counts"
    );
}

#[tokio::test]
async fn a_lost_submission_is_found_in_the_vendors_list_and_not_made_again() {
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(
        200,
        json!({ "tasks": [
        { "id": "1", "payload": "somebody else's", "state": "processing" },
        { "id": VENDOR_TASK, "payload": id, "state": "processing" },
    ] }),
    ));
    later.run_after(60).await;
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    later.run_after(60).await;
    assert_eq!(gateway.client.task(&id).await.body["status"], "succeeded");
    assert_eq!(vidu.submissions().len(), 1);
}

#[tokio::test]
async fn a_lost_submission_is_found_by_the_callback_that_names_it() {
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    let note = json!({ "model": "viduq1", "prompt": "x", "metadata": { "payload": "order 17" } });
    let id = gateway.client.created(&note).await;
    let with_note = |note: &str| {
        let mut video: Value = success(VIDEO);
        video["payload"] = note.into();
        video
    };
    // Somebody else's task is not ours, whoever says so. The client's note proves nothing.
    vidu.reply_to_polls(Reply::Json(200, with_note("order 17")));
    let callback = ViduCallback::good(&vidu.callback_url());
    let named = json!({ "id": VENDOR_TASK, "state": "success" });
    assert_eq!(callback.send(&named).await, 503);
    vidu.reply_to_polls(Reply::Json(200, with_note(&id)));
    assert_eq!(callback.send(&named).await, 200);
    assert_eq!(gateway.client.task(&id).await.body["url"], VIDEO);
    assert_eq!(vidu.submissions().len(), 1);
}
