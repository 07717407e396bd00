//! Standard Webhooks' signature: <https://github.com/standard-webhooks/standard-webhooks>.
//!
//! Pure. Kling signs its callbacks like this, and we what clients' webhooks get.
//! How old a signed time may be is for who reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::Deserialize;

/// `whsec_` and a key in base64.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct WebhookSecret(hmac::Key);

impl TryFrom<String> for WebhookSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.as_str().try_into()
    }
}

impl TryFrom<&str> for WebhookSecret {
    type Error = &'static str;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        match STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)) {
            Ok(key) if !key.is_empty() => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key))),
            _ => Err("webhook_secret must be whsec_ and base64"),
        }
    }
}

impl WebhookSecret {
    /// The header `webhook-signature` for a message, its time in Unix seconds.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let signature = hmac::sign(&self.0, &signed(id, timestamp, body));
        format!("v1,{}", STANDARD.encode(signature))
    }

    /// Whether one of the signatures in such a header is ours: two secrets are in
    /// force for some days after a change.
    pub fn verify(&self, id: &str, timestamp: &str, body: &[u8], header: &str) -> bool {
        let signed = signed(id, timestamp, body);
        header
            .split_ascii_whitespace()
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|signature| hmac::verify(&self.0, &signed, &signature).is_ok())
    }
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn signatures_are_those_that_other_peoples_code_makes() {
        let vectors = include_str!("../dialects/kling/fixtures/webhook_signatures.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let cases = vectors["cases"].as_array().unwrap().iter();
        let mut compared = 0;
        for case in cases.chain([&vectors["vendor_published"]]) {
            let header = |name: &str| case["headers"][name].as_str().unwrap_or_default();
            let signature = header("webhook-signature");
            // The others have several signatures, or none that is meant to hold.
            if case["expected"]["valid"] != true || signature.contains(' ') || signature.is_empty()
            {
                continue;
            }
            let secret = WebhookSecret::try_from(case["secret"].as_str().unwrap()).unwrap();
            let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
            let body = case["body"].as_str().unwrap().as_bytes();
            assert_eq!(secret.sign(id, timestamp, body), signature, "{}", case["name"]);
            assert!(secret.verify(id, timestamp, body, signature), "{}", case["name"]);
            compared += 1;
        }
        assert!(compared >= 5, "only {compared} vectors were compared");
    }
}
