//! Answers to submissions.

use super::*;
use crate::dialects::testing::checks::{
    check_new_codes, check_refusals, check_unknown, check_wait,
};

#[test]
fn a_task_that_was_taken_is_known_by_its_id() {
    for (name, fixture) in fixtures("create_ok") {
        let expected = Submitted::Accepted {
            vendor_task_id: fixture["expect"]["vendor_task_id"].as_str().unwrap().to_owned(),
            figures: Figures::default(),
        };
        assert_eq!(jimeng().read_submitted(&answer(&fixture), &task_id()), expected, "{name}");
    }
}

#[test]
fn an_id_is_text_even_when_it_is_written_as_a_number() {
    let body = r#"{"code":"10000","data":{"task_id":7526000000000000001}}"#;
    let Submitted::Accepted { vendor_task_id, .. } = read_submitted(200, body) else {
        panic!("taken");
    };
    assert_eq!(vendor_task_id, "7526000000000000001");
}

#[test]
fn every_documented_refusal_is_sorted_by_its_code() {
    check_refusals(&jimeng(), "jimeng");
}

/// What the code says counts, whatever status it comes with.
#[test]
fn every_code_of_a_submission_has_its_meaning() {
    let rows = [
        ("50215", Some(FaultKind::BadRequest), "not valid for this product"),
        ("50400", Some(FaultKind::Credentials), "not activated, not paid"),
        ("50411", Some(FaultKind::Moderation), "the image that goes in"),
        ("50412", Some(FaultKind::Moderation), "the prompt"),
        ("50413", Some(FaultKind::Moderation), "words in the prompt"),
        ("50511", Some(FaultKind::OutputModeration), "the image that comes out"),
        ("50512", Some(FaultKind::Moderation), "the text that comes out"),
        ("50516", Some(FaultKind::OutputModeration), "the video"),
        ("50517", Some(FaultKind::OutputModeration), "its sound"),
        ("50518", Some(FaultKind::Moderation), "somebody's image goes in"),
        ("50519", Some(FaultKind::OutputModeration), "somebody's image comes out"),
        ("50520", Some(FaultKind::Unavailable), "moderation broke"),
        ("50521", Some(FaultKind::Unavailable), "likewise"),
        ("50522", Some(FaultKind::Unavailable), "likewise"),
        ("50429", Some(FaultKind::RateLimited), "too many requests"),
        ("50430", Some(FaultKind::Concurrency), "too many tasks"),
        ("50500", None, "broken, perhaps after the task was made"),
        ("50501", None, "likewise"),
    ];
    for (code, expected, reason) in rows {
        for status in [200, 400, 429, 500] {
            let body = format!(r#"{{"code":{code},"data":null,"message":"m","status":{code}}}"#);
            let kind = match read_submitted(status, &body) {
                Submitted::Refused(fault) => Some(fault.kind),
                Submitted::Unknown(_) => None,
                other => panic!("{status} {code}: {other:?}"),
            };
            assert_eq!(kind, expected, "{status} {code}: {reason}");
        }
    }
}

#[test]
fn another_try_may_help_where_the_output_was_refused_and_nowhere_else() {
    let rows = [
        (50411, false, "the image that goes in"),
        (50412, false, "the prompt"),
        (50413, false, "its words"),
        (50511, true, "the image that comes out"),
        (50512, false, "the text that comes out is the prompt's"),
        (50516, true, "the video"),
        (50517, true, "its sound"),
        (50518, false, "somebody's image goes in"),
        (50519, true, "somebody's image comes out"),
    ];
    for (code, is_retryable, reason) in rows {
        let body = json!({"code": code, "data": null}).to_string();
        let Submitted::Refused(fault) = read_submitted(400, &body) else { panic!("{code}") };
        assert_eq!(fault.kind.code().is_retryable(), is_retryable, "{code}: {reason}");
        let Polled::Progress(progress) = read_polled(400, &body) else { panic!("{code}") };
        let error = progress.error.expect("it failed");
        assert_eq!(error.code.is_retryable(), is_retryable, "{code}: {reason}");
        assert_eq!(error.charged, Charged::Unknown, "{code}: Jimeng does not say");
    }
}

#[test]
fn every_code_of_the_gateway_has_its_meaning_by_name_and_by_number() {
    use FaultKind::{BadRequest, Credentials, Permission, RateLimited};
    let rows = [
        ("MissingParameter", 100_002, Some(BadRequest)),
        ("MissingAuthenticationToken", 100_003, Some(Credentials)),
        ("MissingRequestInfo", 100_004, Some(BadRequest)),
        ("MissingSignature", 100_005, Some(Credentials)),
        ("InvalidTimestamp", 100_006, Some(Credentials)),
        ("ServiceNotFound", 100_007, Some(BadRequest)),
        ("InvalidActionOrVersion", 100_008, Some(BadRequest)),
        ("InvalidAccessKey", 100_009, Some(Credentials)),
        ("SignatureDoesNotMatch", 100_010, Some(Credentials)),
        ("LackPolicy", 100_012, Some(Permission)),
        ("AccessDenied", 100_013, Some(Permission)),
        ("InternalError", 100_014, None),
        ("InternalServiceTimeout", 100_016, None),
        ("FlowLimitExceeded", 100_018, Some(RateLimited)),
    ];
    for (name, number, expected) in rows {
        let both = json!({ "Code": name, "CodeN": number, "Message": "m" });
        for error in [both, json!({ "Code": name }), json!({ "CodeN": number })] {
            let body = json!({ "ResponseMetadata": { "RequestId": "r", "Error": error } });
            // Whatever the status: a relay may answer 200 to everything.
            for status in [200, 400, 500] {
                let kind = match read_submitted(status, &body.to_string()) {
                    Submitted::Refused(fault) => Some(fault.kind),
                    Submitted::Unknown(_) => None,
                    other => panic!("{error}: {other:?}"),
                };
                assert_eq!(kind, expected, "{status} {error}");
            }
        }
    }
    for name in ["InvalidAuthorization", "InvalidCredential", "InvalidSecretToken"] {
        let body = json!({ "ResponseMetadata": { "Error": { "Code": name } } });
        let read = read_submitted(400, &body.to_string());
        assert!(matches!(read, Submitted::Refused(fault) if fault.kind == Credentials), "{name}");
    }
}

/// At once, moderation is as broken as it was.
#[test]
fn a_broken_moderation_is_worth_another_try_after_a_minute() {
    let Submitted::Refused(fault) = read_submitted(400, r#"{"code":50520}"#) else {
        panic!("refused")
    };
    let refusal = ApiError::refused_by(Vendor::Jimeng, &fault);
    assert_eq!((refusal.status().as_u16(), refusal.retry_after), (503, Some(60)));
}

#[test]
fn an_answer_that_leaves_it_open_is_unknown_and_never_a_refusal() {
    let html = "<html>502 Bad Gateway</html>";
    let rows = [
        (200, r#"{"code":10000,"data":null,"message":"Success"}"#, "taken, but without data"),
        (200, r#"{"code":10000,"data":{}}"#, "taken, but without an id"),
        (200, r#"{"code":10000,"data":{"task_id":""}}"#, "an empty id"),
        (200, r#"{"code":10000,"data":{"task_id":null}}"#, "no id"),
        (200, r#"{"code":10000,"data":[]}"#, "a list"),
        (200, r#"{"code":50999,"message":"x"}"#, "a code that we do not know"),
        (200, "{}", "an empty object"),
        (200, "[]", "no object"),
        (200, html, "HTML with a good status"),
        (200, "", "nothing at all"),
        (200, r#"{"code":10000,"data":{"task_id":"75"#, "cut off"),
        (200, r#"{"ResponseMetadata":{"RequestId":"r"}}"#, "the gateway without a result"),
        (200, r#"{"ResponseMetadata":{"Error":{"Code":"Novelty"}}}"#, "its code is new"),
        (302, html, "a redirect, which is not followed"),
        (400, html, "an edge's word, not Jimeng's"),
        (400, r#"{"error":"a relay's"}"#, "likewise"),
        (400, r#"{"code":400,"message":"bad request"}"#, "likewise"),
        (402, r#"{"error":"a relay's"}"#, "likewise"),
        (400, r#"{"ResponseMetadata":{"Error":{}}}"#, "a gateway without a code"),
        (404, html, "likewise"),
        (404, r#"{"message":"no Route matched with those values"}"#, "likewise"),
        (404, r#"{"code":60404,"message":"not found"}"#, "no code of Jimeng's"),
        (499, html, "gave up waiting"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"code":50999}"#, "a code that we do not know"),
        (502, html, "a proxy without its server"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    check_unknown(&jimeng(), &rows);
}

#[test]
fn a_code_that_we_do_not_know_is_sorted_by_its_status() {
    let gateway = r#"{"ResponseMetadata":{"Error":{"Code":"Novelty","CodeN":100999}}}"#;
    check_new_codes(&jimeng(), &[r#"{"code":50999,"message":"m"}"#, gateway]);
}

#[test]
fn what_stays_open_keeps_the_vendors_name_for_the_exchange() {
    let answer = r#"{"code":10000,"request_id":"r-1","data":{}}"#;
    let Submitted::Unknown(fault) = read_submitted(200, answer) else { panic!("no id") };
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[test]
fn the_seconds_that_jimeng_asks_us_to_wait_are_read() {
    check_wait(&jimeng(), r#"{"code":50430,"message":"m"}"#);
}

#[test]
fn an_answer_without_a_code_is_told_in_its_own_words_or_in_ours() {
    let rows = [
        (r#"{"message":"no Route"}"#, Some("no Route")),
        (r#"{"code":50999}"#, None),
        (r#"{"code":50999,"message":"m"}"#, Some("m")),
        ("{}", Some("the answer has no code")),
    ];
    for (body, message) in rows {
        let Submitted::Unknown(fault) = read_submitted(500, body) else { panic!("{body}") };
        assert_eq!(fault.message.as_deref(), message, "{body}");
    }
}
