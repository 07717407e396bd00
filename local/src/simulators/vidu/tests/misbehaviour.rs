//! Vidu as bad as it is told to be; the others differ in their words.

use std::collections::BTreeMap;

use super::*;
use crate::simulators::TrueTask;
use crate::simulators::testing::{marked, settle};

const CALLED: &str = "http://127.0.0.1:1/v1/callbacks/vidu/t";

fn submission(vidu: &Vidu, body: &Value) -> reqwest::RequestBuilder {
    http_client()
        .post(format!("{}/ent/v2/text2video", vidu.base_url()))
        .header("authorization", format!("Token {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// What a submission comes to: the status and the kind of an answer, or a broken connection.
async fn outcome(request: reqwest::RequestBuilder) -> String {
    match request.send().await {
        Ok(answer) => {
            let kind = answer.headers()["content-type"].to_str().unwrap();
            format!("{} {kind}", answer.status().as_u16())
        }
        Err(error) => {
            assert!(error.is_request() && !error.is_connect(), "{error:?}");
            "broken".to_owned()
        }
    }
}

fn made(vidu: &Vidu) -> (u32, usize) {
    let truth = vidu.truth().unwrap();
    (truth[0].submissions, truth[0].tasks.len())
}

/// The second submission of a name shows that a vendor that made nothing is well by then.
#[tokio::test]
async fn a_submission_breaks_before_anything_is_made_or_after() {
    let good = "200 application/json";
    let rows = [
        ("dropped-before", "broken", 0, good, 1),
        ("dropped-after", "broken", 1, "broken", 2),
        ("html-before", "502 text/html; charset=utf-8", 0, good, 1),
        ("html-after", "200 text/html; charset=utf-8", 1, "200 text/html; charset=utf-8", 2),
        ("moderated", good, 1, good, 2),
    ];
    for (word, first, then_made, second, made_at_last) in rows {
        let vidu = vidu(FOR_EVER, memory()).await;
        let body =
            json!({"model": "viduq1", "prompt": marked("rain", word), "callback_url": CALLED});
        assert_eq!(outcome(submission(&vidu, &body)).await, first, "{word}");
        assert_eq!(made(&vidu), (1, then_made), "{word}");
        assert_eq!(outcome(submission(&vidu, &body)).await, second, "{word}");
        assert_eq!(made(&vidu), (2, made_at_last), "{word}");
        let truth = vidu.truth().unwrap().remove(0);
        assert_eq!((truth.called.as_deref(), truth.prompt.as_str()), (Some(CALLED), "rain"));
    }
}

#[tokio::test]
async fn a_submission_is_not_answered_whether_it_was_made_or_not() {
    for (word, then_made) in [("timeout-before", 0), ("timeout-after", 1)] {
        let vidu = vidu(FOR_EVER, memory()).await;
        let body = json!({"model": "viduq1", "prompt": marked("rain", word)});
        let answer = tokio::spawn(submission(&vidu, &body).send());
        settle(|| !vidu.truth().unwrap().is_empty() && made(&vidu) == (1, then_made)).await;
        let answer = tokio::time::timeout(Duration::from_millis(200), answer).await;
        assert!(answer.is_err(), "{word}");
        assert_eq!(made(&vidu), (1, then_made), "{word}");
    }
}

#[tokio::test]
async fn a_look_is_refused_or_breaks_or_finds_nothing() {
    let rows = [
        ("busy-polls", "429 application/json", 1),
        ("failing-polls", "502 text/html; charset=utf-8", 1),
        ("unknown-at-first", "404 application/json", 0),
        ("endless", "200 application/json", 1),
    ];
    for (word, expected, listed) in rows {
        let vidu = vidu(FOR_EVER, memory()).await;
        let id = create_text(&vidu, json!({"prompt": marked("rain", word)})).await;
        let look = http_client()
            .get(format!("{}/ent/v2/tasks/{id}/creations", vidu.base_url()))
            .header("authorization", format!("Token {KEY}"));
        assert_eq!(outcome(look).await, expected, "{word}");
        let (_, list) = get_from(&vidu, "/ent/v2/tasks").await;
        assert_eq!(list["tasks"].as_array().unwrap().len(), listed, "{word}");
    }
}

#[tokio::test]
async fn a_busy_vendor_takes_the_prompt_after_a_while() {
    let vidu = vidu(Duration::from_millis(20), memory()).await;
    let body = json!({"model": "viduq1", "prompt": marked("rain", "busy")});
    let (status, refused) = post_to(&vidu, "/ent/v2/text2video", body.clone()).await;
    assert_eq!((status, &refused["reason"]), (429, &json!("TooManyRequests")));
    while post_to(&vidu, "/ent/v2/text2video", body.clone()).await.0 != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn strangers_call_back_with_a_lie_that_nobody_signed() {
    for (prompt, lie) in [("rain", "failed"), ("unlucky", "success")] {
        let mut listener = listen(vec![]).await;
        let vidu = vidu(Duration::from_millis(20), memory()).await;
        let words = "lost-callbacks,forged-callbacks";
        let address = listener.base_url().to_owned();
        create_text(&vidu, json!({"prompt": marked(prompt, words), "callback_url": address})).await;

        let (unsigned, wrong) = (listener.next().await, listener.next().await);
        assert_eq!(unsigned.json()["state"], lie);
        assert!(!unsigned.has("x-hmac-signature"));
        assert_eq!(wrong.json()["state"], lie);
        let [date, nonce] = [wrong.header("date"), wrong.header("x-request-nonce")];
        let signed = [("Date", date), ("x-request-nonce", nonce)];
        let right = signature(KEY, &address.parse().unwrap(), date, &signed);
        assert_ne!(wrong.header("x-hmac-signature"), right);
    }
}

#[tokio::test]
async fn the_truth_and_the_manners_survive_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let before = vidu(Duration::ZERO, open()).await;
    let made = create_text(&before, json!({"prompt": "rain"})).await;
    let failed = create_text(&before, json!({"prompt": marked("snow", "moderated")})).await;
    drop(before);
    let slow = vidu(FOR_EVER, open()).await;
    let bad = create_text(&slow, json!({"prompt": marked("hail", "busy-polls")})).await;
    drop(slow);

    let after = vidu(Duration::ZERO, open()).await;
    assert_eq!(get_from(&after, &format!("/ent/v2/tasks/{bad}/creations")).await.0, 429);
    let truth = after.truth().unwrap().into_iter();
    let truth: BTreeMap<_, _> = truth.map(|truth| (truth.prompt, truth.tasks)).collect();
    let rows = [("rain", &made, Some(true)), ("snow", &failed, Some(false)), ("hail", &bad, None)];
    assert_eq!(truth.len(), rows.len());
    for (prompt, id, succeeded) in rows {
        let expected = TrueTask { vendor_task_id: id.clone(), succeeded };
        assert_eq!(truth[prompt], [expected], "{prompt}");
    }
}
