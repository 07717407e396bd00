//! The callbacks of a task: one for every state that it comes to.
//! Kling promises neither order nor repetition, so each is made once: whoever misses it has to
//! poll.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::RequestBuilder;
use ring::hmac;

use super::Service;
use super::task::processing_from;
use crate::simulators::callbacks::{Callback, Callbacks, Signature, Stage};
use crate::simulators::ids;
use crate::simulators::timeline::Timeline;

/// The callbacks of a well-behaved Kling.
pub(super) fn plan(timeline: &Timeline) -> Vec<Callback> {
    let stages = [
        (Stage::Submitted, Duration::ZERO),
        (Stage::Processing, processing_from(timeline.pace)),
        (Stage::Ended, timeline.pace),
    ];
    let (attempts, signature) = (1, Signature::Valid);
    stages.map(|(stage, after)| Callback { stage, after, attempts, signature }).into()
}

/// The request that a callback is, if there is such a task.
pub(super) fn request(
    service: &Service,
    client: &reqwest::Client,
    id: &str,
    callbacks: &Callbacks,
    callback: Callback,
) -> io::Result<Option<RequestBuilder>> {
    let Some(task) = service.task(id)? else {
        return Ok(None);
    };
    let body = serde_json::to_vec(&task.answer(task.state_of(callback), &service.base_url))?;
    let mut request =
        client.post(&callbacks.url).header("content-type", "application/json; charset=utf-8");
    if callback.signature != Signature::Missing
        && let Some(signer) = &service.signer
    {
        let signed = if callback.signature == Signature::Valid {
            body.as_slice()
        } else {
            b"something else"
        };
        let (id, timestamp) = (ids::new_task(), service.clock.now().as_second().to_string());
        request = request
            .header("webhook-signature", signer.sign(&id, &timestamp, signed))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp);
    }
    Ok(Some(request.body(body)))
}

/// Signs as Standard Webhooks say.
pub(super) struct Signer(hmac::Key);

impl Signer {
    /// Reads `whsec_…`.
    pub(super) fn read(secret: &str) -> io::Result<Self> {
        let encoded = secret.strip_prefix("whsec_").ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a webhook secret begins with whsec_")
        })?;
        let key = BASE64_STANDARD.decode(encoded).map_err(io::Error::other)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    pub(super) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::simulators::replay::fixture;

    /// Signatures made by libraries for Standard Webhooks.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let fixture = fixture("kling", "webhook_signatures");
        let cases = fixture["cases"].as_array().unwrap().iter();
        for case in cases.filter(|case| case["expected"]["valid"] == true) {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let headers = case["headers"].as_object().unwrap();
            let header = |name: &str| {
                let mut found = headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
                text(found.next().unwrap().1)
            };
            let signer = Signer::read(&text(&case["secret"])).unwrap();
            let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
            let signature = signer.sign(&id, &timestamp, text(&case["body"]).as_bytes());
            let others = header("webhook-signature");
            assert!(others.split(' ').any(|other| other == signature), "{}", case["name"]);
        }
    }

    #[test]
    fn what_is_no_webhook_secret_is_refused() {
        for secret in ["", "c2VjcmV0", "whsec_secret!"] {
            assert!(Signer::read(secret).is_err(), "{secret}");
        }
    }
}
