//! Vidu's dialect against `fixtures/`: one exchange or callback each, and the
//! signatures that other people's code made.

mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::{self, TASK_ID, answer, callback_headers, kind, task_id};
use crate::task::{Charged, Fault, Status, Vendor};

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures("vidu", prefix)
}

fn vidu(api_key: &str) -> Vidu {
    serde_json::from_value(json!({ "api_key": api_key })).expect("an account")
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).expect("a response")
}

fn read_submitted(status: u16, body: &str) -> Submitted {
    vidu("key").read_submitted(&response(status, body), &task_id())
}

/// A poll of the task 839.
fn read_polled(status: u16, body: &str) -> Polled {
    let handle = Handle { vendor_task_id: "839", endpoint: "text2video" };
    vidu("key").read_polled(&response(status, body), &handle, at(1000))
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
        assert_eq!(vidu("key").read_submitted(&answer(&fixture), &task_id()), expected, "{name}");
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_reason() {
    for (name, fixture) in fixtures("create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match vidu("key").read_submitted(&answer(&fixture), &task_id()) {
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
    for (status, body, reason) in rows {
        let read = read_submitted(status, body);
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
        (404, FaultKind::BadRequest),
        (422, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        match read_submitted(status, r#"{"code":1,"reason":"Novelty","message":"m"}"#) {
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
        let read = read_submitted(200, body);
        let Submitted::Accepted { vendor_task_id, .. } = read else { panic!("{body}: {read:?}") };
        assert_eq!(vendor_task_id, "839", "{body}");
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
fn every_documented_state_is_understood() {
    let now = at(1_784_019_722);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let vendor_task_id = fixture["response"]["body"]["id"].as_str().unwrap_or("839");
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let polled = vidu("key").read_polled(&answer(&fixture), &handle, now);
        let Some(status) = expect["unified_status"].as_str() else {
            let is_missing =
                matches!(&polled, Polled::Missing(fault) if fault.kind == kind(&fixture));
            assert!(is_missing, "{name} says nothing of the task: {polled:?}");
            continue;
        };
        let Polled::Progress(progress) = polled else { panic!("{name}: {polled:?}") };
        assert_eq!(progress.status.as_str(), status, "{name}");
        assert_eq!(progress.unknown_status, None, "{name}: a word that we know");
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
        let read = match read_polled(status, body) {
            Polled::Progress(progress) => Some(progress.status),
            Polled::Missing(_) | Polled::Nothing(_) => None,
        };
        assert_eq!(read, expected, "{body}: {reason}");
    }
}

/// Three times missing ends a paid task, so the difference is money.
#[test]
fn a_task_is_missing_only_in_vidus_own_words() {
    let rows = [
        (404, r#"{"reason":"TaskNotFound"}"#, true, "Vidu's words"),
        (404, r#"{"reason":"CreationNotFound"}"#, true, "likewise"),
        (404, r#"{"reason":"NotFound"}"#, true, "likewise"),
        (200, r#"{"reason":"TaskNotFound"}"#, true, "by a relay that answers 200 to everything"),
        (404, r#"{"reason":"Novelty","message":"task not found"}"#, false, "a new word"),
        (404, r#"{"code":404,"message":"task not found"}"#, false, "an edge"),
        (404, r#"{"message":"no Route matched with those values"}"#, false, "likewise"),
        (404, "<html>404 Not Found</html>", false, "a web server"),
        (404, "", false, "nothing"),
        (410, "{}", false, "an edge"),
        (200, "{}", false, "no state"),
        (200, r#"{"tasks":[]}"#, false, "a list"),
        (404, r#"["TaskNotFound"]"#, false, "likewise"),
        (200, "<html>", false, "HTML"),
        (401, r#"{"reason":"Unauthorized"}"#, false, "the operator's trouble"),
        (429, r#"{"reason":"TooManyRequests"}"#, false, "busy"),
        (500, r#"{"reason":"InternalServiceFailure"}"#, false, "broken"),
    ];
    for (status, body, is_missing, reason) in rows {
        let polled = read_polled(status, body);
        let is_right = match &polled {
            Polled::Missing(_) => is_missing,
            Polled::Nothing(_) => !is_missing,
            Polled::Progress(_) => false,
        };
        assert!(is_right, "{status} {body}: {reason}: {polled:?}");
    }
}

#[test]
fn an_answer_about_another_task_is_no_news_and_no_loss() {
    let rows = [
        (r#"{"id":"838","state":"failed"}"#, false, "somebody else's"),
        (r#"{"task_id":"838","state":"failed"}"#, false, "by its other name"),
        (r#"{"id":"838","reason":"TaskNotFound"}"#, false, "somebody else's loss"),
        (r#"{"id":"839","state":"failed"}"#, true, "ours"),
        (r#"{"task_id":839,"state":"failed"}"#, true, "by its other name, as a number"),
        (r#"{"state":"failed"}"#, true, "as Vidu's own example has it"),
    ];
    for (body, is_ours, reason) in rows {
        let polled = read_polled(200, body);
        let is_right = match &polled {
            Polled::Progress(_) => is_ours,
            Polled::Nothing(fault) => !is_ours && fault.message.is_some(),
            Polled::Missing(_) => false,
        };
        assert!(is_right, "{body}: {reason}: {polled:?}");
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    testing::check_edge(read_submitted, read_polled);
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
    for body in [r#"{"reason":"QuotaExceeded"}"#, "<html>slow down</html>"] {
        let mut answer = response(429, body);
        answer.headers_mut().insert("retry-after", "17".parse().unwrap());
        let Submitted::Refused(fault) = vidu("key").read_submitted(&answer, &task_id()) else {
            panic!("{body}")
        };
        assert_eq!(fault.retry_after, Some(17), "{body}");
    }
}

#[test]
fn what_is_charged_is_known_before_the_end_and_after_a_failure() {
    let rows = [
        (r#"{"state":"processing","credits":80}"#, Some(80.0), None),
        (r#"{"state":"polishing","credits":80}"#, Some(80.0), None),
        (r#"{"state":"failed","credits":0}"#, Some(0.0), Some(Charged::No)),
        (r#"{"state":"failed","credits":"80"}"#, Some(80.0), Some(Charged::Yes)),
        (r#"{"state":"failed"}"#, None, Some(Charged::Unknown)),
        (r#"{"state":"success","credits":80,"creations":[]}"#, Some(80.0), Some(Charged::Yes)),
    ];
    for (body, credits, charged) in rows {
        let Polled::Progress(progress) = read_polled(200, body) else { panic!("{body}") };
        assert_eq!(progress.figures.credits, credits, "{body}");
        assert_eq!(progress.error.map(|error| error.charged), charged, "{body}");
    }
}

#[test]
fn the_link_is_promised_for_the_shorter_of_the_documented_times() {
    let body = r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4"}]}"#;
    let Polled::Progress(progress) = read_polled(200, body) else { panic!("progress") };
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
fn the_date_is_read_where_api_gateway_puts_it() {
    let (_, fixture) = fixtures("callback_success").remove(0);
    let key = fixture["verify_with"]["api_key"].as_str().expect("a key");
    let now = fixture["verify_with"]["now_unix"].as_i64().expect("a time");
    let remapped = |callback: &Value, own_date: Option<&str>| {
        let mut callback = callback.clone();
        let headers = callback["headers"].as_object_mut().expect("headers");
        let date = headers.remove("Date").expect("a date");
        headers.insert("x-amzn-Remapped-Date".to_owned(), date);
        if let Some(own_date) = own_date {
            headers.insert("Date".to_owned(), own_date.into());
        }
        callback
    };
    let callback = &fixture["callback"];
    assert_eq!(verify(&remapped(callback, None), key, now), Ok(()));
    let of_gateway = Some("Tue, 14 Jul 2026 09:02:01 GMT");
    assert_eq!(verify(&remapped(callback, of_gateway), key, now), Ok(()), "its own date beside");
    let stale = verify(&remapped(callback, None), key, now + 600);
    assert_eq!(stale, Err(CallbackRefused::Stale));
}

#[test]
fn no_call_for_no_task_is_vidus() {
    let headers = http::HeaderMap::new();
    let callback =
        Callback { path: "/v1/callbacks/vidu/x", query: "", headers: &headers, body: b"" };
    let verified = vidu("key").verify_test_call(&callback, at(0));
    assert_eq!(verified, Err(CallbackRefused::Unsigned));
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
fn a_lost_submission_is_found_by_our_note_alone() {
    let task_id = task_id();
    let search = |hint, page| {
        let (endpoint, created_at) = ("text2video", at(1_784_019_600));
        Search { task_id: &task_id, endpoint, created_at, hint, page }
    };
    let task = |id: &str, payload: &str| json!({"id": id, "payload": payload, "credits": 80});
    let (ours, other) = (task("2", TASK_ID), task("1", "x"));
    let page = |tasks: Value, next: Value| json!({"tasks": tasks, "next_page_token": next});
    let last = |tasks: Value| page(tasks, json!(""));
    let found = || Found::Task {
        vendor_task_id: "2".to_owned(),
        figures: Figures { credits: Some(80.0), ..Figures::default() },
    };
    let more = || Found::More("p 2".to_owned());
    let nothing = || Found::Nothing(Fault::new(FaultKind::Unreadable));
    let rows = [
        (last(json!([other, ours])), found(), "among others"),
        (page(json!([ours]), json!("p 2")), found(), "before the last page"),
        (last(json!([null, ours])), found(), "in odd company"),
        (page(json!([other]), json!("p 2")), more(), "on the next page, perhaps"),
        (last(json!([other])), Found::Unlisted, "read to its end"),
        (last(json!([])), Found::Unlisted, "empty"),
        (page(json!([other]), Value::Null), Found::Unlisted, "no next page"),
        (json!({"tasks": [other]}), Found::Unlisted, "likewise"),
        (json!({"tasks": [task("1", "")]}), Found::Unlisted, "a task without a note"),
        (last(json!([task("", TASK_ID)])), nothing(), "ours, without its id"),
        (last(json!([other, null])), nothing(), "something may be ours"),
        (last(json!([other, {}])), nothing(), "likewise"),
        (last(json!([["1", "", "x"]])), nothing(), "a list of lists"),
        (json!([[{"id": "2", "payload": TASK_ID}], ""]), nothing(), "another list"),
        (page(json!([null]), json!("p 2")), nothing(), "likewise"),
        (page(json!([other]), json!({"more": true})), nothing(), "no page we could ask for"),
        (json!({"tasks": null}), nothing(), "no list"),
        (json!({"tasks": {}}), nothing(), "no list"),
        (json!({}), nothing(), "no list"),
        (json!([]), nothing(), "another list"),
        (json!("<html>"), nothing(), "no object"),
    ];
    let is_alike = |read: &Found, expected: &Found| match (read, expected) {
        (Found::Nothing(_), Found::Nothing(_)) => true,
        (read, expected) => read == expected,
    };
    for (list, expected, reason) in rows {
        let list = list.to_string();
        let read = vidu("key").read_found(&response(200, &list), &search(None, None));
        assert!(is_alike(&read, &expected), "{list}: {reason}: {read:?}");
        for status in [404, 500] {
            let read = vidu("key").read_found(&response(status, &list), &search(None, None));
            assert!(matches!(read, Found::Nothing(_)), "{status} {list}: {read:?}");
        }
    }
    let by_callback = [
        (ours.clone(), found(), "ours by its note"),
        (json!({"payload": TASK_ID, "credits": 80}), found(), "as Vidu's own example has it"),
        (task("2", "order 17"), nothing(), "somebody else's"),
        (task("1", TASK_ID), nothing(), "another task than was asked for"),
        (task("2", ""), nothing(), "nobody's"),
        (json!({"tasks": []}), nothing(), "a list"),
        (json!({"reason": "TaskNotFound"}), nothing(), "a callback may name anything"),
    ];
    for (task, expected, reason) in by_callback {
        let body = task.to_string();
        let read = vidu("key").read_found(&response(200, &body), &search(Some("2"), None));
        assert!(is_alike(&read, &expected), "{body}: {reason}: {read:?}");
    }

    let path = |hint, page| {
        let request = vidu("key").find(&search(hint, page), at(0)).expect("Vidu can be asked");
        request.uri().path_and_query().expect("a path").to_string()
    };
    let list = "/ent/v2/tasks?created_at.from=2026-07-14T08%3A58%3A00Z&created_at.to=2026-07-14T09%3A02%3A00Z&pager.pagesz=100";
    assert_eq!(path(None, None), list);
    assert_eq!(path(None, Some("p 2")), format!("{list}&pager.page_token=p%202"));
    assert_eq!(path(Some("3"), None), "/ent/v2/tasks/3/creations");
}

/// A second video would be made of it.
#[test]
fn a_submission_is_never_repeated() {
    assert!(vidu("key").repeat("text2video", Bytes::from_static(b"{}"), at(0)).is_none());
}

#[test]
fn a_callback_names_its_task() {
    let rows = [
        (r#"{"id":"839","state":"success"}"#, Some("839")),
        (r#"{"task_id":839}"#, Some("839")),
        (r#"{"id":""}"#, None),
        (r#"{"state":"success"}"#, None),
        ("nonsense", None),
    ];
    for (body, id) in rows {
        assert_eq!(vidu("key").hint(body.as_bytes()).as_deref(), id, "{body}");
    }
}
