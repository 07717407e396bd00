//! Clients and vendors as the functions meet them, and what clients were told.

use std::collections::HashMap;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use lambda_http::{Body, RequestExt};
use local::simulators::simulate;
use serde_json::{Value, json};
use shared::platform::Clock;
use shared::task::Vendor;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::World;
use super::rules::Rule;

/// A request for videos.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) api_key: String,
    pub(crate) model: &'static str,
    /// No two requests of a world have the same, but for those with the same idempotency key.
    pub(crate) prompt: String,
    pub(crate) count: u32,
    pub(crate) idempotency_key: Option<String>,
    /// Which try it is, of a client whose SDK repeats requests and numbers its tries.
    pub(crate) try_number: Option<u32>,
    pub(crate) webhook: Option<String>,
    /// How its vendor misbehaves.
    pub(crate) simulate: Vec<&'static str>,
}

/// A request with what its client was told; nothing, where the function died.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) wanted: Wanted,
    pub(crate) answer: Option<(StatusCode, Value)>,
}

impl Told {
    /// The ids that the client was given.
    pub(crate) fn task_ids(&self) -> Vec<&str> {
        let Some((StatusCode::OK, body)) = &self.answer else { return Vec::new() };
        match body["task_ids"].as_array() {
            Some(ids) => ids.iter().filter_map(Value::as_str).collect(),
            None => body["task_id"].as_str().into_iter().collect(),
        }
    }

    /// Whether an error says what it may have cost.
    pub(crate) fn says_whether_charged(&self) -> bool {
        self.answer.as_ref().is_some_and(|(_, body)| body["error"]["charged"].is_string())
    }

    /// Whether an SDK sends it once more: nobody answered, or it is told so.
    pub(crate) fn is_repeated_by_sdks(&self) -> bool {
        match &self.answer {
            None => true,
            Some((status, body)) => {
                let is_such = status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT);
                is_such && body["error"]["retryable"] == true
            }
        }
    }

    /// Whether the client was told that nothing was made.
    pub(crate) fn is_told_no(&self) -> bool {
        self.answer.as_ref().is_some_and(|(_, body)| body["error"]["charged"] == "no")
    }
}

impl World {
    /// Asks for videos, of a function that this rule holds for, and keeps what is answered.
    pub(crate) async fn create(&self, wanted: &Wanted, rule: Rule) -> Told {
        self.create_within(self.timeout(&self.creates), wanted, rule).await
    }

    /// The same of a function that is killed after this time.
    pub(crate) async fn create_within(&self, lasts: Duration, wanted: &Wanted, rule: Rule) -> Told {
        let mut request = http::Request::post("https://localhost/v1/video/generations")
            .header("authorization", format!("Bearer {}", wanted.api_key))
            .header("content-type", "application/json");
        if let Some(key) = &wanted.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(number) = wanted.try_number {
            request = request.header("x-stainless-retry-count", number);
        }
        let request = request.body(Body::from(wanted.body())).expect("a request");
        let answer = self.invoke_within(lasts, &self.creates, rule, async |create| {
            create.answer(&request, &Clock::starting(self.now(), self.now() + lasts)).await
        });
        let answer = answer.await.map(|answer| {
            let body = serde_json::from_slice(answer.body()).expect("JSON");
            (answer.status(), body)
        });
        let told = Told { wanted: wanted.clone(), answer };
        self.told.lock().expect("nothing panics holding it").push(told.clone());
        told
    }

    /// Asks as a stock SDK does, from this try on: up to three in all, when an answer is lost or
    /// says so. Gives the last answer.
    pub(crate) async fn create_by_sdk(
        &self,
        wanted: &Wanted,
        first: u32,
        mut rule: impl FnMut() -> Rule,
    ) -> Told {
        let mut number = first;
        loop {
            let wanted = Wanted { try_number: Some(number), ..wanted.clone() };
            let told = self.create(&wanted, rule()).await;
            if number == 2 || !told.is_repeated_by_sdks() {
                return told;
            }
            number += 1;
            // It waits for as long as it is asked to, and for some seconds at most by itself.
            sleep(Duration::from_secs(5)).await;
        }
    }

    /// Asks how a task is.
    pub(crate) async fn query(&self, api_key: &str, id: &str, rule: Rule) -> Option<Value> {
        let request = http::Request::get(format!("https://localhost/v1/video/generations/{id}"))
            .header("authorization", format!("Bearer {api_key}"))
            .body(Body::Empty)
            .expect("a request");
        let parameters = HashMap::from([("task_id".to_owned(), id.to_owned())]);
        let request = request.with_path_parameters(parameters);
        let answer = self
            .invoke(&self.queries, rule, async |query| query.answer(&request, self.now()).await);
        answer.await.map(|answer| serde_json::from_slice(answer.body()).expect("JSON"))
    }

    /// Cancels a task (`POST` and `/cancel`) or deletes it. None when the function died.
    pub(crate) async fn withdraw(
        &self,
        api_key: &str,
        (method, id, action): (&str, &str, &str),
        rule: Rule,
    ) -> Option<(StatusCode, Value)> {
        let path = format!("https://localhost/v1/video/generations/{id}{action}");
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {api_key}"))
            .body(Body::Empty)
            .expect("a request");
        let parameters = HashMap::from([("task_id".to_owned(), id.to_owned())]);
        let request = request.with_path_parameters(parameters);
        let answer = self.invoke(&self.withdraws, rule, async |withdraw| {
            withdraw.answer(&request, self.now()).await
        });
        let answer = answer.await?;
        Some((answer.status(), serde_json::from_slice(answer.body()).expect("JSON")))
    }

    /// A vendor calls back.
    pub(super) async fn call_back(&self, request: http::Request<Bytes>) -> Response {
        let path = request.uri().path().to_owned();
        let mut segments = path.rsplit('/');
        let (token, vendor) = (segments.next(), segments.next());
        let (Some(token), Some(vendor)) = (token, vendor) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let rule = self.faults();
        let parameters = [("token", token), ("vendor", vendor)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = request.map(|body| Body::from(body.to_vec()));
        let request = request.with_path_parameters(HashMap::from(parameters));
        let answer = self.invoke(&self.callbacks, rule, async |callback| {
            callback.answer(&request, self.now()).await
        });
        // What API Gateway says of a function that died.
        let status = answer.await.map_or(StatusCode::SERVICE_UNAVAILABLE, |it| it.status());
        status.into_response()
    }

    /// The address of a webhook whose calls are answered like this.
    pub(crate) async fn receive_webhooks(
        &self,
        answer: impl Fn(&Value) -> StatusCode + Clone + Send + Sync + 'static,
    ) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/video", listener.local_addr().expect("an address"));
        let router = axum::Router::new().fallback(move |body: Bytes| async move {
            answer(&serde_json::from_slice(&body).expect("JSON"))
        });
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        address
    }

    /// All that clients were told so far.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().expect("nothing panics holding it").clone()
    }
}

impl Wanted {
    fn body(&self) -> String {
        let mut body = json!({ "model": self.model, "prompt": self.prompt });
        if self.count > 1 {
            body["n"] = self.count.into();
        }
        if let Some(webhook) = &self.webhook {
            body["metadata"]["callback_url"] = webhook.as_str().into();
        }
        if self.simulate.is_empty() {
            return body.to_string();
        }
        body["metadata"]["simulate"] = json!(self.simulate);
        let marked = simulate::rewrite(body.to_string().as_bytes(), &Vendor::ALL);
        let marked = marked.expect("known words").expect("it is for a simulated vendor");
        String::from_utf8(marked).expect("JSON")
    }
}
