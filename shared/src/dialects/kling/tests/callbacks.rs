//! Callbacks: who is believed.

use super::*;

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
