//! A client deletes a task: only one that has ended, once or twice, and nothing brings it back.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use local::Reply;
use serde_json::json;
use shared::store::Tasks;
use shared::task::{
    Actor, Change, Charged, Code, Delivery, ErrorBody, EventKind, Figures, Progress, Status, Task,
};
use tokio::sync::oneshot;

use crate::between::{Between, Call, Fault, serve};
use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::ScriptedVidu;
use crate::store::{task, tasks};
use crate::webhook_receiver::WebhookReceiver;
use crate::webhooks::with_webhook;

async fn delete(client: &Client, path: &str) -> Answer {
    send(client.request("DELETE", path)).await
}

fn generation(id: &str) -> String {
    format!("/v1/video/generations/{id}")
}

/// The items of the table of tasks that are of this task, also what stays when it is gone.
async fn items_of(gateway: &Gateway, id: &str) -> Vec<String> {
    let items = gateway.dynamodb().scan().table_name("Tasks").send().await.expect("items");
    let ids = items.items().iter().map(|item| item["id"].as_s().expect("text").clone());
    ids.filter(|item| item.contains(id)).collect()
}

#[tokio::test]
async fn a_task_that_has_ended_is_deleted_and_a_second_time_is_no_error() {
    let gateway = Gateway::start().await;
    let other = gateway.with_key("sk-other", json!({})).await;
    let id = gateway.client.created(&tide()).await;
    gateway.client.wait_for(&id, "succeeded").await;
    let video = format!("video_{id}");

    let path = generation(&id);
    assert_error(&delete(&other, &path).await, 404, "task_not_found", Some("task_id"));
    assert_eq!(gateway.client.task(&id).await.status, 200, "it is still there");
    for path in [path.clone(), path.clone(), generation(&video)] {
        let deleted = delete(&gateway.client, &path).await;
        assert_eq!(deleted.status, 200, "{deleted:?}");
        assert_eq!(deleted.body, json!({ "task_id": id, "deleted": true }));
    }
    for id in [&id, &video] {
        let deleted = delete(&gateway.client, &format!("/v1/videos/{id}")).await;
        let body = json!({ "id": video, "object": "video.deleted", "deleted": true });
        assert_eq!((deleted.status.as_u16(), deleted.body), (200, body));
    }
    assert_error(&delete(&other, &path).await, 404, "task_not_found", Some("task_id"));

    for path in [path.clone(), format!("{path}/events")] {
        let answer = send(gateway.client.request("GET", &path)).await;
        assert_error(&answer, 404, "task_not_found", Some("task_id"));
    }
    let list = send(gateway.client.request("GET", "/v1/video/generations")).await;
    assert_eq!(list.body["data"], json!([]), "a tombstone is no task");
    assert_eq!(items_of(&gateway, &id).await, [format!("deleted/local/{id}")]);
    let usage = crate::usage::sum(&gateway, "local").await;
    assert_eq!(usage["succeeded"], json!(1.0), "what was used was used");
}

#[tokio::test]
async fn that_a_task_was_deleted_is_known_for_a_day() {
    let gateway = Gateway::start().await;
    let (tasks, ended) = (tasks(&gateway), Task { status: Status::Failed, ..task(1) });
    tasks.insert(&ended).await.unwrap();
    let now = Timestamp::now();
    tasks.delete(&ended, now).await.unwrap();
    for (hours, known) in [(0, true), (23, true), (24, false), (48, false)] {
        let later = now + SignedDuration::from_hours(hours);
        let found = tasks.was_deleted(&ended.owner, &ended.id, later).await.unwrap();
        assert_eq!(found, known, "after {hours} hours");
        assert!(!tasks.was_deleted("others", &ended.id, later).await.unwrap(), "by nobody else");
    }
}

#[tokio::test]
async fn a_task_that_has_not_ended_stays() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    for path in [generation(&id), format!("/v1/videos/video_{id}")] {
        let refused = delete(&gateway.client, &path).await;
        assert_error(&refused, 409, "task_in_progress", Some("task_id"));
        assert_eq!(refused.body["error"]["retryable"], false);
        assert_eq!(refused.body["error"]["charged"], "unknown", "it goes on");
    }
    assert_eq!(gateway.client.task(&id).await.status, 200);
    assert_eq!(items_of(&gateway, &id).await, [&*id], "and nothing says it was deleted");
    // The store is not persuaded either.
    let stored = tasks(&gateway).get(&id.parse().unwrap()).await.unwrap().unwrap();
    assert!(tasks(&gateway).delete(&stored, Timestamp::now()).await.is_err());
    assert_eq!(gateway.client.task(&id).await.status, 200);
}

#[tokio::test]
async fn what_is_no_task_cannot_be_deleted() {
    let gateway = Gateway::start().await;
    let none = "0".repeat(32);
    for path in [generation(&none), generation("nonsense"), format!("/v1/videos/{none}")] {
        let refused = delete(&gateway.client, &path).await;
        assert_error(&refused, 404, "task_not_found", Some("task_id"));
    }
    let queried = delete(&gateway.client, &generation(&format!("{none}?force=true"))).await;
    assert_error(&queried, 400, "invalid_parameter", Some("force"));
    let nobody = Client::new(gateway.stack.url(), "sk-nobodys");
    assert_error(&delete(&nobody, &generation(&none)).await, 401, "unknown_api_key", None);
}

#[tokio::test]
async fn a_deleted_task_gets_no_webhook() {
    let gateway = Gateway::start().await;
    let mut webhook = WebhookReceiver::replying([Reply::Status(500)]).await;
    let id = gateway.client.created(&with_webhook(&webhook.url)).await;
    gateway.client.wait_for(&id, "succeeded").await;
    webhook.called().await;
    crate::webhooks::tried(&gateway, &id, 1).await;
    assert_eq!(delete(&gateway.client, &generation(&id)).await.status, 200);
    let later = crate::reconcile::Later::of(&gateway).await;
    later.run_after(3600).await;
    assert_eq!(items_of(&gateway, &id).await, [format!("deleted/local/{id}")]);
}

/// A repeated request must not make a second video of a task that is gone.
#[tokio::test]
async fn a_request_that_comes_again_finds_that_its_task_was_made_and_deleted() {
    let gateway = Gateway::start().await;
    let create = async || {
        let request = gateway.client.create_request(&tide());
        send(request.header("idempotency-key", "order-17")).await
    };
    let first = create().await;
    let id = first.body["task_id"].as_str().expect("an id").to_owned();
    gateway.client.wait_for(&id, "succeeded").await;
    assert_eq!(delete(&gateway.client, &generation(&id)).await.status, 200);
    assert_eq!(create().await.body, first.body, "from its record");

    // As if whoever had begun it had died before the answer was kept, a while ago.
    let database = gateway.dynamodb();
    let items = database.scan().table_name("Tasks").send().await.expect("items");
    let record = items.items().iter().find(|item| item.contains_key("answer")).expect("a record");
    let update = database.update_item().table_name("Tasks").key("id", record["id"].clone());
    let zero = aws_sdk_dynamodb::types::AttributeValue::N("0".to_owned());
    let update = update.update_expression("REMOVE answer SET lease = :zero");
    update.expression_attribute_values(":zero", zero).send().await.expect("it is forgotten");
    let again = create().await;
    assert_eq!((again.status.as_u16(), &again.body["task_id"]), (200, &json!(id)), "{again:?}");
    assert_eq!(items_of(&gateway, &id).await, [format!("deleted/local/{id}")]);
}

/// Whatever somebody still had in hand about a task, written late.
#[tokio::test]
async fn no_late_write_brings_a_task_back() {
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let now = Timestamp::now();
    let by = Actor::Reconcile;
    let event = |kind| by.event(kind, now);
    let gone = Task { repeat: Some("{}".to_owned()), ..task(1) };
    let accepted =
        Change::accept(&gone, "v-1", &Figures::default(), now, event(EventKind::Accepted));
    let failed = || {
        let error = ErrorBody { charged: Charged::No, ..ErrorBody::new(Code::SubmissionLost, "") };
        Progress::failed(error, Figures::default())
    };
    let delivery = Delivery { tries: 1, tried_at: now, delivered: true, outcome: "200".to_owned() };
    assert_eq!(tasks.accept(&gone, &accepted).await.unwrap(), None);
    let doubt = Change::doubt(Some("{}".to_owned()), event(EventKind::Unknown));
    tasks.doubt(&gone, &doubt).await.unwrap();
    assert!(!tasks.claim_poll(&gone.id, gone.polled_at, now).await.unwrap());
    tasks.miss(&gone, event(EventKind::Missing)).await.unwrap();
    tasks.forget_repeat(&gone).await.unwrap();
    let repeated = event(EventKind::Repeated);
    assert_eq!(tasks.claim_repeat(&gone, repeated).await.unwrap(), None);
    tasks.record_delivery(&gone, delivery, Some(now), event(EventKind::Webhook)).await.unwrap();
    let renewed = Change::renew_link("https://videos.example/2.mp4", None);
    assert!(!tasks.renew_link(&gone, &renewed).await.unwrap());
    tasks.note_failed(&gone, event(EventKind::PollFailed)).await.unwrap();
    tasks.unmiss(&gone, Some(event(EventKind::PollFailed))).await.unwrap();
    tasks.note(&gone, event(EventKind::CalledBack)).await.unwrap();
    for progress in [Progress::unfinished(Status::Processing), failed()] {
        let events = vec![by.rise(&progress, now)];
        assert_eq!(tasks.raise(&gone, &progress, events.clone(), now).await.unwrap(), None);
        if progress.status.is_final() {
            assert_eq!(tasks.end_missing(&gone, &progress, events, now).await.unwrap(), None);
        }
    }
    let error = failed().error.expect("it failed");
    assert_eq!(tasks.refuse(&gone, &error, by.refusal(&error, now)).await.unwrap(), None);
    let due = shared::store::Due { id: gone.id.clone(), due_at: now };
    for lane in [shared::task::Lane::Vendor(gone.vendor), shared::task::Lane::Webhooks] {
        assert_eq!(tasks.claim_due(lane, &due, now, now).await.unwrap(), None);
    }
    assert_eq!(items_of(&gateway, gone.id.as_str()).await, [""; 0]);
}

/// Holds up the second update until the test lets it go.
struct SecondUpdate(Mutex<Vec<oneshot::Receiver<()>>>);

impl Between for SecondUpdate {
    fn ask(&self, call: &mut Call) -> Fault {
        let adds_an_id = call.request["UpdateExpression"].to_string().contains("vendor_task_id");
        let is_second = !call.request["ConditionExpression"].to_string().contains("#status");
        if call.operation == "UpdateItem" && adds_an_id && is_second {
            let held = self.0.lock().expect("nothing panics").pop();
            return held.map_or(Fault::None, Fault::Delay);
        }
        Fault::None
    }
}

/// The id of a video that is paid for is written to a task that was given up, in a second write:
/// by then its client may have deleted it.
#[tokio::test]
async fn an_id_that_comes_late_does_not_bring_a_task_back() {
    let gateway = Gateway::start().await;
    let given_up = Task { status: Status::Failed, ..task(1) };
    tasks(&gateway).insert(&given_up).await.unwrap();
    let (release, held) = oneshot::channel();
    let between = std::sync::Arc::new(SecondUpdate(Mutex::new(vec![held])));
    let url = serve(gateway.stack.database_url(), between).await;
    let of = local::client::variables(&gateway.stack, "Create", &url);
    let late: Tasks = shared::runtime::Environment::new(&of).tasks().expect("it starts");
    let event = Actor::Create.event(EventKind::Accepted, given_up.created_at);
    let now = given_up.created_at;
    let change = Change::accept(&given_up, "v-1", &Figures::default(), now, event);
    let (accepted, ()) = tokio::join!(late.accept(&given_up, &change), async {
        tasks(&gateway).delete(&given_up, Timestamp::now()).await.unwrap();
        release.send(()).expect("it is held up");
    });
    assert_eq!(accepted.unwrap(), None);
    let id = given_up.id.as_str();
    assert_eq!(items_of(&gateway, id).await, [format!("deleted/local/{id}")]);
}
