//! Tells a task's callback address of every state it comes to.
//! Kling promises neither order nor repetition, so each state is told once: whoever misses it has
//! to ask.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::RequestBuilder;
use ring::hmac;

use super::Service;
use super::task::processing_from;
use crate::simulators::course::Course;
use crate::simulators::follow::{Call, Calls, Seal, Stage};
use crate::simulators::ids;

/// What and when a task of this course tells.
pub(super) fn plan(course: &Course) -> Vec<Call> {
    let stages = [
        (Stage::Submitted, Duration::ZERO),
        (Stage::Processing, processing_from(course.pace)),
        (Stage::Ended, course.pace),
    ];
    stages.map(|(stage, after)| Call { stage, after, attempts: 1, seal: Seal::Own }).into()
}

pub(super) fn request(
    service: &Service,
    client: &reqwest::Client,
    id: &str,
    calls: &Calls,
    call: Call,
) -> io::Result<Option<RequestBuilder>> {
    let Some(task) = service.task(id)? else {
        return Ok(None);
    };
    let body = serde_json::to_vec(&task.answer(task.told(call), &service.base_url))?;
    let mut request =
        client.post(&calls.callback_url).header("content-type", "application/json; charset=utf-8");
    if call.seal != Seal::Missing
        && let Some(signer) = &service.signer
    {
        let signed = if call.seal == Seal::Own { body.as_slice() } else { b"something else" };
        let (id, timestamp) = (ids::new_task(), Timestamp::now().as_second().to_string());
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
    use super::*;

    /// Signatures made by libraries for Standard Webhooks; the last is of Kling's own guide.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let ours = "whsec_c2hhcmVkLXdlYmhvb2stc2VjcmV0LTAwMDAwMDAwMSE=";
        let rows = [
            (
                ours,
                "8800000000000000000",
                "1786000000",
                r#"{"task_id":"870000000000000001","task_status":"submitted","task_status_msg":"","task_info":{"external_task_id":"job-0001"},"created_at":1785999990001,"updated_at":1785999990001}"#,
                "v1,6GXhX1CLu97dKmM4QDjjDJWevPZAyy5GhTyzEEJO+ZM=",
            ),
            (
                ours,
                "8800000000000000001",
                "1786000001",
                r#"{"id":"870000000000000002","status":"processing","message":"","create_time":1785999991000,"update_time":1785999992000,"external_id":"job-0002","outputs":[],"billing":[]}"#,
                "v1,OAV5E+VMF6mFr6fndxSMkGg3Dh52n452VcsAzrrDLbw=",
            ),
            (
                "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=",
                "9876543210",
                "1781080794",
                r#"{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}"#,
                "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
            ),
        ];
        for (secret, id, timestamp, body, expected) in rows {
            let signer = Signer::read(secret).unwrap();
            assert_eq!(signer.sign(id, timestamp, body.as_bytes()), expected, "{id}");
        }
    }

    #[test]
    fn what_is_no_webhook_secret_is_refused() {
        for secret in ["", "c2VjcmV0", "whsec_secret!"] {
            assert!(Signer::read(secret).is_err(), "{secret}");
        }
    }
}
