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

use super::FACTS;
use crate::dialects::contract::{Forged, Ring};

/// Vidu's name for itself in `X-HMAC-ACCESS-KEY`.
const ACCESS_KEY: &str = "vidu";

pub(super) fn verify(ring: &Ring<'_>, api_key: &str, now: Timestamp) -> Result<(), Forged> {
    let date = ring.header("date")?;
    let signature = ring.header("x-hmac-signature")?;
    let text = signed_text(ring, date)?;
    let signature = STANDARD.decode(signature).map_err(|_| Forged::Mismatch)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, api_key.as_bytes());
    hmac::verify(&key, text.as_bytes(), &signature).map_err(|_| Forged::Mismatch)?;

    let signed_at =
        rfc2822::DateTimeParser::new().parse_timestamp(date).map_err(|_| Forged::Malformed)?;
    if FACTS.is_fresh(signed_at, now) { Ok(()) } else { Err(Forged::Stale) }
}

/// Method, path, query, access key and date on a line each, then the named headers.
fn signed_text(ring: &Ring<'_>, date: &str) -> Result<String, Forged> {
    let mut text = format!("POST\n{}\n{}\n{ACCESS_KEY}\n{date}\n", ring.path, ring.query);
    for name in ring.header("x-hmac-signed-headers")?.split(';').map(str::trim) {
        let value = ring.header(name)?;
        text.push_str(&format!("{name}:{value}\n"));
    }
    Ok(text)
}
