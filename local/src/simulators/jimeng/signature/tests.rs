//! Signatures of the vendor's own SDKs, and what becomes of them when anything is changed.

use http::{HeaderName, Request};
use serde_json::Value;

use super::super::answer::GatewayCode::*;
use super::*;
use crate::simulators::replay::fixture;

const SECRET: &str = "ZHVtbXktc2VjcmV0LWZvci10ZXN0cy1vbmx5LTAwMQ==";
const BODY: &str = r#"{"req_key": "jimeng_vgfm_t2v_l20", "prompt": "A paper boat drifts across a puddle at dusk", "seed": -1, "aspect_ratio": "16:9"}"#;
const HASH: &str = "0c245de4be1065f058d8c4b02c47c9e30e0f8bb7a1de39a240d47f4e191262e8";
const DATE: &str = "20250714T083015Z";
const CREDENTIAL: &str =
    "HMAC-SHA256 Credential=AKDUMMY0SHARED0000000001/20250714/cn-north-1/cv/request";

/// Signed by the vendor's Python SDK, four headers in their order.
const PYTHON: &str = "SignedHeaders=content-type;host;x-content-sha256;x-date, Signature=9f373cd4cabd5c1138fd70ef0c525af18db96bc7a51c2b264576bb7affbb8701";

fn keys() -> Keys {
    Keys {
        access_key: "AKDUMMY0SHARED0000000001".to_owned(),
        secret_key: SECRET.to_owned(),
        session_token: None,
    }
}

fn at(date: &str) -> Timestamp {
    let date = DateTime::strptime(DATE_FORMAT, date).unwrap();
    date.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// The call that the SDKs signed, with one header changed; an empty value takes it out.
fn call(authorization: &str, changed: (&'static str, &str)) -> Parts {
    let mut request =
        Request::post("/?Action=CVSync2AsyncSubmitTask&Version=2022-08-31").body(()).unwrap();
    let authorization = format!("{CREDENTIAL}, {authorization}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("host", "visual.volcengineapi.com"),
        ("x-content-sha256", HASH),
        ("x-date", DATE),
        changed,
    ];
    for (name, value) in headers {
        if value.is_empty() {
            request.headers_mut().remove(name);
        } else {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    request.into_parts().0
}

/// Signed by the vendor's Python SDK and by its Node SDK, one also with temporary keys.
#[test]
fn what_the_vendors_own_sdks_sign_is_served() {
    let fixture = fixture("jimeng", "signatures");
    let cases = fixture["cases"].as_array().unwrap();
    let again = fixture["alternative_header_set"]["cases"].as_array().unwrap();
    for (name, expected) in cases.iter().chain(again).map(|case| (&case["name"], &case["expected"]))
    {
        // There the SDK signs a host without its port, which is never 443 here.
        if name == "operator_override_host_default_port_443" {
            continue;
        }
        let case = cases.iter().find(|case| case["name"] == *name).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut request = Request::post(text(&case["request"]["url"])).body(()).unwrap();
        request.headers_mut().insert("host", text(&case["request"]["host"]).parse().unwrap());
        for (name, value) in expected["headers_sent"].as_object().unwrap() {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, text(value).parse().unwrap());
        }
        let head = request.into_parts().0;
        let (body, credentials) = (text(&case["request"]["body"]), &case["credentials"]);
        let keys = |token: &str| Keys {
            access_key: text(&credentials["access_key_id"]),
            secret_key: text(&credentials["secret_access_key"]),
            session_token: Some(token.to_owned()).filter(|token| !token.is_empty()),
        };
        let now = at(&text(&case["x_date"]));
        let good = keys(&text(&credentials["session_token"]));
        assert_eq!(verify(&head, body.as_bytes(), &good, now), Ok(()), "{name}");
        let other = keys("STS-DUMMY-TOKEN-0002");
        assert_eq!(verify(&head, body.as_bytes(), &other, now), Err(InvalidSecretToken), "{name}");
    }
}

#[test]
fn a_call_that_was_changed_or_is_half_signed_is_refused() {
    let other = CREDENTIAL.replace("AKDUMMY0SHARED0000000001", "AKOTHER");
    let elsewhere = CREDENTIAL.replace("cn-north-1", "cn-north-2");
    let yesterday = CREDENTIAL.replace("20250714", "20250713");
    let unscoped = "HMAC-SHA256 Credential=AKDUMMY0SHARED0000000001";
    let [other, elsewhere, yesterday, unscoped] =
        [&other, &elsewhere, &yesterday, unscoped].map(|start| format!("{start}, {PYTHON}"));
    let unsigned = format!("{CREDENTIAL}, SignedHeaders=x-content-sha256;x-date");
    let loose = format!("{CREDENTIAL}, SignedHeaders=host;x-date, Signature=00");
    let absent =
        format!("{CREDENTIAL}, SignedHeaders=x-content-sha256;x-date;x-other, Signature=00");
    let rows = [
        (("authorization", ""), MissingAuthenticationToken, "no authorization"),
        (("authorization", "Bearer sk-1"), InvalidAuthorization, "of another kind"),
        (("authorization", "HMAC-SHA256 Signature=00"), InvalidAuthorization, "of nobody"),
        (("authorization", &unscoped), InvalidCredential, "an access key alone"),
        (("authorization", &unsigned), MissingSignature, "no signature"),
        (("authorization", &other), InvalidAccessKey, "another's key"),
        (("authorization", &elsewhere), InvalidCredential, "another region"),
        (("authorization", &yesterday), InvalidCredential, "another day"),
        (("authorization", &loose), SignatureDoesNotMatch, "the body is not signed"),
        (("authorization", &absent), SignatureDoesNotMatch, "a signed header is not there"),
        (("x-date", ""), MissingRequestInfo, "no date"),
        (("x-date", "2025-07-14"), InvalidTimestamp, "no such date"),
        (("x-date", "20250714T084516Z"), InvalidTimestamp, "over 15 minutes ahead"),
        (("x-date", "20250714T083016Z"), SignatureDoesNotMatch, "another date than was signed"),
        (("host", "127.0.0.1"), SignatureDoesNotMatch, "another host"),
        (("content-type", "application/json; charset=utf-8"), SignatureDoesNotMatch, "a charset"),
        (("x-content-sha256", ""), SignatureDoesNotMatch, "no hash"),
        (("x-security-token", "STS"), InvalidSecretToken, "a token that nobody gave"),
    ];
    for (changed, code, reason) in rows {
        let head = call(PYTHON, changed);
        let verdict = verify(&head, BODY.as_bytes(), &keys(), at(DATE));
        assert_eq!(verdict, Err(code), "{reason}");
    }
    let head = call(PYTHON, ("accept", "*/*"));
    let verdict = verify(&head, b"{}", &keys(), at(DATE));
    assert_eq!(verdict, Err(SignatureDoesNotMatch), "another body");
    let verdict = verify(&head, BODY.as_bytes(), &keys(), at("20250714T084516Z"));
    assert_eq!(verdict, Err(InvalidTimestamp), "signed too long ago");
}

#[test]
fn a_query_is_sorted_and_encoded_before_it_is_signed() {
    let rows = [
        ("", "", "none"),
        ("Version=1&Action=x", "Action=x&Version=1", "by name"),
        ("a=b+c", "a=b%20c", "a space"),
        ("a=%7E-_.%2f", "a=~-_.%2F", "what need not be encoded, and what must"),
        ("a", "a=", "no value"),
    ];
    for (query, expected, reason) in rows {
        assert_eq!(canonical_query(query), expected, "{reason}");
    }
}
