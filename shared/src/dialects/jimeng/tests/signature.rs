//! Signatures that the vendor's own Python SDK made, byte for byte.

use serde_json::{Value, json};
use url::Url;

use super::{account, at, fixtures};
use crate::dialects::contract::{Dialect, Handle};
use crate::dialects::jimeng::signature::{Call, Keys, signed_post};

#[test]
fn the_vendors_own_signatures_are_made_again() {
    let (_, vectors) = fixtures("signatures").remove(0);
    for case in vectors["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let text = |at: &str| case.pointer(at).and_then(Value::as_str).expect("text");
        let url = Url::parse(text("/request/url")).expect("an address");
        let body = text("/request/body").as_bytes();
        let now = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text("/x_date"));
        let now = now.and_then(|now| now.to_zoned(jiff::tz::TimeZone::UTC)).expect("a time");
        let keys = Keys {
            access_key: text("/credentials/access_key_id"),
            secret_key: text("/credentials/secret_access_key"),
            session_token: Some(text("/credentials/session_token")).filter(|it| !it.is_empty()),
        };

        let call = Call::new(&url, body, keys.session_token, now.timestamp());
        assert_eq!(call.canonical_request(), text("/expected/canonical_request"), "{name}");
        assert_eq!(call.string_to_sign(), text("/expected/string_to_sign"), "{name}");

        let request = signed_post(&url, bytes::Bytes::copy_from_slice(body), keys, now.timestamp());
        assert_eq!(request.uri().host(), url.host_str(), "{name}");
        assert_eq!(request.body(), body, "{name}");
        let sent = case["expected"]["headers_sent"].as_object().expect("headers");
        assert_eq!(request.headers().len(), sent.len(), "{name}");
        for (header, value) in sent {
            // The SDK spells a default port out here, and HTTP clients leave it out.
            let value = value.as_str().expect("text").trim_end_matches(":443");
            assert_eq!(request.headers()[header], value, "{name}");
        }
    }
}

/// Signed is what the other side sees, or no signature would hold there.
#[test]
fn host_and_path_are_signed_as_they_go_over_the_wire() {
    let rows = [
        ("https://visual.volcengineapi.com", "visual.volcengineapi.com", "/", "the vendor's own"),
        ("https://Visual.Example/", "visual.example", "/", "a host has no case"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "/", "a port that must be said"),
        ("http://a.example:80", "a.example", "/", "a port that goes without saying"),
        ("http://a.example:443", "a.example:443", "/", "but not for http"),
        ("http://[::1]:9", "[::1]:9", "/", "an address that looks like ports"),
        ("https://a.example/jimeng/", "a.example", "/jimeng/", "a relay with a path of its own"),
        ("https://a.example/a%20b", "a.example", "/a%20b/", "encoded stays encoded"),
    ];
    for (base_url, host, path, reason) in rows {
        let jimeng = account(json!({"access_key":"a","secret_key":"s","base_url":base_url}));
        let handle = Handle { vendor_task_id: "1", endpoint: "jimeng_t2v_v30" };
        let request = jimeng.expect(reason).poll(&handle, at(0));
        assert_eq!(request.headers()["host"], host, "{reason}");
        assert_eq!(request.uri().path(), path, "{reason}");

        let url = Url::parse(&request.uri().to_string()).expect("an address");
        let call = Call::new(&url, request.body(), None, at(0));
        let start = format!(
            "POST\n{path}\nAction=CVSync2AsyncGetResult&Version=2022-08-31\n\
             content-type:application/json\nhost:{host}\n"
        );
        assert!(call.canonical_request().starts_with(&start), "{reason}");
        let keys = Keys { access_key: "a", secret_key: "s", session_token: None };
        assert_eq!(request.headers()["authorization"], call.authorization(keys), "{reason}");
    }
}
