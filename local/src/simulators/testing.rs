//! What the tests of all simulators need: a listener for callbacks, a client, a ledger's file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::ledger::Ledger;
use super::misbehaviour::{Manners, Misbehaviour};
use crate::server::{self, Server};

/// A pace at which nothing ends.
pub(super) const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24);

pub(super) fn memory() -> Ledger {
    Ledger::open(None).unwrap()
}

/// The status of an answer, and its body.
pub(super) async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A prompt as the local front passes it on, with words of `metadata.simulate` separated by commas.
pub(super) fn marked(prompt: &str, words: &str) -> String {
    let manners: Manners =
        words.split(',').map(|word| word.parse::<Misbehaviour>().unwrap()).collect();
    let mut prompt = prompt.to_owned();
    manners.mark(&mut prompt);
    prompt
}

/// Waits until `is_so`.
pub(super) async fn settle(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Someone who waits for callbacks.
pub(super) struct Listener {
    server: Server,
    rings: UnboundedReceiver<Ring>,
}

pub(super) struct Ring {
    headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Answers each callback with the next of `answers`, and 200 when there are no more.
pub(super) async fn listen(answers: Vec<StatusCode>) -> Listener {
    let (ring, rings) = unbounded_channel();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let router = Router::new().fallback(move |request: Request| async move {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        ring.send(Ring { headers: head.headers, body }).unwrap();
        answers.lock().unwrap().next().unwrap_or(StatusCode::OK)
    });
    let server = server::Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap().serve(router);
    Listener { server, rings }
}

impl Listener {
    pub(super) fn base_url(&self) -> &str {
        self.server.base_url()
    }

    pub(super) async fn next(&mut self) -> Ring {
        self.rings.recv().await.unwrap()
    }
}

impl Ring {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A path of its own for a test, removed with it.
pub(super) struct TestFile(PathBuf);

impl TestFile {
    pub(super) fn new() -> Self {
        let name = u64::from_be_bytes(crate::random::random());
        Self(std::env::temp_dir().join(format!("filmgate-{name:016x}.jsonl")))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        // A test that wrote nothing left nothing to remove.
        drop(std::fs::remove_file(&self.0));
    }
}
