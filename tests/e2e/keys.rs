//! Who may do what.

use serde_json::json;

use crate::gateway::{Client, Gateway, assert_error, send, tide};

#[tokio::test]
async fn without_a_good_key_nothing_is_done() {
    let gateway = Gateway::start().await;
    let none = gateway
        .client
        .http
        .post(format!("{}/v1/video/generations", gateway.stack.url()))
        .header("content-type", "application/json")
        .body(tide().to_string());
    let answer = send(none).await;
    assert_error(&answer, 401, "missing_api_key", None);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");

    let stranger = Client::new(gateway.stack.url(), "sk-wrong");
    assert_error(&stranger.create(&tide()).await, 401, "unknown_api_key", None);

    let disabled = gateway.with_key("sk-disabled", json!({ "disabled": true })).await;
    assert_error(&disabled.create(&tide()).await, 403, "key_disabled", None);

    let expired = gateway.with_key("sk-old", json!({ "expires_at": "2026-01-01T00:00:00Z" })).await;
    assert_error(&expired.create(&tide()).await, 403, "key_expired", None);
}

#[tokio::test]
async fn a_key_is_good_for_the_models_that_its_patterns_name() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-q1", json!({ "models": ["viduq1*"] })).await;
    assert_eq!(client.create(&tide()).await.status, 200);
    let other = json!({ "model": "viduq2", "prompt": "x" });
    assert_error(&client.create(&other).await, 403, "model_not_allowed", Some("model"));
}

#[tokio::test]
async fn another_keys_task_does_not_exist() {
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&tide()).await;
    let neighbour = gateway.with_key("sk-neighbour", json!({})).await;
    assert_error(&neighbour.task(&id).await, 404, "task_not_found", Some("task_id"));
    assert_eq!(gateway.client.task(&id).await.status, 200);
}
