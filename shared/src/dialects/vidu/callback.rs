//! Vidu's signature under a callback: <https://platform.vidu.com/docs/callback-signature>.
//!
//! The scheme is APISIX's `hmac-auth`, which sorts a query before it signs; Vidu's
//! own example does not. The addresses we give out have none, to be immune.
//! The body is not covered, and nobody here reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ring::hmac;

use super::facts::FACTS;
use crate::dialects::contract::{Callback, CallbackRefused};

/// Vidu's name for itself in `X-HMAC-ACCESS-KEY`.
const ACCESS_KEY: &str = "vidu";

pub(super) fn verify(
    callback: &Callback<'_>,
    api_key: &str,
    now: Timestamp,
) -> Result<(), CallbackRefused> {
    let date = callback.header("date")?;
    let signature = callback.header("x-hmac-signature")?;
    let text = signed_text(callback, date)?;
    let signature = STANDARD.decode(signature).map_err(|_| CallbackRefused::Mismatch)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, api_key.as_bytes());
    hmac::verify(&key, text.as_bytes(), &signature).map_err(|_| CallbackRefused::Mismatch)?;

    let signed_at = rfc2822::DateTimeParser::new()
        .parse_timestamp(date)
        .map_err(|_| CallbackRefused::Malformed)?;
    if FACTS.is_fresh(signed_at, now) { Ok(()) } else { Err(CallbackRefused::Stale) }
}

/// Method, path, query, access key and date on a line each, then the named headers.
fn signed_text(callback: &Callback<'_>, date: &str) -> Result<String, CallbackRefused> {
    let mut text = format!("POST\n{}\n{}\n{ACCESS_KEY}\n{date}\n", callback.path, callback.query);
    for name in callback.header("x-hmac-signed-headers")?.split(';').map(str::trim) {
        let value = callback.header(name)?;
        text.push_str(&format!("{name}:{value}\n"));
    }
    Ok(text)
}
