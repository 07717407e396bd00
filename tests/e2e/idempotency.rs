//! A request that comes twice is done once.

use std::sync::Arc;

use create::Create;
use futures_util::future::join_all;
use jiff::Timestamp;
use local::client::{clock, variables};
use local::{LOCAL_KEY, Reply};
use serde_json::{Value, json};
use shared::runtime::Environment;

use crate::between::{Between, Call, Fault, Refusal, serve};
use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::ScriptedVidu;

async fn ask(client: &Client, key: &str, body: &Value) -> Answer {
    send(client.create_request(body).header("idempotency-key", key)).await
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_answer() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let body = json!({ "model": "viduq1", "prompt": "x", "fps": 60, "n": 2 });
    let first = ask(&gateway.client, "order-17", &body).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(!first.headers.contains_key("idempotent-replayed"));

    let again = ask(&gateway.client, "order-17", &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(vidu.submissions().len(), 2, "the vendor was asked for two, once");

    let other = ask(&gateway.client, "order-17", &tide()).await;
    assert_error(&other, 422, "idempotency_key_reused", Some("Idempotency-Key"));
    assert_eq!(ask(&gateway.client, "order-18", &body).await.status, 200, "another key");

    let neighbour = gateway.with_key("sk-neighbour", json!({})).await;
    let theirs = ask(&neighbour, "order-17", &body).await;
    assert!(!theirs.headers.contains_key("idempotent-replayed"), "a key belongs to its owner");
}

#[tokio::test]
async fn of_many_identical_requests_at_once_one_is_done() {
    let (answer_now, wait) = tokio::sync::oneshot::channel();
    let vidu = ScriptedVidu::answering_when(wait).await;
    let gateway = Gateway::calling(&vidu).await;
    let (client, body) = (&gateway.client, &tide());
    let asking = join_all((0..24).map(|_| ask(client, "order-17", body)));
    let answering = async {
        vidu.submitted(1).await;
        // The others find the first one at work, for as long as it waits for its vendor.
        let running = ask(client, "order-17", body).await;
        assert_error(&running, 409, "request_still_running", Some("Idempotency-Key"));
        assert!(running.headers.contains_key("retry-after"), "{running:?}");
        answer_now.send(()).expect("the vendor waits");
    };
    let (answers, ()) = futures_util::future::join(asking, answering).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(!done.is_empty());
    assert!(done.iter().all(|answer| answer.body == done[0].body), "{answers:?}");
    assert!(
        answers.iter().all(|answer| [200, 409].contains(&answer.status.as_u16())),
        "{answers:?}"
    );
    assert_eq!(vidu.submissions().len(), 1);
}

#[tokio::test]
async fn a_request_of_which_nothing_was_made_does_not_use_up_its_key() {
    let busy = Reply::Json(429, json!({ "code": 429, "reason": "QuotaExceeded" }));
    let vidu = ScriptedVidu::replying([busy]).await;
    let gateway = Gateway::calling(&vidu).await;
    let invalid = json!({ "model": "viduq1", "prompt": "x", "duration": 7 });
    assert_eq!(ask(&gateway.client, "order-17", &invalid).await.status, 400);
    assert_eq!(ask(&gateway.client, "order-17", &tide()).await.status, 429, "the vendor is busy");
    let again = ask(&gateway.client, "order-17", &tide()).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert!(!again.headers.contains_key("idempotent-replayed"));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_by_name() {
    let gateway = Gateway::start().await;
    for key in ["", "two words", &"k".repeat(256)] {
        let answer = ask(&gateway.client, key, &tide()).await;
        assert_error(&answer, 400, "invalid_parameter", Some("Idempotency-Key"));
    }
}

/// A database that breaks over every transaction.
struct NoTransactions;

impl Between for NoTransactions {
    fn ask(&self, call: &mut Call) -> Fault {
        match call.operation.as_str() {
            "TransactWriteItems" => Fault::Refuse(Refusal::Broken),
            _ => Fault::None,
        }
    }
}

#[tokio::test]
async fn a_repetition_that_cannot_be_answered_promises_nothing_about_the_first_try() {
    let gateway = Gateway::start().await;
    assert_eq!(ask(&gateway.client, "order-17", &tide()).await.status, 200);
    let database = serve(gateway.stack.database_url(), Arc::new(NoTransactions)).await;
    let variable = variables(&gateway.stack, "Create", &database);
    let function = Create::start(&Environment::new(&variable)).expect("it starts");
    for (key, charged) in [(Some("order-17"), "unknown"), (None, "no")] {
        let mut request = http::Request::post("https://localhost/v1/video/generations")
            .header("authorization", format!("Bearer {LOCAL_KEY}"))
            .header("content-type", "application/json");
        let mut body = tide();
        match key {
            Some(key) => request = request.header("idempotency-key", key),
            // Two tasks are one transaction as well.
            None => body["n"] = json!(2),
        }
        let request = request.body(lambda_http::Body::from(body.to_string())).expect("a request");
        let answer = function.answer(&request, &clock(Timestamp::now())).await;
        assert_eq!(answer.status(), 500);
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(body["error"]["charged"], charged, "{body}");
        assert_eq!(body["error"]["retryable"], true, "{body}");
        let promises = body["message"].as_str().expect("text").contains("Nothing was generated");
        assert_eq!(promises, key.is_none(), "{body}");
    }
}
