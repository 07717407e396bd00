//! What a key may do at most, counted exactly.

use futures_util::future::join_all;
use http::StatusCode;
use jiff::Timestamp;
use local::Reply;
use serde_json::{Value, json};
use shared::store::usage::minute;

use crate::gateway::{Client, Gateway, assert_error, tide};
use crate::scripted_vidu::{ScriptedVidu, success};
use crate::usage::unfinished;

async fn limited(gateway: &Gateway, limits: Value) -> Client {
    gateway.with_key("sk-limited", json!({ "limits": limits })).await
}

#[tokio::test]
async fn a_key_has_so_many_unfinished_tasks_at_once_and_no_more() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let client = limited(&gateway, json!({ "unfinished": 2 })).await;
    let ids = [client.created(&tide()).await, client.created(&tide()).await];
    let third = client.create(&tide()).await;
    assert_error(&third, 429, "too_many_unfinished", None);
    assert!(third.headers.contains_key("retry-after"));
    assert_eq!(third.headers["x-ratelimit-limit-unfinished"], "2");
    assert_eq!(third.headers["x-ratelimit-remaining-unfinished"], "0");
    assert!(!third.headers.contains_key("x-ratelimit-limit-requests"), "it has no such limit");
    assert_eq!(third.body["error"]["charged"], "no");
    assert_eq!(gateway.client.create(&tide()).await.status, 200, "another key has its own");

    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    for id in &ids {
        client.wait_for(id, "succeeded").await;
    }
    assert_eq!(unfinished(&gateway, "key_limited").await.0, 0, "an end gives a place back");
    let fourth = client.create(&tide()).await;
    assert_eq!(fourth.status, 200);
    assert_eq!(fourth.headers["x-ratelimit-limit-unfinished"], "2");
}

#[tokio::test]
async fn when_hundreds_come_at_once_as_many_begin_as_may() {
    // None of its tasks ends, and gives its place to another.
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let client = limited(&gateway, json!({ "unfinished": 7 })).await;
    let asked = (0..300).map(|_| async { client.create(&tide()).await.status });
    let statuses = join_all(asked).await;
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!(count(StatusCode::OK), 7);
    // On a machine that is busy with more than this, some find no time to begin at all.
    let sent_away = count(StatusCode::TOO_MANY_REQUESTS) + count(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(sent_away, 293, "{statuses:?}");
}

#[tokio::test]
async fn a_key_makes_so_many_tasks_a_minute() {
    let gateway = Gateway::start().await;
    let three = json!({ "model": "viduq1", "prompt": "x", "n": 3 });
    // The minute may end between two requests; then another key asks.
    for attempt in 0.. {
        let key = format!("sk-limited-{attempt}");
        let limits = json!({ "limits": { "creates_per_minute": 3 } });
        let client = gateway.with_key(&key, limits).await;
        let began = minute(Timestamp::now()).0;
        let first = client.create(&three).await;
        let second = client.create(&tide()).await;
        if minute(Timestamp::now()).0 != began {
            continue;
        }
        assert_eq!(first.status, 200, "{first:?}");
        assert_error(&second, 429, "key_rate_limited", None);
        let wait: u32 = second.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "until the minute is over: {wait}");
        let id = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b";
        let polls = join_all((0..20).map(|_| client.task(id))).await;
        assert!(polls.iter().all(|poll| poll.status == 404), "asking is not counted");
        break;
    }
}

#[tokio::test]
async fn more_at_once_than_ever_may_be_is_an_error_in_n() {
    let gateway = Gateway::start().await;
    let client = limited(&gateway, json!({ "unfinished": 3 })).await;
    let four = json!({ "model": "viduq1", "prompt": "x", "n": 4 });
    assert_error(&client.create(&four).await, 400, "invalid_parameter", Some("n"));
    assert_eq!(unfinished(&gateway, "key_limited").await.0, 0);
}

#[tokio::test]
async fn a_refusal_gives_its_place_back_and_a_repeated_request_takes_none() {
    let refusal = json!({ "code": 400, "reason": "FieldInvalid", "message": "no" });
    let vidu = ScriptedVidu::replying([Reply::Json(400, refusal)]).await;
    let gateway = Gateway::calling(&vidu).await;
    let client = limited(&gateway, json!({ "unfinished": 1 })).await;
    assert_eq!(client.create(&tide()).await.status, 400);
    assert_eq!(unfinished(&gateway, "key_limited").await.0, 0, "refused");

    let once = || client.create_request(&tide()).header("idempotency-key", "order-17");
    let first = crate::gateway::send(once()).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = crate::gateway::send(once()).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body), "over its limit, but old");
    assert_eq!(unfinished(&gateway, "key_limited").await.0, 1);

    let other = client.create_request(&tide()).header("idempotency-key", "order-18");
    let other = crate::gateway::send(other).await;
    assert_error(&other, 429, "too_many_unfinished", None);
}
