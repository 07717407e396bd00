//! Vidu as bad as it is told to be; the others differ in their words.

use std::collections::BTreeMap;

use super::*;
use crate::simulators::VendorTask;
use crate::simulators::testing::settle;

const NAMED: &str = "http://127.0.0.1:1/v1/callbacks/vidu/t";

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
    let record = &vidu.records().unwrap()[0];
    (record.submissions, record.tasks.len())
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
            json!({"model": "viduq1", "prompt": marked("rain", word), "callback_url": NAMED});
        assert_eq!(outcome(submission(&vidu, &body)).await, first, "{word}");
        assert_eq!(made(&vidu), (1, then_made), "{word}");
        assert_eq!(outcome(submission(&vidu, &body)).await, second, "{word}");
        assert_eq!(made(&vidu), (2, made_at_last), "{word}");
        let record = vidu.records().unwrap().remove(0);
        assert_eq!((record.name.as_deref(), record.prompt.as_str()), (Some(NAMED), "rain"));
    }
}

#[tokio::test]
async fn a_submission_is_not_answered_whether_it_was_made_or_not() {
    for (word, then_made) in [("timeout-before", 0), ("timeout-after", 1)] {
        let vidu = vidu(FOR_EVER, memory()).await;
        let body = json!({"model": "viduq1", "prompt": marked("rain", word)});
        let answer = tokio::spawn(submission(&vidu, &body).send());
        settle(|| !vidu.records().unwrap().is_empty() && made(&vidu) == (1, then_made)).await;
        let answer = tokio::time::timeout(Duration::from_millis(200), answer).await;
        assert!(answer.is_err(), "{word}");
        assert_eq!(made(&vidu), (1, then_made), "{word}");
    }
}

#[tokio::test]
async fn a_poll_is_refused_or_breaks_or_finds_nothing() {
    let rows = [
        ("busy-polls", "429 application/json", 1),
        ("failing-polls", "502 text/html; charset=utf-8", 1),
        ("unknown-at-first", "404 application/json", 0),
        ("endless", "200 application/json", 1),
    ];
    for (word, expected, listed) in rows {
        let vidu = vidu(FOR_EVER, memory()).await;
        let id = create_text(&vidu, json!({"prompt": marked("rain", word)})).await;
        let poll = http_client()
            .get(format!("{}/ent/v2/tasks/{id}/creations", vidu.base_url()))
            .header("authorization", format!("Token {KEY}"));
        assert_eq!(outcome(poll).await, expected, "{word}");
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
async fn others_call_back_with_a_lie_that_vidu_did_not_sign() {
    for (prompt, lie) in [("rain", "failed"), ("unlucky", "success")] {
        let mut receiver = receiver(&[]).await;
        let vidu = vidu(Duration::from_millis(20), memory()).await;
        let words = "lost-callbacks,forged-callbacks";
        let address = receiver.url().to_owned();
        create_text(&vidu, json!({"prompt": marked(prompt, words), "callback_url": address})).await;

        let (unsigned, wrong) = (receiver.called().await, receiver.called().await);
        assert_eq!(json_of(&unsigned)["state"], lie);
        assert!(!unsigned.headers().contains_key("x-hmac-signature"));
        assert_eq!(json_of(&wrong)["state"], lie);
        let [date, nonce] = ["date", "x-request-nonce"].map(|name| header(&wrong, name));
        let signed = [("Date", date), ("x-request-nonce", nonce)];
        let right = signature(KEY, &address.parse().unwrap(), date, &signed);
        assert_ne!(header(&wrong, "x-hmac-signature"), right);
    }
}

#[tokio::test]
async fn records_and_misbehaviour_survive_a_restart() {
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
    let records = after.records().unwrap().into_iter();
    let records: BTreeMap<_, _> = records.map(|record| (record.prompt, record.tasks)).collect();
    let rows = [("rain", &made, Some(true)), ("snow", &failed, Some(false)), ("hail", &bad, None)];
    assert_eq!(records.len(), rows.len());
    for (prompt, id, succeeded) in rows {
        let expected = VendorTask { vendor_task_id: id.clone(), succeeded };
        assert_eq!(records[prompt], [expected], "{prompt}");
    }
}
