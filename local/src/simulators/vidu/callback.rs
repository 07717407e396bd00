//! Tells a task's callback address when it is processing and when it ended.
//! As with the vendor, the body is not signed, and whoever cannot be reached three times is never
//! told.

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
use crate::simulators::course::Course;
use crate::simulators::follow::{Call, Calls, Seal, Stage};

const ACCESS_KEY: &str = "vidu";

/// What and when a task of this course tells.
pub(super) fn plan(course: &Course) -> Vec<Call> {
    let after = processing_from(course.pace);
    vec![
        Call { stage: Stage::Processing, after, attempts: 1, seal: Seal::Own },
        Call { stage: Stage::Ended, after: course.pace, attempts: 3, seal: Seal::Own },
    ]
}

/// None when the task never came so far.
pub(super) fn request(
    service: &Service,
    client: &reqwest::Client,
    id: &str,
    calls: &Calls,
    call: Call,
) -> io::Result<Option<RequestBuilder>> {
    let task = service.task(id)?;
    let Some((state, task)) = task.and_then(|task| Some((task.told(call)?, task))) else {
        return Ok(None);
    };
    let uri: Uri = calls.callback_url.parse().map_err(io::Error::other)?;
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&Timestamp::now())
        .map_err(io::Error::other)?;
    let nonce = uuid(random());
    let signed = [("Date", date.as_str()), ("x-request-nonce", &nonce)];
    let body = serde_json::to_vec(&task.answer(state, &service.base_url))?;
    let request = client.post(&calls.callback_url).header("content-type", "application/json");
    let key = match call.seal {
        Seal::Own => service.api_key.as_str(),
        Seal::Wrong => "somebody else's",
        Seal::Missing => return Ok(Some(request.body(body))),
    };
    let request = request
        .header("Date", &date)
        .header("x-request-nonce", &nonce)
        .header("X-HMAC-SIGNED-HEADERS", "Date;x-request-nonce")
        .header("X-HMAC-SIGNATURE", signature(key, &uri, &date, &signed))
        .header("X-HMAC-ALGORITHM", "hmac-sha256")
        .header("X-HMAC-ACCESS-KEY", ACCESS_KEY);
    Ok(Some(request.body(body)))
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
    use super::*;

    /// Signatures made by a Vidu client and accepted by a verifier that are none of ours.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let in_may = "Tue, 06 May 2025 12:09:42 GMT";
        let in_january = "Wed, 01 Jan 2025 00:00:00 GMT";
        let guide_nonce = "123e4567-e89b-12d3-a456-426614174000";
        let rows = [
            (
                "http://127.0.0.1:8080/vidu/callback?name=james&age=36",
                "url of the vendor guide",
                in_may,
                vec![("Date", in_may), ("x-request-nonce", guide_nonce)],
                "zq9dPoA72njhgu+dZfqzeW9O1h3ffB4MvcgYUIXxfiQ=",
            ),
            (
                "https://gw.example.com/callbacks/vidu",
                "no query",
                in_may,
                vec![("Date", in_may), ("x-request-nonce", "7b1f0e8a-0b1c-4f6e-9a43-1f1b0b0e0001")],
                "4W8MD6V5Lh04+PybDrS2tObRFKuye13oLJopAmAkp4M=",
            ),
            (
                "https://gw.example.com",
                "empty path",
                in_may,
                vec![("Date", in_may), ("x-request-nonce", "7b1f0e8a-0b1c-4f6e-9a43-1f1b0b0e0002")],
                "GGpyhR05SJRRfot3FG+3jPIZQdXtWQe6DexZ59KHOzk=",
            ),
            (
                "https://abc123.example.com/prod/v1/callbacks/vidu?t=task_01",
                "api gateway stage in path",
                in_january,
                vec![("Date", in_january), ("x-request-nonce", "n-0003")],
                "p4uIg9OgXu0PfSWGe0wNG+UuhNygnIIhRm3GQrrvSk0=",
            ),
            (
                "https://gw.example.com/cb?z=1&a=%2Fx+y&token=a%3Db",
                "query kept raw not sorted not decoded",
                in_may,
                vec![("Date", in_may), ("x-request-nonce", "n-0004")],
                "iuL6/uCHa7jXXy19RPmjFVtDhpMPn+lTB0oOph9tUWY=",
            ),
            (
                "https://gw.example.com/cb",
                "signed headers in other order",
                in_may,
                vec![("x-request-nonce", "n-0005"), ("Date", in_may)],
                "E3uaaqT//0JT2vjdVA4LSd6hkNvBnO/M6vMaX7rrnMQ=",
            ),
            (
                "https://gw.example.com/cb",
                "only nonce signed date still in line five",
                in_may,
                vec![("x-request-nonce", "n-0006")],
                "HgGRpawwxu5xf+t5DbnWIiP1E4FUWhL9I2t2wtiB3/c=",
            ),
            (
                "https://gw.example.com/cb",
                "extra signed header",
                in_may,
                vec![
                    ("Date", in_may),
                    ("x-request-nonce", "n-0007"),
                    ("Content-Type", "application/json"),
                ],
                "5jLxmWFR/+XNty43Grsq2IRPyQOfPNB6rdX+qZ3Tq8E=",
            ),
        ];
        for (callback_url, reason, date, signed, expected) in rows {
            let callback_url = callback_url.parse().unwrap();
            let found = signature("vda_dummy_shared_0001", &callback_url, date, &signed);
            assert_eq!(found, expected, "{reason}");
        }
    }

    #[test]
    fn a_nonce_is_a_uuid() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
