//! Callbacks: who is believed, and the task that they name.

use super::*;

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
fn a_callback_is_believed_when_signed_and_not_otherwise() {
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
