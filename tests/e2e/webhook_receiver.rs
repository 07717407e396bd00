//! A client's webhook that answers whatever a test wants, and hands over what it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use ring::hmac;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::contract::CONTRACT;
use crate::gateway::DEADLINE;

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    With(u16, &'static str, String),
    /// Read the request, and that was it.
    Never,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

pub(crate) struct WebhookReceiver {
    pub(crate) url: String,
    calls: mpsc::UnboundedReceiver<Call>,
    server: JoinHandle<()>,
}

struct Script {
    replies: Mutex<VecDeque<Reply>>,
    calls: mpsc::UnboundedSender<Call>,
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl WebhookReceiver {
    /// Content with everything.
    pub(crate) async fn start() -> Self {
        Self::replying([]).await
    }

    /// Answers the first calls like this, and is content with those after them.
    pub(crate) async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/film?key=1", listener.local_addr().expect("an address"));
        let (sender, calls) = mpsc::unbounded_channel();
        let replies = Mutex::new(replies.into_iter().collect());
        let script = Arc::new(Script { replies, calls: sender });
        let router = Router::new().fallback(answer).with_state(script);
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves until it is dropped");
        });
        Self { url, calls, server }
    }

    /// The next call, which is as the contract says.
    pub(crate) async fn called(&mut self) -> Call {
        let call = timeout(DEADLINE, self.calls.recv()).await.expect("a call in time");
        let call = call.expect("the receiver runs");
        CONTRACT.check_webhook(&call.headers, &call.body);
        call
    }

    /// Whether nobody called who was not waited for.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.calls.try_recv().is_err()
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

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    assert_eq!((parts.method.as_str(), parts.uri.to_string().as_str()), ("POST", "/film?key=1"));
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let reply = script.replies.lock().expect("nothing panics holding it").pop_front();
    // Whoever tests may have heard enough.
    drop(script.calls.send(Call { headers: parts.headers, body: body.to_vec() }));
    let status = |status| StatusCode::from_u16(status).expect("a status");
    match reply.unwrap_or(Reply::Status(200)) {
        Reply::Status(code) => status(code).into_response(),
        Reply::With(code, name, value) => (status(code), [(name, value)]).into_response(),
        Reply::Never => std::future::pending().await,
    }
}
