//! A client's webhook, whose calls are held against the contract.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use local::{Receiver, Reply};
use ring::hmac;
use serde_json::Value;
use tokio::time::timeout;

use crate::contract::CONTRACT;
use crate::gateway::DEADLINE;

const PATH: &str = "/video?key=1";

pub(crate) struct WebhookReceiver {
    pub(crate) url: String,
    receiver: Receiver,
}

#[derive(Debug)]
pub(crate) struct Call {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl WebhookReceiver {
    /// Content with everything.
    pub(crate) async fn start() -> Self {
        Self::replying([]).await
    }

    /// Answers the first calls like this, and is content with those after them.
    pub(crate) async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let receiver = Receiver::replying(replies).await.expect("a free port");
        Self { url: format!("{}{PATH}", receiver.url()), receiver }
    }

    /// The next call, which is as the contract says.
    pub(crate) async fn called(&mut self) -> Call {
        let call = timeout(DEADLINE, self.receiver.called()).await.expect("a call in time");
        assert_eq!((call.method().as_str(), call.uri().to_string().as_str()), ("POST", PATH));
        CONTRACT.check_webhook(call.headers(), call.body());
        let (head, body) = call.into_parts();
        Call { headers: head.headers, body: body.to_vec() }
    }

    /// Whether nobody called who was not waited for.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.receiver.is_left_alone()
    }
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// As the documentation of Standard Webhooks says it, with nothing of ours.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let secret = secret.strip_prefix("whsec_").expect("a webhook secret");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).expect("base64"));
        let signature = self.header("webhook-signature").strip_prefix("v1,").expect("version 1");
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(&self.body);
        hmac::verify(&key, &signed, &STANDARD.decode(signature).expect("base64")).is_ok()
    }
}
