//! What is asked of a stack that somebody deployed.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// A vendor that takes longer over a few seconds of video is worth a look.
const LONGEST_VIDEO: Duration = Duration::from_secs(15 * 60);

pub(crate) struct Deployment {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Deployment {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        // Only the first one counts; whoever was first installed the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(Duration::from_secs(35)).build();
        Self {
            http: http.expect("a client"),
            url: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What is deployed is what is checked out here, and its page is there.
    pub(crate) async fn check_contract(&self) {
        let contract = read(self.get("/openapi.json"), 200).await;
        let ours: Value = serde_json::from_str(docs::CONTRACT).expect("JSON");
        assert_eq!(contract["info"]["version"], ours["info"]["version"], "another version runs");
        assert_eq!(contract["paths"], ours["paths"], "another contract is served");
        let page = self.get("/docs").send().await.expect("an answer");
        assert_eq!(page.status(), 200);
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    }

    /// The ways to be refused that cost nothing: each goes through API Gateway, a
    /// function and, where a key is given, both tables.
    pub(crate) async fn check_refusals(&self) {
        let generations = "/v1/video/generations";
        let unknown = format!("{generations}/{}", "0".repeat(32));
        let with_key = |request: RequestBuilder| request.bearer_auth(&self.key);
        let rows = [
            (self.get(&unknown), 401, "missing_api_key"),
            (self.get(&unknown).bearer_auth("sk-nobodys"), 401, "unknown_api_key"),
            (with_key(self.get(&unknown)), 404, "task_not_found"),
            (with_key(self.get(&format!("{generations}?page=2"))), 400, "invalid_parameter"),
            (with_key(self.get("/v1/films")), 404, "route_not_found"),
            (self.create(&json!({ "model": "viduq1" })), 400, "missing_parameter"),
            (self.callback(), 404, "route_not_found"),
        ];
        for (request, status, code) in rows {
            let body = read(request, status).await;
            assert_eq!(body["code"], code, "{body}");
            assert_eq!(body["error"]["code"], code, "{body}");
        }
    }

    /// Makes a video and waits for it. The vendor charges for this.
    pub(crate) async fn make_video(&self, model: &str) -> Value {
        let body = json!({ "model": model, "prompt": "The sun sets over a calm sea" });
        let created = read(self.create(&body), 200).await;
        let id = created["task_id"].as_str().expect("a task_id");
        let path = format!("/v1/video/generations/{id}");
        let began = Instant::now();
        loop {
            let answer = self.get(&path).bearer_auth(&self.key).send().await.expect("an answer");
            let wait = wait_of(&answer);
            let text = answer.text().await.expect("a body");
            let task: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            match task["status"].as_str() {
                Some("succeeded") => {
                    self.check_video(task["url"].as_str().expect("a url")).await;
                    return task;
                }
                Some("queued" | "processing") => {}
                _ => panic!("the video failed: {task}"),
            }
            assert!(began.elapsed() < LONGEST_VIDEO, "it still is not done: {task}");
            tokio::time::sleep(wait).await;
        }
    }

    async fn check_video(&self, url: &str) {
        let video = self.http.get(url).send().await.expect("an answer of the vendor's");
        assert_eq!(video.status(), 200, "{url}");
        let video = video.bytes().await.expect("a video");
        assert_eq!(video.get(4..8), Some(&b"ftyp"[..]), "an MP4 file begins like this");
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    fn create(&self, body: &Value) -> RequestBuilder {
        let request = self.http.post(format!("{}/v1/video/generations", self.url));
        let request = request.bearer_auth(&self.key).header("content-type", "application/json");
        request.body(body.to_string())
    }

    /// As somebody who guesses the address that a vendor was given.
    fn callback(&self) -> RequestBuilder {
        self.http.post(format!("{}/v1/callbacks/vidu/guessed", self.url)).body("{}")
    }
}

/// When the service says that asking again makes sense.
fn wait_of(answer: &Response) -> Duration {
    let seconds = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Duration::from_secs(seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(1))
}

async fn read(request: RequestBuilder, status: u16) -> Value {
    let answer = request.send().await.expect("an answer");
    let (got, url) = (answer.status(), answer.url().clone());
    let text = answer.text().await.expect("a body");
    assert_eq!(got.as_u16(), status, "{url}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{url}: {error}: {text}"))
}
