//! The callbacks of a task: when it is processing and when it ended.
//! As with the vendor, the body is not signed, and whoever cannot be reached three times is not
//! called any more.

use std::io;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use reqwest::RequestBuilder;
use ring::hmac;

use super::Service;
use super::task::processing_from;
use crate::random::random;
use crate::simulators::callbacks::{Callback, Callbacks, Signature, Stage};
use crate::simulators::timeline::Timeline;

const ACCESS_KEY: &str = "vidu";

/// The callbacks of a well-behaved Vidu.
pub(super) fn plan(timeline: &Timeline) -> Vec<Callback> {
    let after = processing_from(timeline.pace);
    vec![
        Callback { stage: Stage::Processing, after, attempts: 1, signature: Signature::Valid },
        Callback {
            stage: Stage::Ended,
            after: timeline.pace,
            attempts: 3,
            signature: Signature::Valid,
        },
    ]
}

/// The request that a callback is, if there is such a task.
pub(super) fn request(
    service: &Service,
    client: &reqwest::Client,
    id: &str,
    callbacks: &Callbacks,
    callback: Callback,
) -> io::Result<Option<RequestBuilder>> {
    let task = service.task(id)?;
    let Some((state, task)) = task.and_then(|task| Some((task.state_of(callback)?, task))) else {
        return Ok(None);
    };
    let uri: Uri = callbacks.url.parse().map_err(io::Error::other)?;
    let body = serde_json::to_vec(&task.answer(state, &service.base_url))?;
    let request = client.post(&callbacks.url).header("content-type", "application/json");
    let key = match callback.signature {
        Signature::Valid => service.lock_key().clone(),
        Signature::Wrong => "somebody else's".to_owned(),
        Signature::Missing => return Ok(Some(request.body(body))),
    };
    let headers = signed_headers(&key, &uri, service.clock.now()).into_iter();
    let request = headers.fold(request, |request, (name, value)| request.header(name, value));
    Ok(Some(request.body(body)))
}

/// The headers that vouch for a callback to this address, made with this key at this time.
pub fn signed_headers(
    api_key: &str,
    callback_url: &Uri,
    at: Timestamp,
) -> [(&'static str, String); 6] {
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .expect("the time of a callback is after the year 0");
    let nonce = uuid(random());
    let signed = [("Date", date.as_str()), ("x-request-nonce", &nonce)];
    let signature = signature(api_key, callback_url, &date, &signed);
    [
        ("Date", date),
        ("x-request-nonce", nonce),
        ("X-HMAC-SIGNED-HEADERS", "Date;x-request-nonce".to_owned()),
        ("X-HMAC-SIGNATURE", signature),
        ("X-HMAC-ALGORITHM", "hmac-sha256".to_owned()),
        ("X-HMAC-ACCESS-KEY", ACCESS_KEY.to_owned()),
    ]
}

/// Signs `date` twice: in its own line, and among the headers when it is one of those `signed`.
pub(super) fn signature(
    api_key: &str,
    callback_url: &Uri,
    date: &str,
    signed: &[(&str, &str)],
) -> String {
    let path = callback_url.path();
    let query = callback_url.query().unwrap_or_default();
    let mut text = format!("POST\n{path}\n{query}\n{ACCESS_KEY}\n{date}\n");
    for (name, value) in signed {
        text.push_str(&format!("{name}:{value}\n"));
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, api_key.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

/// A random UUID, version 4.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::simulators::replay::fixture;

    /// Signatures made by a Vidu client and accepted by a verifier that are none of ours.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let fixture = fixture("vidu", "callback_signatures");
        for case in fixture["cases"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let headers = &case["headers"];
            let names = text(&headers["X-HMAC-SIGNED-HEADERS"]);
            let signed: Vec<_> =
                names.split(';').map(|name| (name, headers[name].as_str().unwrap())).collect();
            let (api_key, url) = (text(&case["api_key"]), text(&case["callback_url"]));
            let found =
                signature(&api_key, &url.parse().unwrap(), &text(&headers["Date"]), &signed);
            assert_eq!(found, case["expected"]["signature"], "{}", case["name"]);
        }
    }

    #[test]
    fn a_nonce_is_a_uuid() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
