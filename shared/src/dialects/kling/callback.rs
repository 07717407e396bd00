//! Kling's signature under a callback: <https://kling.ai/document-api/api/get-started/callbacks>.
//!
//! The scheme is Standard Webhooks. Kling signs only once its operator has made
//! a secret in the console. The body is covered, but nobody here reads it: the
//! console's test callback, which names no task of ours, is as good as any.

use jiff::Timestamp;

use super::FACTS;
use crate::crypto::WebhookSecret;
use crate::dialects::contract::{Forged, Ring};

/// Whether Kling signed this, and not long ago.
pub(super) fn verify(
    ring: &Ring<'_>,
    secret: &WebhookSecret,
    now: Timestamp,
) -> Result<(), Forged> {
    let id = ring.header("webhook-id")?;
    let timestamp = ring.header("webhook-timestamp")?;
    let signatures = ring.header("webhook-signature")?;
    if !secret.verify(id, timestamp, ring.body, signatures) {
        return Err(Forged::Mismatch);
    }
    let signed_at = timestamp.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
    match signed_at {
        Some(at) if FACTS.is_fresh(at, now) => Ok(()),
        _ => Err(Forged::Stale),
    }
}
