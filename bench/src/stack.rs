//! What the functions are measured in: a stack without anything that runs by itself, and
//! a vendor that answers when it is told to.
//!
//! Both have threads of their own, so that what the measuring thread takes is the
//! functions' and nobody else's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use create::Create;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use local::{LOCAL_KEY, Options, Stack};
use query::Query;
use reconcile::Reconcile;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use shared::runtime::Environment;
use shared::store::Tasks;
use shared::task::{Duty, Lane, Status, Task, TaskId, Vendor};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// What the vendor calls every task.
const VENDOR_TASK: &str = "839120458812739584";

/// As many as DynamoDB takes in one call.
const BATCH: usize = 25;

/// A request as the vendor got it.
#[derive(Clone)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

struct Script {
    /// How long a poll takes.
    look: Duration,
    submission: Mutex<Option<Heard>>,
}

pub(crate) struct World {
    stack: Stack,
    vendor_url: String,
    script: Arc<Script>,
    /// Where the stack and the vendor run.
    _servers: Runtime,
}

impl World {
    /// With a vendor that takes so long to say that a video is ready.
    pub(crate) fn start(look: Duration) -> Self {
        let servers = Builder::new_multi_thread().enable_all().build().expect("threads");
        let script = Arc::new(Script { look, submission: Mutex::new(None) });
        let (stack, vendor_url) = servers.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let vendor_url = format!("http://{}", listener.local_addr().expect("an address"));
            let router = Router::new().fallback(answer).with_state(script.clone());
            tokio::spawn(async move { axum::serve(listener, router).await });
            let accounts = json!({ "vidu": { "base_url": vendor_url, "api_key": "vda_bench" } });
            let options = Options {
                accounts: accounts.to_string(),
                starts_functions: false,
                ..Options::default()
            };
            (Stack::start(options).await.expect("the stack starts"), vendor_url)
        });
        Self { stack, vendor_url, script, _servers: servers }
    }

    pub(crate) fn vendor_url(&self) -> &str {
        &self.vendor_url
    }

    /// What the vendor was last asked to make.
    pub(crate) fn submission(&self) -> Heard {
        let submission = self.script.submission.lock().expect("nobody panics with it").clone();
        submission.expect("something was submitted")
    }

    pub(crate) fn create(&self) -> Create {
        Create::start(&Environment::new(&self.variable("Create"))).expect("it starts")
    }

    pub(crate) fn query(&self) -> Query {
        Query::start(&Environment::new(&self.variable("Query"))).expect("it starts")
    }

    pub(crate) fn reconcile(&self) -> Reconcile {
        Reconcile::start(&Environment::new(&self.variable("Reconcile"))).expect("it starts")
    }

    /// The client that the functions have, with no function around it.
    pub(crate) fn dynamodb(&self) -> Client {
        Environment::new(&self.variable("Create")).dynamodb().expect("its variables are there")
    }

    /// A variable of a function as the template has it, but with nobody between the function
    /// and its database.
    fn variable(&self, function: &str) -> impl Fn(&str) -> Option<String> {
        let variables = self.stack.variables(function).expect("it is in the template").clone();
        let database = self.stack.database_url().to_owned();
        move |name| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(database.clone()),
            name => variables.get(name).cloned(),
        }
    }

    /// A request as a function gets it from API Gateway.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> lambda_http::Request {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .header("authorization", format!("Bearer {LOCAL_KEY}"))
            .header("content-type", "application/json")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .expect("a request");
        let event = self.stack.event(request).expect("the template has a route for it");
        lambda_http::request::from_str(&event.to_string()).expect("an event")
    }

    pub(crate) fn create_request(&self) -> lambda_http::Request {
        let body = json!({ "model": "viduq1", "prompt": "the tide comes in" });
        self.request("POST", "/v1/video/generations", &body.to_string())
    }

    pub(crate) fn query_request(&self, id: &TaskId) -> lambda_http::Request {
        self.request("GET", &format!("/v1/video/generations/{id}"), "")
    }

    /// A task that was created just now, as it is stored.
    pub(crate) async fn created(&self, create: &Create) -> Task {
        let answer = create.answer(&self.create_request(), Timestamp::now()).await;
        let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
        let id = answer["task_id"].as_str().and_then(|id| id.parse().ok()).expect("a task");
        let tasks = Tasks::new(self.dynamodb(), "Tasks".to_owned(), "Usage".to_owned());
        tasks.get(&id).await.expect("an answer").expect("it is there")
    }

    /// Stores tasks as quickly as the database takes them.
    pub(crate) async fn fill(&self, tasks: impl Iterator<Item = Task>) {
        let client = self.dynamodb();
        let mut tasks = tasks.peekable();
        let batches = std::iter::from_fn(move || {
            tasks.peek()?;
            Some(tasks.by_ref().take(BATCH).map(|task| put(&task)).collect::<Vec<_>>())
        });
        stream::iter(batches)
            .map(|batch| client.batch_write_item().request_items("Tasks", batch).send())
            .buffer_unordered(2)
            .try_for_each(async |answer| {
                let left = answer.unprocessed_items.unwrap_or_default();
                assert!(left.is_empty(), "the embedded database takes everything");
                Ok(())
            })
            .await
            .expect("it stores them");
    }
}

/// The id of a task made at this time, the number-th of its kind.
pub(crate) fn numbered(now: Timestamp, number: u64) -> TaskId {
    // An odd factor keeps them different, and spreads them as real ones are.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let mut random = [0; 10];
    random[..8].copy_from_slice(&spread);
    random[8..].copy_from_slice(&spread[..2]);
    TaskId::new(now, &random)
}

/// A task like this one, which has ended well.
pub(crate) fn finished(task: &Task, id: TaskId) -> Task {
    Task {
        id,
        status: Status::Succeeded,
        url: Some("https://videos.example/1.mp4".to_owned()),
        vendor_duty: None,
        vendor_due_at: None,
        vendor_due_shard: None,
        ..task.clone()
    }
}

/// A task like this one, which somebody has to poll by then.
pub(crate) fn due(task: &Task, id: TaskId, at: Timestamp) -> Task {
    let shard = Some(Lane::Vendor(Vendor::Vidu).shard(&id));
    let (vendor_due_at, vendor_duty) = (Some(at), Some(Duty::Poll));
    Task { id, vendor_duty, vendor_due_at, vendor_due_shard: shard, ..task.clone() }
}

pub(crate) fn item(task: &Task) -> HashMap<String, AttributeValue> {
    serde_dynamo::to_item(task).expect("a task is an item")
}

fn put(task: &Task) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item(task))).build().expect("it has an item");
    WriteRequest::builder().put_request(put).build()
}

/// A client without TLS.
pub(crate) fn plain_http() -> reqwest::ClientBuilder {
    // It asks for a provider all the same when it is made.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy()
}

/// Work waits here as it does in Lambda: on one thread.
pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a thread")
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if parts.method == "GET" {
        tokio::time::sleep(script.look).await;
        let video =
            json!({ "duration": 5.04, "fps": 24, "resolution": { "width": 1920, "height": 1080 } });
        let creation = json!({ "id": "1", "url": "https://videos.example/1.mp4", "video": video });
        let video = json!({
            "id": VENDOR_TASK, "state": "success", "err_code": "", "credits": 80,
            "creations": [creation],
        });
        return axum::Json(video).into_response();
    }
    let heard = Heard { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    *script.submission.lock().expect("nobody panics with it") = Some(heard);
    axum::Json(json!({ "task_id": VENDOR_TASK, "state": "created", "seed": 77, "credits": 80 }))
        .into_response()
}
