//! Answers to submissions.

use super::*;
use crate::dialects::testing::checks::{check_refusals, check_unknown, check_wait};

#[test]
fn a_task_that_was_taken_is_known_by_its_id_in_either_design() {
    for (name, fixture) in fixtures("create_ok") {
        let expected = Submitted::Accepted {
            vendor_task_id: fixture["expect"]["vendor_task_id"].as_str().unwrap().to_owned(),
            figures: Figures::default(),
        };
        assert_eq!(with_key().read_submitted(&answer(&fixture), &task_id()), expected, "{name}");
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
        match read_submitted(200, body) {
            Submitted::Accepted { vendor_task_id, .. } => {
                assert_eq!(vendor_task_id, "87", "{body}")
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_code() {
    check_refusals(&with_key(), "kling");
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
        (200, 1302, FaultKind::RateLimited, "likewise"),
        (200, 1303, FaultKind::Concurrency, "likewise"),
        (500, 1301, FaultKind::Moderation, "a relay that answers 500 to everything"),
        (401, 1003, FaultKind::Credentials, "the clocks differ"),
        (401, 1004, FaultKind::Credentials, "likewise"),
        (401, 1005, FaultKind::Credentials, "a new code of a known family"),
        (403, 1199, FaultKind::Permission, "likewise"),
        (400, 1299, FaultKind::BadRequest, "likewise"),
        (429, 1399, FaultKind::RateLimited, "a family without a common meaning: the status speaks"),
        (400, 1399, FaultKind::BadRequest, "likewise"),
        (404, 1399, FaultKind::BadRequest, "likewise"),
        (200, 1002, FaultKind::Credentials, "a relay that answers 200 to everything"),
        (200, 1103, FaultKind::Permission, "likewise"),
        (200, 1201, FaultKind::BadRequest, "likewise"),
        (404, 1203, FaultKind::BadRequest, "a model that is gone"),
    ];
    for (status, code, kind, reason) in rows {
        let body = json!({"code": code, "message": "m", "request_id": "r"}).to_string();
        match read_submitted(status, &body) {
            Submitted::Refused(fault) => assert_eq!(fault.kind, kind, "{code}: {reason}"),
            other => panic!("{code}: {reason}: {other:?}"),
        }
    }
}

#[test]
fn an_id_that_is_taken_already_means_that_the_task_exists() {
    let rows = [
        ("External task id 0198a1b2 already exists", true),
        ("0198a1b2c3d47e5f8a9b0c1d2e3f4a5b was seen before", true),
        ("external_task_id exists", true),
        ("Duplicate external task id", true),
        ("external_task_id is duplicated", true),
        ("external_task_id must be unique", true),
        ("外部任务ID已存在", true),
        ("image_tail is in conflict with camera_control", false),
        ("camera_control already exists", false),
        ("the element name is already in use", false),
        ("external_task_id is too long", false),
        ("the external element does not exist", false),
        ("duration value '7' is invalid", false),
        ("the voice no longer exists", false),
        ("element does not exist", false),
        ("", false),
    ];
    for (message, is_unknown) in rows {
        let body = json!({"code": 1201, "message": message}).to_string();
        let read = read_submitted(400, &body);
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
        (500, r#"{"data":{"task_id":"87"}}"#, "no code, and broken"),
        (200, r#"{"code":9999,"message":"?"}"#, "a code that we do not know"),
        (200, html, "HTML with a good status"),
        (200, "", "nothing at all"),
        (200, "null", "JSON, but no object"),
        (200, r#"{"code":0,"data":{"task_id":"87"#, "cut off"),
        (200, r#"{"code":0,"data":[{"id":"86"},{"id":"87"}]}"#, "one too many"),
        (
            200,
            r#"{"code":0,"data":{"task_id":"87","task_info":{"external_task_id":"0198"}}}"#,
            "another task",
        ),
        (200, r#"{"code":0,"data":{"id":"87","external_id":"0198"}}"#, "likewise"),
        (302, html, "a redirect, which is not followed"),
        (400, html, "an edge's word, not Kling's"),
        (400, r#"{"code":400,"message":"bad request"}"#, "likewise"),
        (402, r#"{"error":"a relay's"}"#, "likewise"),
        (404, html, "likewise"),
        (404, r#"{"message":"no Route matched with those values"}"#, "likewise"),
        (418, "I am a teapot", "likewise"),
        (429, r#"{"code":0,"message":"SUCCEED"}"#, "good and bad at once"),
        (499, html, "gave up waiting"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"code":5000,"message":"m"}"#, "broken"),
        (503, r#"{"code":5001,"message":"m"}"#, "maintenance, perhaps begun a moment too late"),
        (504, r#"{"code":5002,"message":"m"}"#, "slow inside"),
        (429, r#"{"code":5002,"message":"m"}"#, "the code decides"),
        (502, html, "a proxy without its server"),
        (500, html, "broken"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    check_unknown(&with_key(), &rows);
}

#[test]
fn what_stays_open_keeps_the_vendors_name_for_the_exchange() {
    let answer = r#"{"code":0,"request_id":"r-1","data":{"task_status":"submitted"}}"#;
    let Submitted::Unknown(fault) = read_submitted(200, answer) else { panic!("no id") };
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[test]
fn the_seconds_that_kling_asks_us_to_wait_are_read() {
    check_wait(&with_key(), r#"{"code":1303,"message":"m"}"#);
}
