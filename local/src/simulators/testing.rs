//! What the tests of all simulators need: a receiver of callbacks, a client, a ledger's file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::ledger::Ledger;
use super::misbehaviour::{Behaviour, Misbehaviour};
use crate::random::random;
use crate::{Receiver, Reply};

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
    let behaviour: Behaviour =
        words.split(',').map(|word| word.parse::<Misbehaviour>().unwrap()).collect();
    let mut prompt = prompt.to_owned();
    behaviour.mark(&mut prompt);
    prompt
}

/// Waits until `is_so`.
pub(super) async fn settle(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// A receiver of callbacks that answers the first ones like this.
pub(super) async fn receiver(replies: &[u16]) -> Receiver {
    Receiver::replying(replies.iter().map(|status| Reply::Status(*status))).await.unwrap()
}

pub(super) fn header<'a>(callback: &'a Request<Bytes>, name: &str) -> &'a str {
    callback.headers()[name].to_str().unwrap()
}

pub(super) fn json_of(callback: &Request<Bytes>) -> Value {
    serde_json::from_slice(callback.body()).unwrap()
}

/// A path of its own for a test, removed with it.
pub(super) struct TestFile(PathBuf);

impl TestFile {
    pub(super) fn new() -> Self {
        let name = u64::from_be_bytes(random());
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
