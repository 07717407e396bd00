//! A request that comes twice is done once.

use futures_util::future::join_all;
use local::Reply;
use serde_json::{Value, json};

use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::ScriptedVidu;

async fn create(client: &Client, key: &str, body: &Value) -> Answer {
    send(client.create_request(body).header("idempotency-key", key)).await
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_answer() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let body = json!({ "model": "viduq1", "prompt": "x", "fps": 60, "n": 2 });
    let first = create(&gateway.client, "order-17", &body).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(!first.headers.contains_key("idempotent-replayed"));

    let again = create(&gateway.client, "order-17", &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(vidu.submissions().len(), 2, "the vendor was asked for two, once");

    let other = create(&gateway.client, "order-17", &tide()).await;
    assert_error(&other, 422, "idempotency_key_reused", Some("Idempotency-Key"));
    assert_eq!(create(&gateway.client, "order-18", &body).await.status, 200, "another key");

    let neighbour = gateway.with_key("sk-neighbour", json!({})).await;
    let theirs = create(&neighbour, "order-17", &body).await;
    assert!(!theirs.headers.contains_key("idempotent-replayed"), "a key belongs to its owner");
}

#[tokio::test]
async fn of_many_identical_requests_at_once_one_is_done() {
    let (answer_now, wait) = tokio::sync::oneshot::channel();
    let vidu = ScriptedVidu::answering_when(wait).await;
    let gateway = Gateway::calling(&vidu).await;
    let (client, body) = (&gateway.client, &tide());
    let asking = join_all((0..24).map(|_| create(client, "order-17", body)));
    let answering = async {
        vidu.submitted(1).await;
        // The others find the first one at work, for as long as it waits for its vendor.
        let running = create(client, "order-17", body).await;
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
    assert_eq!(create(&gateway.client, "order-17", &invalid).await.status, 400);
    assert_eq!(
        create(&gateway.client, "order-17", &tide()).await.status,
        429,
        "the vendor is busy"
    );
    let again = create(&gateway.client, "order-17", &tide()).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert!(!again.headers.contains_key("idempotent-replayed"));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_by_name() {
    let gateway = Gateway::start().await;
    for key in ["", "two words", &"k".repeat(256)] {
        let answer = create(&gateway.client, key, &tide()).await;
        assert_error(&answer, 400, "invalid_parameter", Some("Idempotency-Key"));
    }
}
