//! Jimeng's dialect against `fixtures/`: one exchange each, and the signatures
//! that the vendor's own code made.

mod signature;
mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::contract::{Found, Search};
use crate::dialects::testing::{self, answer, kind, task_id};
use crate::task::{Charged, Status, Vendor};

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures("jimeng", prefix)
}

fn jimeng() -> Jimeng {
    account(json!({ "access_key": "AKTEST", "secret_key": "c2VjcmV0==" })).expect("an account")
}

fn account(account: Value) -> serde_json::Result<Jimeng> {
    serde_json::from_value(account)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

/// A code as the fixtures write it: the service counts, the gateway has names.
fn vendor_code(fixture: &Value) -> Option<String> {
    match &fixture["expect"]["vendor_code"] {
        Value::Number(code) => Some(code.to_string()),
        code => code.as_str().map(str::to_owned),
    }
}

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
fn every_documented_refusal_is_sorted_by_its_code() {
    for (name, fixture) in fixtures("create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match jimeng().read_submitted(&answer(&fixture), &task_id()) {
            Submitted::Refused(fault) if !may_exist => fault,
            Submitted::Unknown(fault) if may_exist => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault.kind, kind(&fixture), "{name}");
        assert_eq!(fault.code, vendor_code(&fixture), "{name}");
        let body = &fixture["response"]["body"];
        let request_id = body["request_id"].as_str();
        let request_id = request_id.or(body["ResponseMetadata"]["RequestId"].as_str());
        assert_eq!(fault.request_id.as_deref(), request_id, "{name}");
    }
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

fn read_submitted(status: u16, body: &str) -> Submitted {
    jimeng().read_submitted(&response(status, body), &task_id())
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).expect("a response")
}

/// A poll of the task 752.
fn read_polled(status: u16, body: &str) -> Polled {
    jimeng().read_polled(&response(status, body), &HANDLE, at(1000))
}

const HANDLE: Handle<'_> = Handle { vendor_task_id: "752", endpoint: "jimeng_t2v_v30" };

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
    for (status, body, reason) in rows {
        let read = read_submitted(status, body);
        assert!(matches!(read, Submitted::Unknown(_)), "{status} {body}: {reason}: {read:?}");
    }
}

#[test]
fn a_code_that_we_do_not_know_is_sorted_by_its_status() {
    let rows = [
        (400, FaultKind::BadRequest),
        (401, FaultKind::Credentials),
        (402, FaultKind::Balance),
        (403, FaultKind::Permission),
        (404, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        let gateway = r#"{"ResponseMetadata":{"Error":{"Code":"Novelty","CodeN":100999}}}"#;
        for body in [r#"{"code":50999,"message":"m"}"#, gateway] {
            let read = read_submitted(status, body);
            assert!(
                matches!(&read, Submitted::Refused(fault) if fault.kind == kind),
                "{status} {body}: {read:?}"
            );
        }
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
fn every_documented_state_is_understood() {
    let now = at(1_784_019_722);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let polled = jimeng().read_polled(&answer(&fixture), &HANDLE, now);
        let progress = match (polled, expect["unified_status"].as_str()) {
            (Polled::Nothing(fault), Some("unchanged")) => {
                assert_eq!(fault.kind, kind(&fixture), "{name}");
                continue;
            }
            // It has failed once this is said again and again, which others count.
            (Polled::Missing(fault), _) if name == "query_not_found" => {
                assert_eq!(fault.kind, FaultKind::NotFound, "{name}");
                continue;
            }
            (Polled::Progress(progress), _) => progress,
            (polled, _) => panic!("{name}: {polled:?}"),
        };
        assert_eq!(Some(progress.status.as_str()), expect["unified_status"].as_str(), "{name}");
        assert_eq!(progress.unknown_status, None, "{name}: a word that we know");
        if expect["url"].is_string() {
            assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        }
        assert_eq!(progress.url.is_some(), progress.status == Status::Succeeded, "{name}");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Jimeng, Charged::Unknown);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::Unknown, "{name}: Jimeng does not say");
                let vendor = error.vendor.expect("the vendor's words");
                assert_eq!(vendor.code, vendor_code(&fixture), "{name}");
            }
            (status, error) => {
                assert_eq!((status == Status::Failed, error), (false, None), "{name}")
            }
        }
    }
}

#[test]
fn an_odd_answer_to_a_look_never_fails_a_task() {
    let (url, html) = ("https://v.example/1.mp4", "<html>");
    let done = format!(r#"{{"status":"done","video_url":"{url}"}}"#);
    let ok = |data: &str| format!(r#"{{"code":10000,"data":{data}}}"#);
    let code = |code: u32| format!(r#"{{"code":{code},"data":{done}}}"#);
    let gateway = String::from(r#"{"ResponseMetadata":{"Error":{"Code":"AccessDenied"}}}"#);
    let (processing, succeeded, failed) =
        (Some(Status::Processing), Some(Status::Succeeded), Some(Status::Failed));
    let rows = [
        (200, ok(r#"{"status":"polishing"}"#), processing, "a new word"),
        (200, ok(r#"{"status":"generating","video_url":null}"#), processing, "null"),
        (200, ok(&done), succeeded, "done"),
        (500, ok(&done), succeeded, "the code counts, not the status"),
        (200, ok(r#"{"status":"done","video_url":null}"#), failed, "done without a video"),
        (200, ok(r#"{"status":"done"}"#), failed, "likewise"),
        (200, ok(r#"{"status":"expired"}"#), failed, "twelve hours old"),
        (200, ok(r#"{"status":"not_found"}"#), None, "not there yet, perhaps"),
        (200, code(50516), failed, "done, and refused all the same"),
        (400, code(50511), failed, "likewise"),
        (200, code(50412), failed, "refused late"),
        (400, code(50520), None, "moderation broke, and may come back"),
        (200, code(50500), None, "broken"),
        (200, code(50999), None, "a code that we do not know"),
        (400, code(50215), None, "the poll was wrong, not the task"),
        (401, code(50400), None, "the operator's trouble, not the task's"),
        (429, code(50429), None, "busy"),
        (429, code(50430), None, "busy"),
        (403, gateway, None, "the operator's trouble"),
        (200, ok("null"), None, "no data"),
        (200, ok("{}"), None, "no status"),
        (200, String::from("{}"), None, "no code"),
        (200, String::from(html), None, "HTML"),
        (500, String::from(html), None, "likewise"),
        (200, String::new(), None, "nothing"),
    ];
    for (status, body, expected, reason) in rows {
        let read = match read_polled(status, &body) {
            Polled::Progress(progress) => Some(progress.status),
            Polled::Missing(_) | Polled::Nothing(_) => None,
        };
        assert_eq!(read, expected, "{body}: {reason}");
    }
}

/// Three times missing ends a paid task, so the difference is money.
#[test]
fn a_task_is_missing_only_in_jimengs_own_word() {
    let rows = [
        (200, r#"{"code":10000,"data":{"status":"not_found"}}"#, true, "Jimeng's word"),
        (200, r#"{"code":10000,"data":null}"#, false, "no data"),
        (404, r#"{"code":50404,"message":"not found"}"#, false, "a new code"),
        (404, r#"{"ResponseMetadata":{"Error":{"Code":"ServiceNotFound"}}}"#, false, "no service"),
        (404, r#"{"message":"no Route matched with those values"}"#, false, "an edge"),
        (404, r#"{"data":{"status":"not_found"}}"#, false, "no code"),
        (404, "<html>", false, "a web server"),
        (404, "", false, "nothing"),
        (200, r#"{"code":10000,"data":["752","not_found"]}"#, false, "a list"),
        (200, r#"[10000,"","",{"status":"not_found"}]"#, false, "likewise"),
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
        (200, r#"{"code":10000,"data":{"task_id":"751","status":"expired"}}"#, "an end"),
        (200, r#"{"code":10000,"data":{"task_id":"751","status":"not_found"}}"#, "a loss"),
        (400, r#"{"code":50511,"data":{"task_id":"751"}}"#, "a refusal"),
    ];
    for (status, body, reason) in rows {
        let polled = read_polled(status, body);
        assert!(matches!(polled, Polled::Nothing(_)), "{reason}: {polled:?}");
        let ours = read_polled(status, &body.replace("751", "752"));
        assert!(!matches!(ours, Polled::Nothing(_)), "{reason}: {ours:?}");
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    testing::check_edge(read_submitted, read_polled);
}

#[test]
fn what_stays_open_keeps_the_vendors_name_for_the_exchange() {
    let answer = r#"{"code":10000,"request_id":"r-1","data":{}}"#;
    let Submitted::Unknown(fault) = read_submitted(200, answer) else { panic!("no id") };
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[test]
fn the_seconds_that_jimeng_asks_us_to_wait_are_read() {
    for body in [r#"{"code":50430,"message":"m"}"#, "<html>slow down</html>"] {
        let mut answer = response(429, body);
        answer.headers_mut().insert("retry-after", "17".parse().unwrap());
        let Submitted::Refused(fault) = jimeng().read_submitted(&answer, &task_id()) else {
            panic!("{body}")
        };
        assert_eq!(fault.retry_after, Some(17), "{body}");
    }
}

#[test]
fn a_video_has_24_frames_a_second_and_its_link_lives_an_hour() {
    let body = r#"{"code":10000,"data":{"status":"done","video_url":"https://v.example/1.mp4"}}"#;
    let Polled::Progress(progress) = read_polled(200, body) else { panic!("progress") };
    assert_eq!(progress.url_expires_at, Some(at(1000 + 3600)));
    assert_eq!(progress.figures, Figures { fps: Some(24.0), ..Figures::default() });
}

#[test]
fn a_look_names_the_task_and_the_key_that_it_was_made_with() {
    let handle = Handle { vendor_task_id: "7526\"1", endpoint: "jimeng_vgfm_i2v_l20" };
    let request = jimeng().poll(&handle, at(0));
    let address =
        "https://visual.volcengineapi.com/?Action=CVSync2AsyncGetResult&Version=2022-08-31";
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", address));
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body, json!({ "req_key": "jimeng_vgfm_i2v_l20", "task_id": "7526\"1" }));
}

/// A second video would be made of it, and nothing tells whether the first one was.
#[test]
fn a_submission_is_never_repeated_and_cannot_be_found() {
    let body = Bytes::from_static(b"{}");
    assert!(jimeng().repeat("jimeng_t2v_v30", body, at(0)).is_none());
    let task_id = task_id();
    let search = Search {
        task_id: &task_id,
        endpoint: "jimeng_t2v_v30",
        created_at: at(0),
        hint: None,
        page: None,
    };
    assert!(jimeng().find(&search, at(0)).is_none());
    let read = jimeng().read_found(&response(200, "{}"), &search);
    assert!(matches!(read, Found::Nothing(_)), "{read:?}");
    assert_eq!(jimeng().hint(br#"{"task_id":"752"}"#), None);
}

#[test]
fn nobody_who_rings_is_jimeng() {
    let headers = http::HeaderMap::new();
    let callback =
        Callback { path: "/v1/callbacks/jimeng/t", query: "", headers: &headers, body: b"{}" };
    assert_eq!(jimeng().verify_callback(&callback, at(0)), Err(CallbackRefused::Unsigned));
}

#[test]
fn an_account_is_checked_and_its_keys_never_printed() {
    let keys = json!({"access_key":"AKSHOWN","secret_key":"SKSHOWN","session_token":"STSHOWN"});
    assert!(!format!("{:?}", account(keys).unwrap()).contains("SHOWN"));
    for (row, reason) in [
        (json!({}), "no keys"),
        (json!({"access_key":"a"}), "half a pair"),
        (json!({"access_key":"a","secret_key":""}), "an empty key"),
        (json!({"access_key":"a b","secret_key":"s"}), "a key that fits no header"),
        (json!({"access_key":"a","secret_key":"s","base_url":"visual"}), "no scheme"),
        (json!({"access_key":"a","secret_key":"s","base_url":"http://a:99999"}), "no port"),
        (json!({"access_key":"a","secret_key":"s","api_key":"k"}), "a member nobody reads"),
    ] {
        assert!(account(row).is_err(), "{reason}");
    }
}
