//! A simulated Vidu that answers as a test wants, remembers what it was asked, and calls back when
//! the test does.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::Reply;
use crate::clock::Clock;
use crate::simulators::http_client;
use crate::simulators::ledger::Ledger;
use crate::simulators::script::Script;
use crate::simulators::vidu::{self, Settings, Vidu, signed_headers};

/// The key that is good until it is exchanged.
pub const FIRST_KEY: &str = "vda_fake";
/// An id as Vidu gives them.
pub const VENDOR_TASK: &str = "839120458812739584";

pub struct ScriptedVidu {
    vidu: Vidu,
    script: Arc<Script>,
}

impl ScriptedVidu {
    /// Accepts what comes, and works on it for ever.
    pub async fn start() -> Self {
        let (api_key, script) = (FIRST_KEY.to_owned(), Arc::new(Script::default()));
        script.reply_to_polls(Reply::Json(200, state("processing")));
        // At this pace nothing is called back within a test.
        let pace = Duration::from_secs(24 * 60 * 60);
        let ledger = Ledger::open(None).expect("memory needs no file");
        let settings =
            Settings { api_key, pace, ledger, clock: Clock::Machine, script: Some(script.clone()) };
        Self { vidu: vidu::start(settings).await.expect("a free port"), script }
    }

    /// Answers the first submissions like this, and accepts those after them.
    pub async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let vidu = Self::start().await;
        vidu.script.reply_to_submissions(replies);
        vidu
    }

    /// Accepts what comes, but answers the first submission only when told to.
    pub async fn answering_when(until: oneshot::Receiver<()>) -> Self {
        let vidu = Self::start().await;
        vidu.script.hold_submission(until);
        vidu
    }

    /// Accepts every submission in the same words, and says of every task that its video is
    /// ready; a poll takes so long.
    pub async fn succeeding(poll_time: Duration) -> Self {
        let vidu = Self::start().await;
        let mut accepted = state("created");
        accepted["task_id"] = VENDOR_TASK.into();
        accepted["seed"] = 77.into();
        vidu.script.reply_to_all_submissions(Reply::Json(200, accepted));
        vidu.script.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
        vidu.script.delay_polls(poll_time);
        vidu
    }

    /// The address of this vendor, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.vidu.base_url()
    }

    pub fn accounts(&self) -> String {
        json!({ "vidu": self.vidu.account() }).to_string()
    }

    /// From now on only this key is good, for requests and under callbacks.
    pub fn exchange_key(&self, api_key: &str) {
        self.vidu.exchange_key(api_key);
    }

    /// How many requests were refused for their key.
    pub fn unauthorized(&self) -> usize {
        self.vidu.unauthorized()
    }

    /// From now on polls are answered like this.
    pub fn reply_to_polls(&self, reply: Reply) {
        self.script.reply_to_polls(reply);
    }

    /// From now on cancels are answered like this.
    pub fn reply_to_cancels(&self, reply: Reply) {
        self.script.reply_to_cancels(reply);
    }

    /// How many cancels have come.
    pub fn cancels(&self) -> usize {
        self.script.cancels()
    }

    /// From now on no poll is answered before so many have come.
    pub fn hold_polls(&self, count: usize) {
        self.script.hold_polls(count);
    }

    pub fn submissions(&self) -> Vec<Value> {
        self.script.submissions()
    }

    /// Waits until so many submissions arrived.
    pub async fn submitted(&self, count: usize) {
        self.script.submitted(count).await;
    }

    pub fn polls(&self) -> usize {
        self.script.polls()
    }

    /// The address that the gateway gave out with the last submission.
    pub fn callback_url(&self) -> String {
        let submissions = self.submissions();
        let last = submissions.last().expect("a submission");
        last["callback_url"].as_str().expect("an address").to_owned()
    }

    /// Calls back as Vidu does.
    pub async fn call_back(&self, body: &Value) -> StatusCode {
        let key = self.vidu.account()["api_key"].as_str().expect("a key").to_owned();
        ViduCallback { key, ..ViduCallback::good(&self.callback_url()) }.send(body).await
    }
}

/// A poll's answer that says this state and no more.
pub fn state(state: &str) -> Value {
    json!({ "state": state, "err_code": "", "credits": 80, "creations": [] })
}

pub fn success(url: &str) -> Value {
    let video =
        json!({ "duration": 5.04, "fps": 24, "resolution": { "width": 1920, "height": 1080 } });
    let mut success = state("success");
    success["creations"] = json!([{ "id": "1", "url": url, "video": video }]);
    success
}

/// A callback, each part of which a test may spoil.
#[derive(Clone, Debug)]
pub struct ViduCallback {
    pub url: String,
    pub signed_path: String,
    pub key: String,
    pub at: Timestamp,
    pub signed: bool,
}

impl ViduCallback {
    pub fn good(url: &str) -> Self {
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"));
        Self {
            url: url.to_owned(),
            signed_path: path.expect("a path"),
            key: FIRST_KEY.to_owned(),
            at: Timestamp::now(),
            signed: true,
        }
    }

    pub fn at_offset(self, seconds: i64) -> Self {
        Self { at: self.at + SignedDuration::from_secs(seconds), ..self }
    }

    pub fn headers(&self) -> Vec<(&'static str, String)> {
        if !self.signed {
            return Vec::new();
        }
        let path = self.signed_path.parse().expect("a path");
        signed_headers(&self.key, &path, self.at).into()
    }

    pub fn request(&self, body: &Value) -> reqwest::RequestBuilder {
        let request = http_client()
            .post(&self.url)
            .header("content-type", "application/json")
            .body(body.to_string());
        let headers = self.headers().into_iter();
        headers.fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn send(&self, body: &Value) -> StatusCode {
        self.request(body).send().await.expect("an answer").status()
    }
}
