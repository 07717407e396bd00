//! Vidu's dialect against `fixtures/`: one exchange or callback each, and the
//! signatures that other people's code made.

mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::{self, answer, callback_headers, kind};
use crate::task::{Charged, Fault, Status, Vendor};

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures("vidu", prefix)
}

fn vidu(api_key: &str) -> Vidu {
    serde_json::from_value(json!({ "api_key": api_key })).expect("an account")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

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
        assert_eq!(vidu("key").read_submitted(&answer(&fixture)), expected, "{name}");
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_reason() {
    for (name, fixture) in fixtures("create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match vidu("key").read_submitted(&answer(&fixture)) {
            Submitted::Refused(fault) if !may_exist => fault,
            Submitted::Unknown(fault) if may_exist => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault.kind, kind(&fixture), "{name}");
        assert_eq!(fault.code.as_deref(), fixture["expect"]["vendor_code"].as_str(), "{name}");
        assert_eq!(
            fault.request_id.as_deref(),
            fixture["response"]["body"]["metadata"]["trace_id"].as_str(),
            "{name}"
        );
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
        (302, html, "a redirect, which is not followed"),
        (400, html, "a proxy's word, not Vidu's"),
        (403, html, "likewise"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"reason":"Surprise","message":"x"}"#, "a reason that we do not know"),
        (502, html, "a proxy without its server"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    for (status, body, reason) in rows {
        let answer = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        let read = vidu("key").read_submitted(&answer);
        assert!(matches!(read, Submitted::Unknown(_)), "{status} {body}: {reason}: {read:?}");
    }
}

#[test]
fn a_reason_that_we_do_not_know_is_sorted_by_its_status() {
    let rows = [
        (400, FaultKind::BadRequest),
        (401, FaultKind::Credentials),
        (402, FaultKind::Balance),
        (403, FaultKind::Permission),
        (422, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        let body = Bytes::from_static(br#"{"code":1,"reason":"Novelty","message":"m"}"#);
        let answer = Response::builder().status(status).body(body).unwrap();
        match vidu("key").read_submitted(&answer) {
            Submitted::Refused(fault) => assert_eq!(fault.kind, kind, "{status}"),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn a_task_that_was_taken_is_taken_whatever_else_the_answer_says() {
    for body in [
        r#"{"task_id":"839","state":"created","reason":"Accepted"}"#,
        r#"{"task_id":839,"seed":"77","credits":"80","duration":"5","state":null}"#,
    ] {
        let read = vidu("key").read_submitted(&Response::new(Bytes::from(body)));
        let Submitted::Accepted { vendor_task_id, .. } = read else { panic!("{body}: {read:?}") };
        assert_eq!(vendor_task_id, "839", "{body}");
    }
}

#[test]
fn a_relay_that_answers_200_with_an_error_is_understood() {
    let body = Bytes::from_static(br#"{"reason":"CreditInsufficient","message":"m"}"#);
    match vidu("key").read_submitted(&Response::new(body)) {
        Submitted::Refused(fault) => assert_eq!(fault.kind, FaultKind::Balance),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_documented_state_is_understood() {
    let now = at(1_784_019_722);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let polled = vidu("key").read_polled(&answer(&fixture), now);
        let Some(status) = expect["unified_status"].as_str() else {
            assert!(!matches!(polled, Polled::Progress(_)), "{name} says nothing: {polled:?}");
            continue;
        };
        let Polled::Progress(progress) = polled else { panic!("{name}: {polled:?}") };
        assert_eq!(progress.status.as_str(), status, "{name}");
        assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        assert_eq!(progress.figures.duration, expect["duration"].as_f64(), "{name}");
        assert_eq!(progress.figures.fps, expect["fps"].as_f64(), "{name}");
        assert_eq!(progress.figures.width.map(u64::from), expect["width"].as_u64(), "{name}");
        assert_eq!(progress.figures.height.map(u64::from), expect["height"].as_u64(), "{name}");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Vidu, Charged::No);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::No, "{name}: the credits came back");
                let vendor = error.vendor.expect("the vendor's words");
                assert_eq!(vendor.code.as_deref(), expect["vendor_code"].as_str(), "{name}");
            }
            (status, error) => {
                assert_eq!((status == Status::Failed, error), (false, None), "{name}")
            }
        }
    }
}

#[test]
fn an_odd_answer_to_a_look_never_fails_a_task() {
    let rows = [
        (200, r#"{"state":"polishing"}"#, Some(Status::Processing), "a new word"),
        (200, r#"{"state":"scheduled"}"#, Some(Status::Queued), "seen in one error text"),
        (
            200,
            r#"{"state":"processing","progress":40,"creations":null}"#,
            Some(Status::Processing),
            "null",
        ),
        (
            200,
            r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4"}]}"#,
            Some(Status::Succeeded),
            "no figures",
        ),
        (
            200,
            r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4","video":"soon"}]}"#,
            Some(Status::Succeeded),
            "figures that are none",
        ),
        (
            200,
            r#"{"state":"success","creations":[]}"#,
            Some(Status::Failed),
            "success without a video",
        ),
        (200, r#"{"state":"failed","err_code":"Novelty"}"#, Some(Status::Failed), "a new code"),
        (
            200,
            r#"{"state":"success","reason":"OK","creations":[7,{"url":5},{"url":"https://v.example/1.mp4"}]}"#,
            Some(Status::Succeeded),
            "odd company",
        ),
        (200, r#"{"state":"success","creations":{}}"#, Some(Status::Failed), "no list"),
        (200, "{}", None, "no state"),
        (200, "<html>", None, "HTML"),
        (200, "", None, "nothing"),
        (404, r#"{"reason":"TaskNotFound"}"#, None, "not there yet, perhaps"),
        (401, r#"{"reason":"Unauthorized"}"#, None, "the operator's trouble, not the task's"),
        (429, r#"{"reason":"TooManyRequests"}"#, None, "busy"),
        (500, r#"{"reason":"InternalServiceFailure"}"#, None, "broken"),
    ];
    for (status, body, expected, reason) in rows {
        let answer = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        let read = match vidu("key").read_polled(&answer, at(0)) {
            Polled::Progress(progress) => Some(progress.status),
            Polled::Missing(_) | Polled::Nothing(_) => None,
        };
        assert_eq!(read, expected, "{body}: {reason}");
    }
}

#[test]
fn the_link_is_promised_for_the_shorter_of_the_documented_times() {
    let body = Bytes::from_static(
        br#"{"state":"success","creations":[{"url":"https://v.example/1.mp4"}]}"#,
    );
    let Polled::Progress(progress) = vidu("key").read_polled(&Response::new(body), at(1000)) else {
        panic!("progress")
    };
    assert_eq!(progress.url_expires_at, Some(at(1000 + 3600)));
}

#[test]
fn a_look_names_the_task_in_the_path_and_cannot_be_led_elsewhere() {
    let rows = [
        ("839120458812739584", "https://api.vidu.com/ent/v2/tasks/839120458812739584/creations"),
        ("../credits?x=1", "https://api.vidu.com/ent/v2/tasks/..%2Fcredits%3Fx%3D1/creations"),
    ];
    for (vendor_task_id, uri) in rows {
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let request = vidu("key").poll(&handle, at(0));
        assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", uri));
        assert_eq!(request.headers()["authorization"], "Token key");
    }
}

fn verify(case: &Value, api_key: &str, now: i64) -> Result<(), CallbackRefused> {
    let callback = Callback {
        path: case["path"].as_str().expect("a path"),
        query: case["raw_query"].as_str().expect("a query"),
        headers: &callback_headers(&case["headers"]),
        body: b"not covered",
    };
    vidu(api_key).verify_callback(&callback, at(now))
}

#[test]
fn signatures_made_by_other_peoples_code_hold_or_fail_as_they_should() {
    let (_, vectors) = fixtures("callback_signatures").remove(0);
    let cases = ["/cases", "/verification/cases"].map(|at| vectors.pointer(at).expect("cases"));
    for case in cases.into_iter().flat_map(|cases| cases.as_array().expect("cases")) {
        let name = case["name"].as_str().expect("a name");
        let key = case["api_key"].as_str().expect("a key");
        let verdict = verify(case, key, case["now_unix"].as_i64().expect("a time"));
        let expected = match case["expected"]["reason"].as_str() {
            None => Ok(()),
            Some("signature_mismatch") => Err(CallbackRefused::Mismatch),
            Some("timestamp_out_of_range") => Err(CallbackRefused::Stale),
            Some(reason) if reason.starts_with("missing") => Err(CallbackRefused::Unsigned),
            Some(other) => panic!("unknown reason {other}"),
        };
        assert_eq!(verdict, expected, "{name}");
    }
}

#[test]
fn a_ring_is_believed_when_signed_and_not_otherwise() {
    for (name, fixture) in fixtures("callback_") {
        let Some(key) = fixture.pointer("/verify_with/api_key").and_then(Value::as_str) else {
            continue;
        };
        let now = fixture["verify_with"]["now_unix"].as_i64().unwrap();
        let expected =
            if name.ends_with("unsigned") { Err(CallbackRefused::Unsigned) } else { Ok(()) };
        assert_eq!(verify(&fixture["callback"], key, now), expected, "{name}");
        assert!(verify(&fixture["callback"], "another-key", now).is_err(), "{name}");
    }
}

#[test]
fn an_account_is_checked_and_its_key_never_printed() {
    let read = |account: Value| serde_json::from_value::<Vidu>(account);
    let account =
        read(json!({"api_key":"vda_secret","base_url":"http://127.0.0.1:9/vidu/"})).unwrap();
    assert!(!format!("{account:?}").contains("vda_secret"));
    assert_eq!(account.account.base_url.join("/ent/v2/x"), "http://127.0.0.1:9/vidu/ent/v2/x");
    for (account, reason) in [
        (json!({}), "no key"),
        (json!({"api_key":""}), "an empty key"),
        (json!({"api_key":"a b"}), "a key that fits no header"),
        (json!({"api_key":"k","base_url":"api.vidu.com"}), "no scheme"),
        (json!({"api_key":"k","secret":"s"}), "a member nobody reads"),
    ] {
        assert!(read(account).is_err(), "{reason}");
    }
}

#[test]
fn a_lost_submission_is_found_by_its_note_alone() {
    let task_id = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("an id");
    let search = |payload, hint| Search {
        task_id: &task_id,
        endpoint: "text2video",
        created_at: at(1_784_019_600),
        payload,
        hint,
        page: None,
    };
    let list = r#"{"tasks":[{"id":"1","payload":"x"},{"id":"2","payload":"0198a1b2c3d47e5f8a9b0c1d2e3f4a5b"}]}"#;
    let one = r#"{"id":"3","payload":"order 17","state":"success"}"#;
    let rows = [
        (search(None, None), 200, list, Some("2"), "our note is our id"),
        (search(Some(""), None), 200, list, Some("2"), "an empty note is none"),
        (search(Some("x"), None), 200, list, None, "a client's note may stand on many"),
        (
            search(Some("order 17"), Some("3")),
            200,
            one,
            Some("3"),
            "named by a callback, and the note fits",
        ),
        (
            search(Some("order 18"), Some("3")),
            200,
            one,
            None,
            "named by a callback, but somebody else's",
        ),
        (search(Some("order 17"), Some("4")), 200, one, None, "another task than was asked for"),
        (search(None, None), 200, r#"{"tasks":[]}"#, None, "not there proves nothing"),
        (search(None, None), 200, "<html>", None, "HTML"),
        (search(None, None), 500, list, None, "broken"),
    ];
    for (search, status, body, found, reason) in rows {
        let answer = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        let read = match vidu("key").read_found(&answer, &search) {
            Found::Task { vendor_task_id, .. } => Some(vendor_task_id),
            Found::Absent => panic!("{reason}: Vidu's list never proves that"),
            Found::More(_) => panic!("{reason}: no page comes next"),
            Found::Unlisted | Found::Nothing(_) => None,
        };
        assert_eq!(read.as_deref(), found, "{reason}");
    }
    let request = vidu("key").find(&search(None, None), at(0)).expect("Vidu can be asked");
    assert_eq!(
        request.uri().path_and_query().expect("a path").as_str(),
        "/ent/v2/tasks?created_at.from=2026-07-14T08%3A58%3A00Z&created_at.to=2026-07-14T09%3A02%3A00Z&pager.pagesz=100"
    );
    let page =
        Bytes::from_static(br#"{"tasks":[{"id":"1","payload":"x"}],"next_page_token":"p 2"}"#);
    let read = vidu("key").read_found(&Response::new(page), &search(None, None));
    assert_eq!(read, Found::More("p 2".to_owned()));
    let next = Search { page: Some("p 2"), ..search(None, None) };
    let request = vidu("key").find(&next, at(0)).expect("Vidu can be asked");
    assert!(request.uri().query().expect("a query").ends_with("&pager.page_token=p%202"));
    let request = vidu("key").find(&search(None, Some("3")), at(0)).expect("Vidu can be asked");
    assert_eq!(request.uri().path(), "/ent/v2/tasks/3/creations");
}
