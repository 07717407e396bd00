//! Kling's signature under a callback: <https://kling.ai/document-api/api/get-started/callbacks>.
//!
//! The scheme is Standard Webhooks. Kling signs only once its operator has made
//! a secret in the console. The body is covered, but nobody here reads it: the
//! console's test ring, which names no task of ours, is as good as any.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::crypto::WebhookSecret;
use crate::dialects::contract::{Forged, Ring};

const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Whether Kling signed this, and not long ago.
pub(super) fn verify(
    secret: &WebhookSecret,
    ring: &Ring<'_>,
    now: Timestamp,
) -> Result<(), Forged> {
    let id = header(ring.headers, "webhook-id")?;
    let timestamp = header(ring.headers, "webhook-timestamp")?;
    let signatures = header(ring.headers, "webhook-signature")?;
    if !secret.verify(id, timestamp, ring.body, signatures) {
        return Err(Forged::Mismatch);
    }
    let signed_at = timestamp.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
    match signed_at {
        Some(at) if now.duration_since(at).abs() <= TOLERANCE => Ok(()),
        _ => Err(Forged::Stale),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Forged> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.is_empty())
        .ok_or(Forged::Unsigned)
}
