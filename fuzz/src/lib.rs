//! What strangers send, thrown at the code that reads it.
//!
//! Each function takes any bytes, must not panic, and holds what is read against the
//! laws. `cargo test` calls them with random ones, cargo-fuzz with ones that it has
//! learnt to be interesting: `cargo fuzz run client_request --features libfuzzer`.

mod laws;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;
use shared::api::{ApiError, Order, Warning, request};
use shared::dialects::{self, Callback, Dialect, Submission, SubmitContext};
use shared::task::{TaskId, Vendor};
use shared::vendors::TokenKey;
use shared::webhooks::WebhookHosts;

const ACCOUNTS: &str = r#"{"vidu":{"api_key":"vda_1"},"kling":{"api_key":"api-key-1","webhook_secret":"whsec_c2VjcmV0"},"jimeng":{"access_key":"AK","secret_key":"SK"}}"#;

/// The dialects of all vendors, each with an account.
pub fn dialects() -> impl Iterator<Item = (Vendor, Arc<dyn Dialect>)> {
    let mut accounts: Value = serde_json::from_str(ACCOUNTS).expect("JSON");
    Vendor::ALL.into_iter().map(move |vendor| {
        let account = accounts[vendor.as_str()].take();
        (vendor, dialects::open(vendor, account).expect("each vendor has an account"))
    })
}

/// A moment; nothing here depends on which.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_784_019_600).expect("a time")
}

/// The task that is submitted and looked for.
pub const TASK_ID: &str = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b";

fn task_id() -> TaskId {
    TASK_ID.parse().expect("an id")
}

/// What a client's body becomes for a vendor.
pub fn translate(
    dialect: &dyn Dialect,
    body: &[u8],
) -> Result<(Submission, Vec<Warning>), ApiError> {
    let request = request::read(&HeaderMap::new(), body)?;
    let task_id = task_id();
    let callback_url = "https://gw.example.com/v1/callbacks/vendor/token";
    let context = SubmitContext { task_id: &task_id, callback_url, now: now() };
    let mut submission = dialect.submit(request.generation, &context)?;
    let mut warnings = request.warnings;
    warnings.append(&mut submission.warnings);
    Ok((submission, warnings))
}

/// A client's body, for every vendor.
pub fn client_request(data: &[u8]) {
    for (_, dialect) in dialects() {
        if let Err(error) = translate(&*dialect, data) {
            assert!(error.status().is_client_error() || error.status().is_server_error());
        }
    }
    if let Ok(Order { webhook: Some((url, param)), .. }) = request::read(&HeaderMap::new(), data) {
        drop(WebhookHosts::Public.check(&url, param));
    }
}

/// A vendor's answer: a byte for the status, a line that says how long to wait, and the
/// rest is the body. All vendors give it to every question.
pub fn vendor_answer(data: &[u8]) {
    let Some((status, rest)) = data.split_first() else { return };
    let (wait, body) = match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (&b""[..], rest),
    };
    let mut answer = Response::new(Bytes::copy_from_slice(body));
    *answer.status_mut() =
        StatusCode::from_u16(STATUSES[usize::from(*status) % STATUSES.len()]).expect("a status");
    if let Ok(wait) = HeaderValue::from_bytes(wait) {
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    for (vendor, dialect) in dialects() {
        laws::check(vendor, &*dialect, &answer);
    }
}

/// Those that mean something, and some that mean nothing.
pub const STATUSES: [u16; 19] =
    [200, 201, 204, 302, 400, 401, 402, 403, 404, 405, 408, 409, 413, 429, 499, 500, 502, 503, 504];

/// A call at a callback address: the token, then a header a line, then the body.
pub fn callback(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let token = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let key = TokenKey::new("secret");
    let mut headers = HeaderMap::new();
    let mut body = &b""[..];
    for line in lines {
        let header = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':'));
        let header = header.and_then(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.trim()).ok()?))
        });
        match header {
            Some((name, value)) => drop(headers.insert(name, value)),
            None => body = line,
        }
    }
    for (vendor, dialect) in dialects() {
        assert!(key.read(vendor, &token).is_none(), "nobody guesses a token");
        let path = format!("/v1/callbacks/{vendor}/{token}");
        let callback = Callback { path: &path, query: "", headers: &headers, body };
        assert!(dialect.verify_callback(&callback, now()).is_err(), "nobody guesses a signature");
        let test_call = dialect.verify_test_call(&callback, now());
        assert!(test_call.is_err(), "nobody guesses a signature");
    }
}
