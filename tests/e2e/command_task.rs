//! `filmgate task`: what an operator reads of a task that ran through a local stack.

use aws_sdk_dynamodb::types::AttributeValue;
use local::Reply;
use serde_json::{Value, json};

use crate::command_keys::{complaint, run};
use crate::gateway::Gateway;
use crate::scripted_vidu::{ScriptedVidu, ViduCallback};
use crate::webhook_receiver::WebhookReceiver;
use crate::webhooks::{tried, with_webhook};

async fn task(gateway: &Gateway, id: &str, more: &[&str]) -> String {
    let local = ["task", id, "--local", gateway.stack.database_url()];
    let arguments: Vec<_> = local.iter().chain(more).copied().collect();
    let output = run(&arguments, &[]).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn shown(gateway: &Gateway, id: &str) -> Value {
    serde_json::from_str(&task(gateway, id, &["--json"]).await).expect("JSON")
}

#[tokio::test]
async fn an_operator_reads_every_event_and_nothing_that_is_the_clients() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let mut receiver = WebhookReceiver::start().await;
    let id = gateway.client.created(&with_webhook(&receiver.url)).await;

    let before = shown(&gateway, &id).await;
    assert_eq!((&before["status"], &before["key"]), (&json!("queued"), &json!("local")));
    assert_eq!(before["duties"][0]["duty"], "poll", "{before}");

    let unsigned = ViduCallback { signed: false, ..ViduCallback::good(&vidu.callback_url()) };
    assert_eq!(unsigned.send(&json!({})).await, 401);
    vidu.reply_to_polls(Reply::Json(200, json!({ "state": "failed", "err_code": "AuditFailed" })));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    receiver.called().await;
    tried(&gateway, &id, 1).await;

    let after = shown(&gateway, &id).await;
    let events = after["events"].as_array().expect("events").iter();
    let events: Vec<_> = events
        .map(|event| format!("{} {}", event["by"], event["event"]).replace('"', ""))
        .collect();
    let expected = [
        "create created",
        "create accepted",
        "callback callback_refused",
        "callback called_back",
        "callback failed",
        "notify webhook",
    ];
    assert_eq!(events, expected, "{after}");
    assert_eq!(after["events"][2]["detail"], "unsigned");
    assert_eq!(after["error"]["vendor_code"], "AuditFailed");
    assert_eq!(after["webhook"]["host"], "127.0.0.1");
    assert_eq!(after["webhook"]["delivery"]["delivered"], true);
    assert_eq!(after["duties"], json!([]));

    let text = task(&gateway, &id, &[]).await;
    for expected in ["callback_refused", "delivered", "AuditFailed", "duties", "none", &id] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for answer in [before.to_string(), after.to_string(), text] {
        for hidden in ["the tide comes in", "order 17", "/video?key=1", "sk-local", "whsec_"] {
            assert!(!answer.contains(hidden), "{hidden}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_task_that_is_not_there_is_named() {
    let gateway = Gateway::start().await;
    let id = "0".repeat(32);
    let output = run(&["task", &id, "--local", gateway.stack.database_url()], &[]).await;
    assert!(complaint(&output, 1).contains(&id));
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_named_by_its_table() {
    let gateway = Gateway::start().await;
    let id = "0".repeat(32);
    let item = gateway.dynamodb().put_item().table_name("Tasks");
    item.item("id", AttributeValue::S(id.clone())).send().await.expect("it is stored");
    let output = run(&["task", &id, "--local", gateway.stack.database_url()], &[]).await;
    let message = complaint(&output, 1);
    assert!(message.contains("an item in Tasks cannot be read: missing field"), "{message}");
}
