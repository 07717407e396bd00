//! Kling's signature under a callback: <https://kling.ai/document-api/api/get-started/callbacks>.
//!
//! The scheme is Standard Webhooks. Kling signs only once its operator has made
//! a secret in the console. The body is covered, but nobody here reads it.

use jiff::Timestamp;

use super::facts::FACTS;
use crate::crypto::WebhookSecret;
use crate::dialects::contract::{Callback, CallbackRefused};

/// A signature that cannot be checked, if there is one.
pub(super) fn verify_none(callback: &Callback<'_>) -> Result<(), CallbackRefused> {
    callback.header("webhook-signature")?;
    Err(CallbackRefused::Mismatch)
}

/// Whether Kling signed this, and not long ago.
pub(super) fn verify(
    callback: &Callback<'_>,
    secret: &WebhookSecret,
    now: Timestamp,
) -> Result<(), CallbackRefused> {
    let id = callback.header("webhook-id")?;
    let timestamp = callback.header("webhook-timestamp")?;
    let signatures = callback.header("webhook-signature")?;
    if !secret.verify(id, timestamp, callback.body, signatures) {
        return Err(CallbackRefused::Mismatch);
    }
    let signed_at = timestamp.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
    match signed_at {
        Some(at) if FACTS.is_fresh(at, now) => Ok(()),
        _ => Err(CallbackRefused::Stale),
    }
}
