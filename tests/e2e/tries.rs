//! Requests that a stock SDK repeats by itself: it sends no key, only the number of the try.

use futures_util::future::join_all;
use local::{Reply, scripted_vidu::ScriptedVidu};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};

/// A try of the same request, as an SDK numbers them.
async fn come(client: &Client, number: u32) -> Answer {
    come_for(client, &tide(), number).await
}

async fn come_for(client: &Client, body: &Value, number: u32) -> Answer {
    let request = client
        .request("POST", "/v1/videos")
        .header("content-type", "application/json")
        .header("x-stainless-retry-count", number.to_string());
    send(request.body(body.to_string())).await
}

fn id(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["id"].as_str().expect("an id")
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotent-replayed")
}

#[tokio::test]
async fn a_retry_of_an_sdk_is_told_of_the_video_that_its_first_try_made() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let first = come(&gateway.client, 0).await;
    for number in [1, 2] {
        let again = come(&gateway.client, number).await;
        assert_eq!(id(&again), id(&first));
        assert!(is_replayed(&again), "{again:?}");
    }
    assert_eq!(vidu.submissions().len(), 1);
    let other = json!({ "model": "viduq1", "prompt": "the tide goes out" });
    assert_ne!(id(&come_for(&gateway.client, &other, 1).await), id(&first), "another request");
    let stranger = gateway.with_key("sk-other", json!({})).await;
    assert_ne!(id(&come(&stranger, 1).await), id(&first), "another key");
    assert_eq!(vidu.submissions().len(), 3, "a first try may never arrive");
}

#[tokio::test]
async fn two_that_are_wished_for_in_the_same_words_are_two_whoever_loses_an_answer() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let made = [come(&gateway.client, 0).await, come(&gateway.client, 0).await];
    assert_ne!(id(&made[0]), id(&made[1]));
    let again = [come(&gateway.client, 1).await, come(&gateway.client, 1).await];
    assert_ne!(id(&again[0]), id(&again[1]), "each retry is for one of them");
    for answer in &again {
        assert!(made.iter().any(|made| id(made) == id(answer)), "{answer:?}");
    }
    assert_eq!(vidu.submissions().len(), 2);
    let third = come(&gateway.client, 1).await;
    assert!(!is_replayed(&third), "a third first retry is a third wish, whose first try was lost");
    assert_eq!(vidu.submissions().len(), 3);
}

#[tokio::test]
async fn who_was_sent_away_makes_its_own_video_and_not_the_one_of_another() {
    let busy = Reply::Json(429, json!({ "reason": "QuotaExceeded" }));
    let vidu = ScriptedVidu::replying([busy]).await;
    let gateway = Gateway::calling(&vidu).await;
    let away = come(&gateway.client, 0).await;
    assert_eq!(away.status, 429, "{away:?}");
    let other = come(&gateway.client, 0).await;
    let again = come(&gateway.client, 1).await;
    assert_ne!(id(&again), id(&other));
    assert!(!is_replayed(&again), "who was sent away comes again");
    let lost = come(&gateway.client, 1).await;
    assert_eq!(id(&lost), id(&other), "and then the one whose answer was lost");
    assert_eq!(vidu.submissions().len(), 3);

    let limits = json!({ "limits": { "unfinished": 1 } });
    let limited = gateway.with_key("sk-limited", limits).await;
    let one = come(&limited, 0).await;
    for number in [0, 1, 2] {
        let answer = come(&limited, number).await;
        assert_error(&answer, 429, "too_many_unfinished", None);
    }
    assert_eq!(id(&come(&limited, 1).await), id(&one), "who gave up leaves nothing to others");
    assert_eq!(vidu.submissions().len(), 4);
}

#[tokio::test]
async fn a_retry_waits_for_the_first_try_that_is_still_running() {
    let (release, released) = oneshot::channel();
    let vidu = ScriptedVidu::answering_when(released).await;
    let gateway = Gateway::calling(&vidu).await;
    let client = gateway.client.clone();
    let first = tokio::spawn(async move { come(&client, 0).await });
    vidu.submitted(1).await;
    let client = gateway.client.clone();
    let again = tokio::spawn(async move { come(&client, 1).await });
    // The retry has looked at the first try by then, or will.
    tokio::task::yield_now().await;
    release.send(()).expect("somebody waits");
    let (first, again) = (first.await.expect("no panic"), again.await.expect("no panic"));
    assert_eq!(id(&again), id(&first));
    assert_eq!(vidu.submissions().len(), 1);
}

#[tokio::test]
async fn many_in_the_same_words_are_as_many_videos_and_their_retries_none() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let made = join_all((0..20).map(|_| come(&gateway.client, 0))).await;
    let again = join_all((0..20).map(|_| come(&gateway.client, 1))).await;
    let sorted = |answers: &[Answer]| {
        let mut ids: Vec<_> = answers.iter().map(|it| id(it).to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(sorted(&again), sorted(&made));
    assert_eq!(vidu.submissions().len(), 20);
}

#[tokio::test]
async fn a_key_of_ones_own_says_more_than_the_number_of_a_try() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let come = async |key: &str, number: &str| {
        let request = gateway
            .client
            .create_request(&tide())
            .header("idempotency-key", key)
            .header("x-stainless-retry-count", number);
        send(request).await.body["task_id"].clone()
    };
    assert_eq!(come("a", "0").await, come("a", "1").await);
    assert_ne!(come("a", "0").await, come("b", "1").await);
    assert_eq!(vidu.submissions().len(), 2);
}
