//! A client is told that its task ended: signed, once it is done, as often as it takes.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use local::{Options, Reply};
use notify::Notify;
use serde_json::{Value, json};
use shared::api::ApiError;
use shared::runtime::Environment;
use shared::store::{Due, Keys};
use shared::task::{Actor, Delivery, Lane, Status, Task, TaskId};
use shared::webhooks::{Deliveries, WebhookHosts};

use crate::gateway::{DEADLINE, Gateway, assert_error};
use crate::reconcile::Later;
use crate::store::{task, tasks};
use crate::webhook_receiver::WebhookReceiver;

pub(crate) fn with_webhook(url: &str) -> Value {
    let metadata = json!({ "callback_url": url, "payload": "order 17" });
    json!({ "model": "viduq1", "prompt": "the tide comes in", "metadata": metadata })
}

fn deliveries(gateway: &Gateway, hosts: WebhookHosts) -> Deliveries {
    Deliveries::new(Keys::new(gateway.dynamodb(), "Keys".to_owned()), hosts)
}

/// A task that ended and whose client is to be told, put into the table.
async fn ended(gateway: &Gateway, seed: u8, url: &str) -> Task {
    let ended = task(seed);
    let ended = Task {
        status: Status::Failed,
        error: Some(*ApiError::internal().body),
        webhook_url: Some(url.to_owned()),
        webhook_due_at: ended.vendor_due_at,
        webhook_due_shard: Some(Lane::Webhooks.shard(&ended.id)),
        vendor_duty: None,
        vendor_due_at: None,
        vendor_due_shard: None,
        ..ended
    };
    tasks(gateway).insert(&ended).await.expect("stored");
    ended
}

fn due(task: &Task) -> Due {
    Due { id: task.id.clone(), due_at: task.webhook_due_at.expect("a timer") }
}

async fn stored(gateway: &Gateway, id: &TaskId) -> Task {
    tasks(gateway).get(id).await.expect("read").expect("a task")
}

/// Waits until so many tries were kept.
pub(crate) async fn tried(gateway: &Gateway, id: &str, tries: u32) -> Delivery {
    let id = id.parse().expect("an id");
    let began = Instant::now();
    loop {
        match stored(gateway, &id).await.delivery {
            Some(delivery) if delivery.tries >= tries => return delivery,
            last => assert!(began.elapsed() < DEADLINE, "never tried {tries} times: {last:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_is_told_how_its_task_ended() {
    let gateway = Gateway::start().await;
    let mut receiver = WebhookReceiver::start().await;
    for (prompt, status) in [("the tide comes in", "succeeded"), ("an unlucky tide", "failed")] {
        let mut body = with_webhook(&receiver.url);
        body["prompt"] = prompt.into();
        let answer = gateway.client.create(&body).await;
        assert_eq!((answer.status.as_u16(), &answer.body["warnings"]), (200, &Value::Null));
        let id = answer.body["task_id"].as_str().expect("an id");

        gateway.client.wait_for(id, status).await;
        let call = receiver.called().await;
        assert!(call.is_signed_with(gateway.stack.webhook_secret()), "{call:?}");
        assert_eq!(call.header("webhook-id"), format!("msg_{id}"));
        assert_eq!(call.header("content-type"), "application/json");
        assert!(call.header("user-agent").starts_with("filmgate/"), "{call:?}");
        let signed_at = call.header("webhook-timestamp").parse().expect("seconds");
        let age = Timestamp::now().duration_since(Timestamp::from_second(signed_at).unwrap());
        assert!(age.abs() < SignedDuration::from_mins(5), "libraries refuse what is older: {age}");

        let told = call.body();
        assert_eq!(told["type"], format!("video.generation.{status}"));
        assert!(told["timestamp"].as_str().expect("a time").parse::<Timestamp>().is_ok());
        assert_eq!(told["data"], gateway.client.task(id).await.body);
        assert_eq!(told["data"]["metadata"]["payload"], "order 17");

        let delivery = tried(&gateway, id, 1).await;
        assert!(delivery.delivered && delivery.outcome == "200", "{delivery:?}");
        assert!(stored(&gateway, &id.parse().unwrap()).await.duties().next().is_none());
    }
    assert!(receiver.is_left_alone(), "each is told once");
}

#[tokio::test]
async fn what_a_client_was_told_already_it_is_not_called_for() {
    let gateway = Gateway::start().await;
    let mut receiver = WebhookReceiver::start().await;
    let mut body = with_webhook(&receiver.url);
    body["prompt"] = "something forbidden".into();
    assert_eq!(gateway.client.create(&body).await.status, 400, "it was told that it failed");
    let id = gateway.client.created(&with_webhook(&receiver.url)).await;
    assert_eq!(receiver.called().await.header("webhook-id"), format!("msg_{id}"));
}

#[tokio::test]
async fn a_client_that_fails_twice_is_called_again_with_the_same_id() {
    let gateway = Gateway::start().await;
    let later = Later::of(&gateway).await;
    let replies = [Reply::Status(500), Reply::Status(503)];
    let mut receiver = WebhookReceiver::replying(replies).await;
    let id = gateway.client.created(&with_webhook(&receiver.url)).await;
    let first = receiver.called().await;
    assert_eq!(tried(&gateway, &id, 1).await.outcome, "500");

    later.run_after(10).await;
    let second = receiver.called().await;
    assert_eq!(tried(&gateway, &id, 2).await.outcome, "503");
    later.run_after(10).await;
    assert!(receiver.is_left_alone(), "the second pause is five minutes");
    later.run_after(330).await;
    let third = receiver.called().await;
    let delivery = tried(&gateway, &id, 3).await;
    assert!(delivery.delivered, "{delivery:?}");

    for again in [&second, &third] {
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body(), first.body());
        assert_ne!(again.header("webhook-timestamp"), first.header("webhook-timestamp"));
        assert!(again.is_signed_with(gateway.stack.webhook_secret()), "{again:?}");
    }
    later.run_after(90_000).await;
    assert!(receiver.is_left_alone(), "it knows");
}

#[tokio::test]
async fn a_client_that_never_answers_well_is_given_up_after_a_day() {
    let gateway = Gateway::start().await;
    let later = Later::of(&gateway).await;
    let mut receiver = WebhookReceiver::replying(vec![Reply::Status(500); 20]).await;
    let id = gateway.client.created(&with_webhook(&receiver.url)).await;
    let mut calls = 1;
    receiver.called().await;
    tried(&gateway, &id, 1).await;
    for _ in 0..40 {
        later.run_after(3600).await;
        calls += u32::from(!receiver.is_left_alone());
    }
    let delivery = tried(&gateway, &id, calls).await;
    assert_eq!((calls, delivery.tries, delivery.delivered), (8, 8, false));
    assert!(stored(&gateway, &id.parse().unwrap()).await.duties().next().is_none());
}

#[tokio::test]
async fn each_answer_has_its_consequence() {
    let gateway = Gateway::start().await;
    let deliveries = deliveries(&gateway, WebhookHosts::Any);
    let mut elsewhere = WebhookReceiver::start().await;
    let location = elsewhere.url.clone();
    let rows = [
        (Reply::Status(204), "204", None, "any 2xx will do"),
        (Reply::Status(410), "410, not called again", None, "it said so"),
        (Reply::Status(404), "404", Some(5), "it may be mended"),
        (Reply::Header(307, "location", location), "307, not followed", Some(5), "who knows where"),
        (Reply::Header(429, "retry-after", "120".to_owned()), "429", Some(120), "it said how long"),
        (Reply::Header(503, "retry-after", "1".to_owned()), "503", Some(5), "our pause is longer"),
    ];
    for (seed, (reply, outcome, pause, reason)) in (1..).zip(rows) {
        let mut receiver = WebhookReceiver::replying([reply]).await;
        let ended = ended(&gateway, seed, &receiver.url).await;
        let now = ended.webhook_due_at.expect("a timer");
        assert!(
            deliveries
                .deliver_due(&tasks(&gateway), &due(&ended), Actor::Notify, now)
                .await
                .unwrap()
        );
        receiver.called().await;

        let task = stored(&gateway, &ended.id).await;
        let delivery = task.delivery.as_ref().expect("it was tried");
        assert_eq!((delivery.tries, delivery.outcome.as_str()), (1, outcome), "{reason}");
        assert_eq!(delivery.delivered, outcome == "204", "{reason}");
        let pause = pause.map(SignedDuration::from_secs);
        match (task.webhook_due_at, pause) {
            (None, None) => assert!(task.webhook_due_shard.is_none(), "{reason}"),
            (Some(due_at), Some(pause)) => {
                let got = due_at.duration_since(now);
                assert!(got >= pause && got <= pause * 11 / 10, "{reason}: {got}");
                assert_eq!(
                    task.webhook_due_shard,
                    Some(Lane::Webhooks.shard(&task.id)),
                    "{reason}"
                );
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
    assert!(elsewhere.is_left_alone(), "a redirect is not followed");
}

#[tokio::test]
async fn a_client_that_is_not_there_is_called_again() {
    let gateway = Gateway::start().await;
    let deliveries = deliveries(&gateway, WebhookHosts::Any);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let hangs_up = tokio::spawn(async move { drop(listener.accept().await) });
    // The second finds the listener gone with its task.
    for (seed, outcome) in [(1, "the connection broke before an answer"), (2, "no connection")] {
        let ended = ended(&gateway, seed, &url).await;
        let now = ended.webhook_due_at.expect("a timer");
        deliveries.deliver_due(&tasks(&gateway), &due(&ended), Actor::Notify, now).await.unwrap();
        let task = stored(&gateway, &ended.id).await;
        assert_eq!(task.delivery.as_ref().expect("it was tried").outcome, outcome);
        assert!(task.webhook_due_at > Some(now), "{task:?}");
    }
    hangs_up.await.unwrap();
}

#[tokio::test]
async fn a_slow_client_delays_nobody_else() {
    let gateway = Gateway::start().await;
    let mut slow = WebhookReceiver::replying([Reply::Silence]).await;
    let mut quick = WebhookReceiver::start().await;
    let waiting = gateway.client.created(&with_webhook(&slow.url)).await;
    slow.called().await;
    let id = gateway.client.created(&with_webhook(&quick.url)).await;
    quick.called().await;
    tried(&gateway, &id, 1).await;
    let waiting = stored(&gateway, &waiting.parse().unwrap()).await;
    assert_eq!(waiting.delivery, None, "it is still waited for");

    // In one event, too.
    let notify = notify(&gateway);
    let mut slow = WebhookReceiver::replying([Reply::Silence]).await;
    let first = ended(&gateway, 1, &slow.url).await;
    let second = ended(&gateway, 2, &quick.url).await;
    let handled = notify.handle(event(&[&first, &second]), first.webhook_due_at.unwrap());
    tokio::select! {
        () = handled => panic!("the slow one had not answered"),
        _ = async { (slow.called().await, quick.called().await) } => {}
    }
}

fn notify(gateway: &Gateway) -> Notify {
    let variables = gateway.stack.variables("Notify").expect("it is in the template");
    let variable = |name: &str| variables.get(name).cloned();
    Notify::start(&Environment::new(&variable)).expect("it starts")
}

/// What the stream says when these tasks ended.
fn event(tasks: &[&Task]) -> shared::store::Changes {
    let records = tasks.iter().map(|task| {
        let due_at = task.webhook_due_at.expect("a timer").as_millisecond().to_string();
        let image = json!({ "id": { "S": task.id }, "webhook_due_at": { "N": due_at } });
        json!({ "eventName": "MODIFY", "dynamodb": { "NewImage": image } })
    });
    let event = json!({ "Records": records.collect::<Vec<_>>() });
    serde_json::from_value(event).expect("an event")
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    let gateway = Gateway::start().await;
    let notify = notify(&gateway);
    // Had it not failed, there would be nothing left to tell.
    let mut receiver = WebhookReceiver::replying([Reply::Status(500)]).await;
    let ended = ended(&gateway, 1, &receiver.url).await;
    for _ in 0..3 {
        notify.handle(event(&[&ended, &ended]), ended.webhook_due_at.unwrap()).await;
    }
    receiver.called().await;
    assert!(receiver.is_left_alone(), "the rest is the timer's");
}

#[tokio::test]
async fn each_key_signs_with_its_own_secret() {
    let gateway = Gateway::start().await;
    let secret = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==";
    let other = gateway.with_key("sk-other", json!({ "webhook_secret": secret })).await;
    let mut receiver = WebhookReceiver::start().await;
    other.created(&with_webhook(&receiver.url)).await;
    let call = receiver.called().await;
    assert!(call.is_signed_with(secret) && !call.is_signed_with(gateway.stack.webhook_secret()));
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent_and_the_client_knows() {
    let gateway = Gateway::start().await;
    let mut receiver = WebhookReceiver::start().await;
    let bare = gateway.with_key("sk-bare", json!({})).await;
    let body = with_webhook(&receiver.url);
    let strict = bare.create_request(&body).header("prefer", "handling=strict");
    let answer = crate::gateway::send(strict).await;
    assert_error(&answer, 400, "unsupported_parameter", Some("metadata.callback_url"));
    let answer = bare.create(&body).await;
    assert_eq!(answer.body["warnings"][0]["param"], "metadata.callback_url", "{answer:?}");

    let id = answer.body["task_id"].as_str().expect("an id");
    bare.wait_for(id, "succeeded").await;
    let delivery = tried(&gateway, id, 1).await;
    assert_eq!(delivery.outcome, "the API key has no webhook secret");
    assert!(stored(&gateway, &id.parse().unwrap()).await.duties().next().is_none());
    assert!(receiver.is_left_alone());
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_not() {
    let gateway = Gateway::with(Options { public_webhooks: true, ..Options::default() }).await;
    let deliveries = deliveries(&gateway, WebhookHosts::Public);
    let mut receiver = WebhookReceiver::start().await;
    let tls = receiver.url.replace("http://", "https://");
    let rows = [
        (receiver.url.clone(), "the address must be https"),
        (tls.clone(), "the address must name a host of the public internet"),
        (
            tls.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
            "the address must name a host of the public internet",
        ),
        (
            tls.replace("127.0.0.1", "localhost."),
            "the address must name a host of the public internet",
        ),
    ];
    for (seed, (url, outcome)) in (1..).zip(rows) {
        let ended = ended(&gateway, seed, &url).await;
        deliveries
            .deliver_due(
                &tasks(&gateway),
                &due(&ended),
                Actor::Notify,
                ended.webhook_due_at.unwrap(),
            )
            .await
            .unwrap();
        let task = stored(&gateway, &ended.id).await;
        assert_eq!(task.delivery.as_ref().expect("judged").outcome, outcome, "{url}");
        assert!(task.duties().next().is_none(), "{url}");
    }
    assert!(receiver.is_left_alone());
}
