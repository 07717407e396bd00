//! Cancels, and what their answers say.

use super::*;

#[test]
fn a_cancel_names_the_task_twice_and_cannot_be_led_elsewhere() {
    let rows = [
        ("839120458812739584", "https://api.vidu.com/ent/v2/tasks/839120458812739584/cancel"),
        ("../credits?x=1", "https://api.vidu.com/ent/v2/tasks/..%2Fcredits%3Fx%3D1/cancel"),
    ];
    for (vendor_task_id, uri) in rows {
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let request = vidu("key").cancel(&handle, at(0)).expect("Vidu can stop tasks");
        assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", uri));
        assert_eq!(request.headers()["authorization"], "Token key");
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        assert_eq!(body, json!({ "id": vendor_task_id }));
    }
}

#[test]
fn the_documented_answers_to_a_cancel_are_understood() {
    for (name, fixture) in fixtures("cancel_") {
        let request = &fixture["request"];
        let vendor_task_id = request["body"]["id"].as_str().expect("an id");
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let made = vidu("key").cancel(&handle, at(0)).expect("Vidu can stop tasks");
        assert_eq!(request["path"], made.uri().path(), "{name}");
        let body: Value = serde_json::from_slice(made.body()).expect("JSON");
        assert_eq!(request["body"], body, "{name}");
        let cancelled = vidu("key").read_cancelled(&answer(&fixture));
        let is_stopped = fixture["expect"]["then"].is_string();
        match cancelled {
            Cancelled::Stopped => assert!(is_stopped, "{name}"),
            Cancelled::TooLate(fault) => {
                assert!(!is_stopped && fault.code.as_deref() == Some("BadRequest"), "{name}");
            }
            Cancelled::Nothing(fault) => panic!("{name}: {fault:?}"),
        }
    }
}

#[test]
fn only_vidus_own_words_say_that_it_is_too_late_or_done() {
    let rows = [
        (200, "{}", Some(true), "as documented"),
        (204, "{}", Some(true), "all 2xx are alike"),
        (200, r#"{"state":"failed"}"#, Some(true), "with more than was promised"),
        (200, r#"{"code":400,"reason":"BadRequest"}"#, Some(false), "a relay's 200"),
        (400, r#"{"reason":"UserCancelled"}"#, Some(false), "somebody was first"),
        (404, r#"{"reason":"TaskNotFound"}"#, Some(false), "a poll tells"),
        (409, r#"{"reason":"Conflict"}"#, Some(false), "a conflict"),
        (200, "<html>", None, "a page"),
        (200, "", None, "nothing"),
        (200, "[]", None, "no object"),
        (400, "{}", None, "somebody between us"),
        (404, "not found", None, "a web server's"),
        (401, r#"{"reason":"Unauthorized"}"#, None, "the operator's trouble"),
        (429, r#"{"reason":"TooManyRequests"}"#, None, "later"),
        (500, r#"{"reason":"InternalServiceFailure"}"#, None, "broken"),
        (502, "<html>", None, "an edge"),
    ];
    for (status, body, expected, why) in rows {
        let said = match vidu("key").read_cancelled(&response(status, body)) {
            Cancelled::Stopped => Some(true),
            Cancelled::TooLate(_) => Some(false),
            Cancelled::Nothing(_) => None,
        };
        assert_eq!(said, expected, "{why}");
    }
}
