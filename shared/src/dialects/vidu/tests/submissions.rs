//! Answers to submissions.

use super::*;
use crate::dialects::testing::checks::{
    check_new_codes, check_refusals, check_unknown, check_wait,
};

#[test]
fn a_task_that_was_taken_is_known_by_id_seed_and_credits() {
    for (name, fixture) in fixtures("create_ok") {
        let body = &fixture["response"]["body"];
        let expected = Submitted::Accepted {
            vendor_task_id: fixture["expect"]["vendor_task_id"].as_str().unwrap().to_owned(),
            figures: Figures {
                seed: fixture["expect"]["seed"].as_i64(),
                duration: body["duration"].as_f64(),
                credits: body["credits"].as_f64(),
                ..Figures::default()
            },
        };
        assert_eq!(vidu("key").read_submitted(&answer(&fixture), &task_id()), expected, "{name}");
    }
}

#[test]
fn a_task_that_was_taken_is_taken_whatever_else_the_answer_says() {
    for body in [
        r#"{"task_id":"839","state":"created","reason":"Accepted"}"#,
        r#"{"task_id":839,"seed":"77","credits":"80","duration":"5","state":null}"#,
    ] {
        let read = read_submitted(200, body);
        let Submitted::Accepted { vendor_task_id, .. } = read else { panic!("{body}: {read:?}") };
        assert_eq!(vendor_task_id, "839", "{body}");
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_reason() {
    check_refusals(&vidu("key"), "vidu");
}

/// What the reason says counts, whatever status it comes with.
#[test]
fn every_reason_of_a_refusal_has_its_meaning() {
    use FaultKind::{
        BadRequest, Balance, Concurrency, Credentials, Moderation, NotFound, Permission,
        RateLimited, Unavailable,
    };
    let rows = [
        (BadRequest, &["BadRequest", "FieldLacking", "FieldInvalid", "FieldUnwanted"][..]),
        (BadRequest, &["FieldItemCountOutOfRange", "PageSizeOutOfRange", "ModelUnavailable"]),
        (BadRequest, &["ImageDownloadFailure", "ImageFormatInvalid", "ImageCheckFaceFailed"]),
        (BadRequest, &["ImageCheckBodyJointsFailed", "ImageObjectsUndetected"]),
        (Moderation, &["TaskPromptPolicyViolation", "AuditSubmitIllegal"]),
        (Moderation, &["CreationPolicyViolation"]),
        (Balance, &["CreditInsufficient"]),
        (Credentials, &["Unauthorized"]),
        (Permission, &["Forbidden"]),
        (NotFound, &["TaskNotFound", "CreationNotFound", "NotFound"]),
        (Unavailable, &["OperationInProcess", "Conflict"]),
        (Concurrency, &["QuotaExceeded"]),
        (RateLimited, &["TooManyRequests", "SystemThrottling"]),
        (FaultKind::Cancelled, &["UserCancelled"]),
    ];
    for (kind, reasons) in rows {
        for (reason, status) in reasons.iter().flat_map(|it| [200, 400, 500].map(|to| (it, to))) {
            let read = read_submitted(status, &json!({ "reason": reason }).to_string());
            let is_refused = matches!(&read, Submitted::Refused(fault) if fault.kind == kind);
            assert!(is_refused, "{status} {reason}: {read:?}");
        }
    }
    for reason in ["Canceled", "InternalServiceFailure"] {
        for status in [200, 400, 500] {
            let read = read_submitted(status, &json!({ "reason": reason }).to_string());
            let is_open =
                matches!(&read, Submitted::Unknown(fault) if fault.kind == FaultKind::Internal);
            assert!(is_open, "{status} {reason}: {read:?}");
        }
    }
}

#[test]
fn a_relay_that_answers_200_with_an_error_is_understood() {
    match read_submitted(200, r#"{"reason":"CreditInsufficient","message":"m"}"#) {
        Submitted::Refused(fault) => assert_eq!(fault.kind, FaultKind::Balance),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_that_leaves_it_open_is_unknown_and_never_a_refusal() {
    let html = "<html>502 Bad Gateway</html>";
    let rows = [
        (200, r#"{"state":"created"}"#, "taken, but without an id"),
        (200, r#"{"task_id":"","state":"created"}"#, "an empty id"),
        (200, r#"{"task_id":null}"#, "no id"),
        (200, html, "HTML with a good status"),
        (200, "", "nothing at all"),
        (200, r#"{"task_id":"83"#, "cut off"),
        (200, r#"{"task_id":"839","payload":"0198"}"#, "another task"),
        (200, r#"{"reason":"Novelty"}"#, "a reason that we do not know, and a good status"),
        (302, html, "a redirect, which is not followed"),
        (400, html, "an edge's word, not Vidu's"),
        (400, r#"{"code":400,"message":"bad request"}"#, "likewise"),
        (402, r#"{"error":"a relay's"}"#, "likewise"),
        (404, html, "likewise"),
        (404, r#"{"message":"no Route matched with those values"}"#, "likewise"),
        (409, "{}", "likewise"),
        (404, r#"["FieldInvalid"]"#, "a list, which is no error of Vidu's"),
        (499, r#"{"reason":"Novelty"}"#, "gave up waiting"),
        (500, r#"{"task_id":"839"}"#, "good and bad at once"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"reason":"Surprise","message":"x"}"#, "a reason that we do not know"),
        (502, html, "a proxy without its server"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    check_unknown(&vidu("key"), &rows);
}

#[test]
fn a_reason_that_we_do_not_know_is_sorted_by_its_status() {
    check_new_codes(&vidu("key"), &[r#"{"code":1,"reason":"Novelty","message":"m"}"#]);
}

#[test]
fn what_stays_open_keeps_the_vendors_name_for_the_exchange() {
    let rows = [
        (200, r#"{"state":"created","request_id":"r-1"}"#),
        (500, r#"{"reason":"Novelty","metadata":{"trace_id":"r-1"}}"#),
        (500, r#"{"metadata":{"trace_id":"r-1"},"request_id":"r-2"}"#),
        (200, r#"{"task_id":"839","payload":"0198","request_id":"r-1"}"#),
    ];
    for (status, body) in rows {
        let Submitted::Unknown(fault) = read_submitted(status, body) else { panic!("{body}") };
        assert_eq!(fault.request_id.as_deref(), Some("r-1"), "{body}");
    }
}

#[test]
fn the_seconds_that_vidu_asks_us_to_wait_are_read() {
    check_wait(&vidu("key"), r#"{"reason":"QuotaExceeded"}"#);
}
