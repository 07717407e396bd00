//! Kling's dialect against `fixtures/`: one exchange or callback each, and the
//! tokens and signatures that other people's code made.

mod answers;
mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::{self, TASK_ID, answer, callback_headers, kind, task_id};
use crate::task::Figures;

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures("kling", prefix)
}

fn kling(account: Value) -> Kling {
    serde_json::from_value(account).expect("an account")
}

fn with_key() -> Kling {
    kling(json!({ "api_key": "key" }))
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).expect("a response")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[test]
fn a_token_is_byte_for_byte_the_one_that_others_make() {
    let (_, vectors) = fixtures("jwt").remove(0);
    for case in vectors["cases"].as_array().expect("cases") {
        let account = json!({
            "access_key": case["access_key"],
            "secret_key": case["secret_key"],
        });
        let handle = Handle { vendor_task_id: "1", endpoint: "text2video" };
        let now = at(case["now_unix"].as_i64().expect("a time"));
        let request = kling(account).poll(&handle, now);
        let expected = case["expected"]["authorization"].as_str().expect("a header");
        assert_eq!(request.headers()["authorization"], expected, "{}", case["name"]);
    }
}

#[test]
fn a_look_goes_where_the_task_was_made_and_cannot_be_led_elsewhere() {
    let host = "https://api-singapore.klingai.com";
    let rows = [
        ("text2video", "871203945561284608", "/v1/videos/text2video/871203945561284608"),
        ("image2video", "871203945561284608", "/v1/videos/image2video/871203945561284608"),
        ("text-to-video/kling-3.0", "871204100201349120", "/tasks?task_ids=871204100201349120"),
        ("omni-video/kling-o1", "1,2&x=/", "/tasks?task_ids=1%2C2%26x%3D%2F"),
        ("text2video", "../../account?x=1", "/v1/videos/text2video/..%2F..%2Faccount%3Fx%3D1"),
    ];
    for (endpoint, vendor_task_id, path) in rows {
        let handle = Handle { vendor_task_id, endpoint };
        let request = with_key().poll(&handle, at(0));
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri().to_string(), format!("{host}{path}"));
        assert_eq!(request.headers()["authorization"], "Bearer key");
    }
}

fn verify(
    account: Value,
    headers: &Value,
    body: &Value,
    now: &Value,
) -> Result<(), CallbackRefused> {
    let callback = Callback {
        path: "/v1/callbacks/kling/token",
        query: "",
        headers: &callback_headers(headers),
        body: body.as_str().expect("text").as_bytes(),
    };
    kling(account).verify_callback(&callback, at(now.as_i64().unwrap_or_default()))
}

#[test]
fn signatures_made_by_other_peoples_code_hold_or_fail_as_they_should() {
    let (_, vectors) = fixtures("webhook_signatures").remove(0);
    let cases = vectors["cases"].as_array().expect("cases").iter();
    for case in cases.chain([&vectors["vendor_published"]]) {
        let account = json!({ "api_key": "key", "webhook_secret": case["secret"] });
        let verdict = verify(account, &case["headers"], &case["body"], &case["now_unix"]);
        let expected = match case["expected"]["library_message"].as_str() {
            None => Ok(()),
            Some("Missing required headers") => Err(CallbackRefused::Unsigned),
            Some(message) if message.starts_with("Message timestamp too") => {
                Err(CallbackRefused::Stale)
            }
            Some(_) => Err(CallbackRefused::Mismatch),
        };
        assert_eq!(verdict, expected, "{}", case["name"]);
        assert_eq!(verdict.is_ok(), case["expected"]["valid"] == true, "{}", case["name"]);
    }
}

#[test]
fn a_callback_needs_a_signature_once_there_is_a_secret() {
    let secret = "whsec_Zml4dHVyZXMtd2ViaG9vay1zZWNyZXQtMDAwMDAwMDE=";
    for (name, fixture) in fixtures("callback_") {
        let callback = &fixture["callback"];
        let (headers, body) = (&callback["headers"], &callback["raw_body"]);
        let now = &fixture["verify_with"]["now_unix"];
        let without = json!({ "api_key": "key" });
        assert_eq!(verify(without, headers, body, now), Ok(()), "{name}: the path protects");

        let with = |secret: &str| json!({ "api_key": "key", "webhook_secret": secret });
        let expected = if now.is_null() { Err(CallbackRefused::Unsigned) } else { Ok(()) };
        assert_eq!(verify(with(secret), headers, body, now), expected, "{name}");
        let other = with("whsec_b3RoZXI=");
        assert!(verify(other, headers, body, now).is_err(), "{name}: another secret");
    }
}

#[test]
fn a_test_call_of_the_console_is_known_by_its_signature_alone() {
    let secret = "whsec_Zml4dHVyZXMtd2ViaG9vay1zZWNyZXQtMDAwMDAwMDE=";
    let (_, fixture) = fixtures("callback_new_submitted").remove(0);
    let headers = callback_headers(&fixture["callback"]["headers"]);
    let unsigned = http::HeaderMap::new();
    let body = fixture["callback"]["raw_body"].as_str().expect("text").as_bytes();
    let signed_at = fixture["verify_with"]["now_unix"].as_i64().expect("a time");
    let (ours, other) = (Some(secret), Some("whsec_b3RoZXI="));
    let rows = [
        (ours, &headers, 0, Ok(())),
        (ours, &headers, 600, Err(CallbackRefused::Stale)),
        (ours, &unsigned, 0, Err(CallbackRefused::Unsigned)),
        (other, &headers, 0, Err(CallbackRefused::Mismatch)),
        // The operator may have put a secret there by now.
        (None, &headers, 0, Err(CallbackRefused::Mismatch)),
        (None, &unsigned, 0, Err(CallbackRefused::Unsigned)),
    ];
    for (secret, headers, later, expected) in rows {
        let account = match secret {
            Some(secret) => json!({ "api_key": "key", "webhook_secret": secret }),
            None => json!({ "api_key": "key" }),
        };
        let callback = Callback { path: "/v1/callbacks/kling/x", query: "", headers, body };
        let verified = kling(account).verify_test_call(&callback, at(signed_at + later));
        assert_eq!(verified, expected, "{secret:?} {later}");
    }
}

#[test]
fn an_account_has_one_kind_of_credentials_and_none_is_ever_printed() {
    let read = |account: Value| serde_json::from_value::<Kling>(account);
    let account = read(json!({
        "access_key": "ak-secret", "secret_key": "sk-secret", "webhook_secret": "whsec_c2VjcmV0",
        "base_url": "http://127.0.0.1:9/kling/",
    }))
    .unwrap();
    let printed = format!("{account:?}");
    assert!(!printed.contains("-secret") && !printed.contains("c2VjcmV0"), "{printed}");
    assert_eq!(account.account.base_url.join("/tasks"), "http://127.0.0.1:9/kling/tasks");
    let rows = [
        (json!({}), "api_key, or access_key", "no key"),
        (json!({"access_key":"secret"}), "secret_key", "half a pair"),
        (json!({"secret_key":"secret"}), "access_key", "the other half"),
        (
            json!({"api_key":"secret","access_key":"secret","secret_key":"secret"}),
            "not both",
            "both kinds",
        ),
        (json!({"api_key":"secret","secret_key":"secret"}), "not both", "one kind and a half"),
        (json!({"api_key":""}), "key", "an empty key"),
        (json!({"api_key":"a secret"}), "printable", "a key that fits no header"),
        (json!({"access_key":"ak","secret_key":""}), "secret_key", "an empty secret key"),
        (json!({"api_key":"k","webhook_secret":"whsec_"}), "webhook_secret", "nothing in it"),
        (json!({"api_key":"k","webhook_secret":"secret!"}), "webhook_secret", "no base64"),
        (json!({"api_key":"k","base_url":"api.klingai.com"}), "base_url", "no scheme"),
        (json!({"api_key":"k","token":"secret"}), "token", "a member nobody reads"),
    ];
    for (account, named, reason) in rows {
        let error = read(account).expect_err(reason).to_string();
        assert!(error.contains(named), "{reason}: {error}");
        assert!(!error.contains("a secret") && !error.contains("secret!"), "{reason}: {error}");
    }
}

const OLD: &str = "image2video";
const NEW: &str = "omni-video/kling-o1";

#[test]
fn a_lost_submission_is_looked_for_by_our_own_id_in_either_design() {
    let (ours, other) = (TASK_ID, "0198a1b2c3d47e5f8a9b0c1d2e3f4a5c");
    let old = |id: &str| json!({"task_id": "87", "task_info": {"external_task_id": id}});
    let new = |id: &str| json!({"id": "87", "status": "submitted", "external_id": id});
    let (task, absent, nothing) = ("87", "absent", "nothing");
    let good = |data: Value| json!({"code": 0, "data": data}).to_string();
    let of_other = json!({"id": "86", "external_id": other});
    let rows = [
        (OLD, 200, good(old(ours)), task, "made"),
        (NEW, 200, good(json!([new(ours)])), task, "made"),
        (OLD, 200, good(json!([new(ours)])), task, "a relay that mixes the designs"),
        (NEW, 200, good(old(ours)), task, "likewise"),
        (NEW, 200, good(json!([of_other, new(ours)])), task, "among others"),
        (OLD, 200, good(old(other)), nothing, "somebody else's"),
        (NEW, 200, good(json!([new(other)])), nothing, "a filter that was not heeded"),
        (OLD, 200, good(json!({"task_id": "87"})), nothing, "nobody's"),
        (NEW, 200, good(json!([{"id": "87"}])), nothing, "nobody's"),
        (OLD, 200, good(json!({"task_info": {"external_task_id": ours}})), nothing, "no id"),
        (NEW, 200, good(json!([{"id": "", "external_id": ours}])), nothing, "an empty id"),
        (NEW, 200, good(json!([])), absent, "the new design's word for it"),
        (OLD, 200, good(json!([])), nothing, "no word of the old one's"),
        (OLD, 200, good(Value::Null), nothing, "no task, and no word"),
        (NEW, 200, good(Value::Null), nothing, "no list"),
        (NEW, 200, good(json!({})), nothing, "no list"),
        (NEW, 200, good(json!([null])), nothing, "a list of something"),
        (NEW, 200, r#"{"data":[]}"#.to_owned(), nothing, "no code"),
        (NEW, 502, good(json!([])), nothing, "good and bad at once"),
    ];
    let not_found = r#"{"code":1201,"message":"Task not found by id/external id: x"}"#;
    let in_either = [
        (400, not_found, absent, "Kling's own words"),
        (200, not_found, absent, "by a relay that answers 200 to everything"),
        (400, r#"{"code":1201,"message":"parameter error"}"#, nothing, "nothing of the task"),
        (404, r#"{"code":1203,"message":"not found"}"#, nothing, "another resource"),
        (404, r#"{"message":"no Route matched with those values"}"#, nothing, "an edge"),
        (404, r#"{"code":404,"message":"not found"}"#, nothing, "likewise"),
        (404, "<html>", nothing, "a web server"),
        (429, r#"{"code":1302,"message":"busy"}"#, nothing, "busy"),
        (500, r#"{"code":5000,"message":"broken"}"#, nothing, "broken"),
        (200, "<html>", nothing, "HTML"),
    ];
    let in_either = [OLD, NEW].into_iter().flat_map(|endpoint| {
        let row = move |(status, body, found, reason): (u16, &str, _, _)| {
            (endpoint, status, body.to_owned(), found, reason)
        };
        in_either.map(row)
    });
    let task_id = task_id();
    let search = |endpoint| Search {
        task_id: &task_id,
        endpoint,
        created_at: at(0),
        hint: None,
        page: None,
    };
    for (endpoint, status, body, expected, reason) in rows.into_iter().chain(in_either) {
        let read = match with_key().read_found(&response(status, &body), &search(endpoint)) {
            Found::Task { vendor_task_id, .. } => vendor_task_id,
            Found::Absent => absent.to_owned(),
            Found::Nothing(_) => nothing.to_owned(),
            other => panic!("{other:?}: Kling has no list"),
        };
        assert_eq!(read, expected, "{endpoint} {status} {body}: {reason}");
    }
    let paths = [
        (OLD, format!("/v1/videos/image2video/{ours}")),
        (NEW, format!("/tasks?external_task_ids={ours}")),
    ];
    for (endpoint, path) in paths {
        let request = with_key().find(&search(endpoint), at(60)).expect("Kling can be asked");
        assert_eq!(request.uri().path_and_query().expect("a path").as_str(), path);
    }
}

#[test]
fn a_task_that_is_found_comes_with_its_figures() {
    let task = json!({"id": "87", "external_id": TASK_ID, "final_unit_deduction": "1.5"});
    let body = json!({"code": 0, "data": [task]}).to_string();
    let task_id = task_id();
    let search =
        Search { task_id: &task_id, endpoint: NEW, created_at: at(0), hint: None, page: None };
    let Found::Task { figures, .. } = with_key().read_found(&response(200, &body), &search) else {
        panic!("found")
    };
    assert_eq!(figures, Figures { credits: Some(1.5), ..Figures::default() });
}

#[test]
fn a_submission_is_repeated_as_it_was_with_a_token_of_its_own_time() {
    let pair = kling(json!({ "access_key": "AK", "secret_key": "SK" }));
    let body = Bytes::from_static(br#"{"external_task_id":"0198"}"#);
    let repeat = |now| pair.repeat("text2video", body.clone(), now).expect("Kling recognises it");
    let (first, later) = (repeat(at(0)), repeat(at(60)));
    assert_eq!((first.method().as_str(), first.uri().path()), ("POST", "/v1/videos/text2video"));
    assert_eq!(first.body(), later.body());
    assert_ne!(first.headers()["authorization"], later.headers()["authorization"]);
}
