//! Kling's signature under a callback: <https://kling.ai/document-api/api/get-started/callbacks>.
//!
//! The scheme is Standard Webhooks. Kling signs only once its operator has made
//! a secret in the console. The body is covered, but nobody here reads it: the
//! console's test ring, which names no task of ours, is as good as any.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::Deserialize;

use crate::vendor::{Forged, Ring};

const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// `whsec_` and a key in base64.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct WebhookSecret(hmac::Key);

impl TryFrom<String> for WebhookSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let encoded = text.strip_prefix("whsec_").unwrap_or(&text);
        match STANDARD.decode(encoded) {
            Ok(key) if !key.is_empty() => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key))),
            _ => Err("webhook_secret must be whsec_ and base64, as Kling's console shows it"),
        }
    }
}

impl WebhookSecret {
    pub(super) fn verify(&self, ring: &Ring<'_>, now: Timestamp) -> Result<(), Forged> {
        let id = header(ring.headers, "webhook-id")?;
        let timestamp = header(ring.headers, "webhook-timestamp")?;
        let signatures = header(ring.headers, "webhook-signature")?;

        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(ring.body);
        // Two secrets are in force for some days after a change; one match is enough.
        let holds = signatures
            .split_ascii_whitespace()
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|signature| hmac::verify(&self.0, &signed, &signature).is_ok());
        if !holds {
            return Err(Forged::Mismatch);
        }
        let signed_at = timestamp.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
        match signed_at {
            Some(at) if now.duration_since(at).abs() <= TOLERANCE => Ok(()),
            _ => Err(Forged::Stale),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Forged> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.is_empty())
        .ok_or(Forged::Unsigned)
}
