//! A function may do what it does and nothing else.
//!
//! That it may do what it does is what every other test shows.

use std::time::Instant;

use create::Create;
use jiff::{SignedDuration, Timestamp};
use local::{LOCAL_KEY, Reply, client};
use serde_json::{Value, json};
use shared::runtime::Environment;

use crate::gateway::{DEADLINE, Gateway, send};
use crate::reconcile::Later;
use crate::webhook_receiver::WebhookReceiver;

fn video(metadata: &Value) -> Value {
    json!({ "model": "viduq1", "prompt": "the tide comes in", "metadata": metadata })
}

/// As if whoever had begun an idempotent request had died over it.
async fn forget_answers(gateway: &Gateway) {
    let database = gateway.dynamodb();
    let items = database.scan().table_name("Tasks").send().await.expect("items");
    for record in items.items().iter().filter(|item| item.contains_key("answer")) {
        let update = database.update_item().table_name("Tasks").key("id", record["id"].clone());
        update.update_expression("REMOVE answer").send().await.expect("it is forgotten");
    }
}

#[tokio::test]
async fn whatever_a_function_may_do_it_also_does() {
    let gateway = Gateway::start().await;
    let once = async |metadata: &Value| {
        let request = gateway.client.create_request(&video(metadata));
        send(request.header("idempotency-key", "order-17")).await.status
    };
    assert_eq!(once(&json!({ "simulate": "busy" })).await, 429, "its record is taken back");
    assert_eq!(once(&json!({})).await, 200);
    assert_eq!(once(&json!({})).await, 200, "answered from its record");

    let all = send(gateway.client.request("GET", "/v1/video/generations")).await;
    assert_eq!(all.status, 200, "{all:?}");

    // Room is looked for where a limit has none left.
    let limits = json!({ "limits": { "unfinished": 1 } });
    let limited = gateway.with_key("sk-limited", limits).await;
    assert_eq!(limited.create(&video(&json!({ "simulate": "lost-callbacks" }))).await.status, 200);
    assert_eq!(limited.create(&video(&json!({}))).await.status, 429);

    forget_answers(&gateway).await;
    let variables = gateway.stack.variables("Create").expect("it is in the template");
    let variable = |name: &str| variables.get(name).cloned();
    let create = Create::start(&Environment::new(&variable)).expect("it starts");
    let again = http::Request::post("https://localhost/v1/video/generations")
        .header("authorization", format!("Bearer {LOCAL_KEY}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "order-17")
        .body(lambda_http::Body::Text(video(&json!({})).to_string()))
        .expect("a request");
    let later = Timestamp::now() + SignedDuration::from_mins(1);
    let answer = create.answer(&again, &client::clock(later)).await;
    assert_eq!(answer.status(), 200, "answered from its task: {:?}", answer.body());
    assert!(answer.headers().contains_key("idempotent-replayed"));

    // One is called back for, one is found when it is asked for, and one when it is due.
    let mut webhook = WebhookReceiver::replying([Reply::Status(500)]).await;
    let with_webhook =
        gateway.client.created(&video(&json!({ "callback_url": webhook.url }))).await;
    let found = gateway.client.created(&video(&json!({ "simulate": "lost-callbacks" }))).await;
    gateway.client.created(&video(&json!({ "simulate": "lost-callbacks" }))).await;
    gateway.client.wait_for(&with_webhook, "succeeded").await;
    gateway.client.wait_for(&found, "succeeded").await;
    let delete = gateway.client.request("DELETE", &format!("/v1/video/generations/{found}"));
    assert_eq!(send(delete).await.status, 200);
    webhook.called().await;

    // A vendor that is quick may be too far to stop one.
    let began = Instant::now();
    loop {
        let task = gateway.client.created(&video(&json!({ "simulate": "lost-callbacks" }))).await;
        let cancel = format!("/v1/video/generations/{task}/cancel");
        let told = send(gateway.client.request("POST", &cancel)).await;
        assert_eq!(told.status, 200, "{told:?}");
        if told.body["status"] == "failed" {
            break;
        }
        assert!(began.elapsed() < DEADLINE, "never stopped: {told:?}");
    }

    // The webhook that failed is called again, once that it did is stored, and what
    // nobody asked for is polled.
    let later = Later::of(&gateway).await;
    let began = Instant::now();
    while let unused @ [_, ..] = &gateway.stack.unused_permissions()[..] {
        assert!(began.elapsed() < DEADLINE, "never needed: {unused:#?}");
        later.run_after(60).await;
    }
}
