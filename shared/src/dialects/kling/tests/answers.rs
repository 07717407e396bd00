//! What Kling's answers say, the documented ones and the odd ones.

use super::*;
use crate::task::{Charged, Status};

fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).expect("a response")
}

#[test]
fn a_task_that_was_taken_is_known_by_its_id_in_either_design() {
    for (name, fixture) in fixtures("create_ok") {
        let expected = Submitted::Accepted {
            vendor_task_id: fixture["expect"]["vendor_task_id"].as_str().unwrap().to_owned(),
            figures: Figures::default(),
        };
        assert_eq!(with_key().read_submitted(&answer(&fixture)), expected, "{name}");
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_code() {
    for (name, fixture) in fixtures("create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match with_key().read_submitted(&answer(&fixture)) {
            Submitted::Refused(fault) if !may_exist => fault,
            Submitted::Unknown(fault) if may_exist => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault.kind, kind(&fixture), "{name}");
        let code = fixture["expect"]["vendor_code"].to_string();
        assert_eq!(fault.code, Some(code), "{name}");
        let request_id = fixture["response"]["body"]["request_id"].as_str();
        assert_eq!(fault.request_id.as_deref(), request_id, "{name}");
    }
}

#[test]
fn the_code_decides_and_not_the_status() {
    let rows = [
        (429, 1100, FaultKind::Permission, "an account that is blocked is no rate limit"),
        (429, 1101, FaultKind::Balance, "nor are arrears"),
        (429, 1102, FaultKind::Balance, "nor is an empty pack"),
        (429, 1304, FaultKind::Permission, "nor is an address that is not on the list"),
        (429, 1302, FaultKind::RateLimited, "this is one"),
        (429, 1303, FaultKind::Concurrency, "and this is too many at once"),
        (200, 1102, FaultKind::Balance, "a relay that answers 200 to everything"),
        (500, 1301, FaultKind::Moderation, "a relay that answers 500 to everything"),
        (401, 1003, FaultKind::Credentials, "the clocks differ"),
        (401, 1004, FaultKind::Credentials, "likewise"),
        (401, 1005, FaultKind::Credentials, "a new code of a known family"),
        (403, 1199, FaultKind::Permission, "likewise"),
        (400, 1299, FaultKind::BadRequest, "likewise"),
        (429, 1399, FaultKind::RateLimited, "a family without a common meaning: the status speaks"),
        (400, 1399, FaultKind::BadRequest, "likewise"),
    ];
    for (status, code, kind, reason) in rows {
        let body = json!({"code": code, "message": "m", "request_id": "r"}).to_string();
        match with_key().read_submitted(&response(status, &body)) {
            Submitted::Refused(fault) => assert_eq!(fault.kind, kind, "{code}: {reason}"),
            other => panic!("{code}: {reason}: {other:?}"),
        }
    }
}

#[test]
fn an_id_that_is_taken_already_means_that_the_task_exists() {
    let rows = [
        ("External task id 0198a1b2 already exists", true),
        ("external_task_id exists", true),
        ("Duplicate external task id", true),
        ("external_task_id is duplicated", true),
        ("external_task_id must be unique", true),
        ("外部任务ID已存在", true),
        ("duration value '7' is invalid", false),
        ("the voice no longer exists", false),
        ("element does not exist", false),
        ("", false),
    ];
    for (message, is_unknown) in rows {
        let body = json!({"code": 1201, "message": message}).to_string();
        let read = with_key().read_submitted(&response(400, &body));
        assert_eq!(matches!(read, Submitted::Unknown(_)), is_unknown, "{message}: {read:?}");
    }
}

#[test]
fn an_answer_that_leaves_it_open_is_unknown_and_never_a_refusal() {
    let html = "<html>502 Bad Gateway</html>";
    let rows = [
        (200, r#"{"code":0,"data":{"task_status":"submitted"}}"#, "taken, but without an id"),
        (200, r#"{"code":0,"data":{"task_id":"","id":null}}"#, "an empty id"),
        (200, r#"{"code":0,"data":null}"#, "no task"),
        (200, r#"{"code":0,"data":[]}"#, "none of the tasks"),
        (200, r#"{"code":0,"data":"871"}"#, "something else"),
        (200, r#"{"code":0}"#, "nothing but good will"),
        (500, r#"{"code":0,"message":"SUCCEED"}"#, "good and bad at once"),
        (200, r#"{"message":"ok"}"#, "no code"),
        (200, r#"{"code":9999,"message":"?"}"#, "a code that we do not know"),
        (200, html, "HTML with a good status"),
        (200, "", "nothing at all"),
        (200, "null", "JSON, but no object"),
        (200, r#"{"code":0,"data":{"task_id":"87"#, "cut off"),
        (302, html, "a redirect, which is not followed"),
        (403, html, "a proxy's word, not Kling's"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"code":5000,"message":"m"}"#, "broken"),
        (503, r#"{"code":5001,"message":"m"}"#, "maintenance, perhaps begun a moment too late"),
        (504, r#"{"code":5002,"message":"m"}"#, "slow inside"),
        (429, r#"{"code":5002,"message":"m"}"#, "the code decides"),
        (502, html, "a proxy without its server"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    for (status, body, reason) in rows {
        let read = with_key().read_submitted(&response(status, body));
        assert!(matches!(read, Submitted::Unknown(_)), "{status} {body}: {reason}: {read:?}");
    }
}

#[test]
fn either_spelling_is_understood_in_either_answer() {
    for body in [
        r#"{"code":0,"data":{"task_id":"87","task_status":"submitted"}}"#,
        r#"{"code":0,"data":{"id":"87","status":"submitted"}}"#,
        r#"{"code":"0","data":[{"id":"87","task_status":"processing"}]}"#,
        r#"{"code":0,"data":{"id":"87","task_id":"87","status":"succeeded"}}"#,
        r#"{"code":0,"data":{"task_id":87}}"#,
        r#"{"data":{"task_id":"87","task_status":"polishing"}}"#,
    ] {
        match with_key().read_submitted(&response(200, body)) {
            Submitted::Accepted { vendor_task_id, .. } => {
                assert_eq!(vendor_task_id, "87", "{body}")
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn every_documented_state_is_understood() {
    let now = at(1_784_019_745);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let polled = with_key().read_polled(&answer(&fixture), now);
        let status = expect["unified_status"].as_str().filter(|status| *status != "unchanged");
        let Some(status) = status else {
            let (Polled::Nothing(fault) | Polled::Missing(fault)) = polled else {
                panic!("{name} says nothing: {polled:?}");
            };
            assert_eq!(fault.kind, kind(&fixture), "{name}");
            continue;
        };
        let Polled::Progress(progress) = polled else { panic!("{name}: {polled:?}") };
        assert_eq!(progress.status.as_str(), status, "{name}");
        assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        let units = expect["units"].as_str().map(|units| units.parse().expect("a number"));
        let figures =
            Figures { duration: expect["duration"].as_f64(), credits: units, ..Figures::default() };
        assert_eq!(progress.figures, figures, "{name}");
        let is_success = progress.status == Status::Succeeded;
        let expires_at = is_success.then(|| now + jiff::SignedDuration::from_hours(720));
        assert_eq!(progress.url_expires_at, expires_at, "{name}: thirty days");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Kling, Charged::No);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::No, "{name}: only success costs");
                assert!(error.vendor.is_some_and(|vendor| vendor.message.is_some()), "{name}");
            }
            (status, error) => {
                assert_eq!((status == Status::Failed, error), (false, None), "{name}")
            }
        }
    }
}

#[test]
fn an_odd_answer_to_a_look_never_fails_a_task() {
    let video = r#"{"url":"https://v.example/1.mp4"}"#;
    let rows = [
        (json!({"status":"polishing"}), Some(Status::Processing), "a new word"),
        (
            json!({"task_status":"succeeded","outputs":[{"type":"video","url":"https://v.example/1.mp4"}]}),
            Some(Status::Succeeded),
            "words of both",
        ),
        (
            json!({"status":"succeed","task_result":{"videos":[{"url":"https://v.example/1.mp4","duration":5}]}}),
            Some(Status::Succeeded),
            "the other way round",
        ),
        (
            json!({"status":"succeeded","outputs":[{"type":"image","url":"https://v.example/1.png"},{"type":"video","url":"https://v.example/1.mp4","duration":"soon"}]}),
            Some(Status::Succeeded),
            "a cover first, no figures",
        ),
        (
            json!({"task_status":"succeed","task_result":{"videos":[{"url":""},{"url":"https://v.example/1.mp4"}]},"billing":"free","final_unit_deduction":{}}),
            Some(Status::Succeeded),
            "figures that are none",
        ),
        (
            json!({"task_status":"processing","task_result":null,"task_info":[]}),
            Some(Status::Processing),
            "null",
        ),
        (
            json!({"task_status":"succeed","task_result":{}}),
            Some(Status::Failed),
            "success without a video",
        ),
        (json!({"task_status":"failed"}), Some(Status::Failed), "failed without a word"),
        (json!({"task_id":"871"}), None, "no status"),
    ];
    for (task, expected, reason) in rows {
        for data in [task.clone(), json!([task])] {
            let body = json!({"code": 0, "data": data}).to_string();
            let Some(expected) = expected else {
                let polled = with_key().read_polled(&response(200, &body), at(0));
                assert!(matches!(polled, Polled::Nothing(_)), "{body}: {reason}");
                continue;
            };
            let Polled::Progress(progress) = with_key().read_polled(&response(200, &body), at(0))
            else {
                panic!("{body}: {reason}")
            };
            assert_eq!(progress.status, expected, "{body}: {reason}");
            let url = (expected == Status::Succeeded).then_some("https://v.example/1.mp4");
            assert_eq!(progress.url.as_deref(), url, "{body}: {reason}");
        }
    }
    let silent = [
        (200, "{}", "no code"),
        (200, r#"{"code":0,"data":[]}"#, "the new design knows no such task yet"),
        (400, r#"{"code":1201,"message":"Task not found by id/external id: 1"}"#, "nor the old"),
        (401, r#"{"code":1002,"message":"m"}"#, "the operator's trouble, not the task's"),
        (429, r#"{"code":1302,"message":"m"}"#, "busy"),
        (500, r#"{"code":5000,"message":"m"}"#, "broken"),
        (200, "<html>", "HTML"),
        (200, video, "a video, but no task"),
        (200, "", "nothing"),
    ];
    for (status, body, reason) in silent {
        let polled = with_key().read_polled(&response(status, body), at(0));
        assert!(!matches!(polled, Polled::Progress(_)), "{body}: {reason}: {polled:?}");
    }
}

#[test]
fn why_a_task_failed_is_told_in_words_only() {
    let rows = [
        ("Failure to pass the risk control system", "content_policy_violation"),
        ("The output violates our Content Policy", "content_policy_violation"),
        ("内容触发风控", "content_policy_violation"),
        ("input image resolution or aspect ratio invalid", "vendor_rejected_request"),
        ("Failed to download the picture", "vendor_rejected_request"),
        ("Internal error, please try again", "vendor_failed"),
        ("", "vendor_failed"),
    ];
    for (message, code) in rows {
        for task in [
            json!({"task_status": "failed", "task_status_msg": message}),
            json!({"status": "failed", "message": message}),
        ] {
            let body = json!({"code": 0, "message": "SUCCEED", "data": task}).to_string();
            let Polled::Progress(progress) = with_key().read_polled(&response(200, &body), at(0))
            else {
                panic!("{message}")
            };
            let error = progress.error.expect("an error");
            assert_eq!(error.code.as_str(), code, "{message}");
            assert_eq!(error.charged, Charged::No, "{message}");
        }
    }
}

#[test]
fn what_was_deducted_is_believed() {
    let rows = [
        ("failed", json!({"final_unit_deduction": "1.5"}), Some(1.5), Charged::Yes, "units"),
        ("failed", json!({"final_unit_deduction": "0"}), Some(0.0), Charged::No, "none"),
        ("failed", json!({"final_unit_deduction": ""}), None, Charged::No, "nothing said"),
        (
            "failed",
            json!({"final_balance_deduction": {"quota": "0.21", "list_price": "0.28"}}),
            None,
            Charged::Yes,
            "money is no unit",
        ),
        (
            "failed",
            json!({"billing": [{"charge_type": "unit", "amount": "2"}, {"charge_type": "unit", "amount": 0.5}]}),
            Some(2.5),
            Charged::Yes,
            "several packs",
        ),
        (
            "failed",
            json!({"billing": [{"charge_type": "cash", "amount": "0.21", "currency": "USD"}]}),
            None,
            Charged::Yes,
            "money again",
        ),
        ("failed", json!({"billing": []}), None, Charged::No, "an empty bill"),
        ("succeed", json!({}), None, Charged::Unknown, "success costs, but the video is missing"),
    ];
    for (status, more, credits, charged, reason) in rows {
        let mut task = json!({"task_status": status});
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({"code": 0, "data": task}).to_string();
        let Polled::Progress(progress) = with_key().read_polled(&response(200, &body), at(0))
        else {
            panic!("{reason}")
        };
        assert_eq!(progress.figures.credits, credits, "{reason}");
        assert_eq!(progress.error.expect("an error").charged, charged, "{reason}");
    }
}
