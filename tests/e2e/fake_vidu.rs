//! A Vidu that says whatever a test wants, and remembers what it was asked.
//!
//! It never calls back by itself; a test rings when it likes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The key that is good until it is exchanged.
pub(crate) const FIRST_KEY: &str = "vda_fake";
pub(crate) const VENDOR_TASK: &str = "839120458812739584";

/// What to answer a submission.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Accept,
    Json(u16, Value),
    Text(u16, &'static str),
    /// Read the request, then drop the connection.
    HangUp,
}

struct Script {
    /// The only key that is not refused.
    api_key: String,
    /// How many calls were refused for another key.
    strangers: usize,
    /// Nothing is answered before this is heard.
    wait: Option<oneshot::Receiver<()>>,
    replies: VecDeque<Reply>,
    /// What a look at the task is answered.
    look: Reply,
    submissions: Vec<Value>,
    looks: usize,
    /// No look is answered before so many have come.
    looks_at_once: usize,
}

impl Script {
    fn waits_for_looks(&self) -> bool {
        self.looks < self.looks_at_once
    }
}

pub(crate) struct FakeVidu {
    base_url: String,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

impl Drop for FakeVidu {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeVidu {
    /// Accepts what comes and works on it for ever.
    pub(crate) async fn start() -> Self {
        Self::replying([]).await
    }

    /// Answers the first submissions like this, and accepts those after them.
    pub(crate) async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::scripted(replies, None).await
    }

    /// Accepts what comes, but answers the first request only when told to.
    pub(crate) async fn answering_when(wait: oneshot::Receiver<()>) -> Self {
        Self::scripted([], Some(wait)).await
    }

    async fn scripted(
        replies: impl IntoIterator<Item = Reply>,
        wait: Option<oneshot::Receiver<()>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script {
            api_key: FIRST_KEY.to_owned(),
            strangers: 0,
            wait,
            replies: replies.into_iter().collect(),
            look: Reply::Json(200, state("processing")),
            submissions: Vec::new(),
            looks: 0,
            looks_at_once: 0,
        }));
        let router = Router::new().fallback(answer).with_state(script.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves until it is dropped");
        });
        Self { base_url, script, server }
    }

    pub(crate) fn accounts(&self) -> String {
        json!({ "vidu": { "base_url": self.base_url, "api_key": lock(&self.script).api_key } })
            .to_string()
    }

    /// From now on only this key is good, for calls and for what is signed.
    pub(crate) fn exchange_key(&self, api_key: &str) {
        api_key.clone_into(&mut lock(&self.script).api_key);
    }

    /// How many calls were refused because of their key.
    pub(crate) fn strangers(&self) -> usize {
        lock(&self.script).strangers
    }

    /// From now on looks are answered like this.
    pub(crate) fn look_answers(&self, look: Reply) {
        lock(&self.script).look = look;
    }

    /// From now on no look is answered before so many have come.
    pub(crate) fn answers_looks_together(&self, looks: usize) {
        lock(&self.script).looks_at_once = looks;
    }

    pub(crate) fn submissions(&self) -> Vec<Value> {
        lock(&self.script).submissions.clone()
    }

    /// Waits until so many submissions arrived.
    pub(crate) async fn heard(&self, submissions: usize) {
        while self.submissions().len() < submissions {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn looks(&self) -> usize {
        lock(&self.script).looks
    }

    /// The address that the gateway gave out with the last submission.
    pub(crate) fn callback_url(&self) -> String {
        let submissions = self.submissions();
        let last = submissions.last().expect("a submission");
        last["callback_url"].as_str().expect("an address").to_owned()
    }

    /// Rings as Vidu does.
    pub(crate) async fn ring(&self, body: &Value) -> StatusCode {
        let key = lock(&self.script).api_key.clone();
        ring(&Bell { key, ..Bell::good(&self.callback_url()) }, body).await
    }
}

/// A look's answer that says this state and no more.
pub(crate) fn state(state: &str) -> Value {
    json!({ "id": VENDOR_TASK, "state": state, "err_code": "", "credits": 80, "creations": [] })
}

pub(crate) fn success(url: &str) -> Value {
    let video =
        json!({ "duration": 5.04, "fps": 24, "resolution": { "width": 1920, "height": 1080 } });
    let mut success = state("success");
    success["creations"] = json!([{ "id": "1", "url": url, "video": video }]);
    success
}

/// What a ring is signed with, each part to be spoilt by a test.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    pub(crate) url: String,
    pub(crate) signed_path: String,
    pub(crate) key: String,
    pub(crate) at: Timestamp,
    pub(crate) signed: bool,
}

impl Bell {
    pub(crate) fn good(url: &str) -> Self {
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"));
        Self {
            url: url.to_owned(),
            signed_path: path.expect("a path"),
            key: FIRST_KEY.to_owned(),
            at: Timestamp::now(),
            signed: true,
        }
    }

    pub(crate) fn at_offset(self, seconds: i64) -> Self {
        Self { at: self.at + SignedDuration::from_secs(seconds), ..self }
    }
}

impl Bell {
    /// What Vidu puts into the head of its call.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        if !self.signed {
            return Vec::new();
        }
        let date = self.at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let nonce = "5b8f1c9e-0000-4000-8000-000000000001";
        let text = format!(
            "POST\n{}\n\nvidu\n{date}\nDate:{date}\nx-request-nonce:{nonce}\n",
            self.signed_path
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.as_bytes());
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        vec![
            ("Date", date),
            ("x-request-nonce", nonce.to_owned()),
            ("X-HMAC-SIGNED-HEADERS", "Date;x-request-nonce".to_owned()),
            ("X-HMAC-ALGORITHM", "hmac-sha256".to_owned()),
            ("X-HMAC-ACCESS-KEY", "vidu".to_owned()),
            ("X-HMAC-SIGNATURE", signature),
        ]
    }
}

pub(crate) async fn ring(bell: &Bell, body: &Value) -> StatusCode {
    ringing(bell, body).send().await.expect("an answer").status()
}

/// The request that a ring is.
pub(crate) fn ringing(bell: &Bell, body: &Value) -> reqwest::RequestBuilder {
    let request = reqwest::Client::new()
        .post(&bell.url)
        .header("content-type", "application/json")
        .body(body.to_string());
    let headers = bell.headers().into_iter();
    headers.fold(request, |request, (name, value)| request.header(name, value))
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let (reply, wait) = {
        let mut script = lock(&script);
        if parts.headers["authorization"] != format!("Token {}", script.api_key) {
            script.strangers += 1;
            let refusal =
                json!({ "code": 401, "reason": "Unauthorized", "message": "no such key" });
            (Reply::Json(401, refusal), None)
        } else if parts.method == "GET" {
            script.looks += 1;
            (script.look.clone(), None)
        } else {
            script.submissions.push(serde_json::from_slice(&body).expect("JSON"));
            (script.replies.pop_front().unwrap_or(Reply::Accept), script.wait.take())
        }
    };
    if let Some(wait) = wait {
        wait.await.expect("the test tells when");
    }
    while lock(&script).waits_for_looks() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    match reply {
        Reply::Accept => {
            let body =
                json!({ "task_id": VENDOR_TASK, "state": "created", "seed": 77, "credits": 80 });
            axum::Json(body).into_response()
        }
        Reply::Json(status, body) => (status_code(status), axum::Json(body)).into_response(),
        Reply::Text(status, body) => (status_code(status), body).into_response(),
        Reply::HangUp => {
            // A body that breaks off closes the connection before the answer is whole.
            let broken = futures_util::stream::once(async {
                Err::<String, _>(std::io::Error::other("hung up"))
            });
            Body::from_stream(broken).into_response()
        }
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().expect("nothing panics holding the script")
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}
