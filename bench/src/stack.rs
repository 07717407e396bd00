//! What the functions are measured in: a stack in which nothing runs by itself, and a vendor
//! that makes every video.
//!
//! Both have threads of their own, so that what the measuring thread takes is the
//! functions' and nobody else's.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use bytes::Bytes;
use create::Create;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use local::client::{self, tide};
use local::scripted_vidu::ScriptedVidu;
use local::{LOCAL_KEY, Options, Stack};
use query::Query;
use reconcile::Reconcile;
use serde_json::Value;
use shared::runtime::Environment;
use shared::task::{Duty, Lane, Status, Task, TaskId, Vendor};
use tokio::runtime::{Builder, Runtime};

/// The most items that DynamoDB takes in one call.
const BATCH: usize = 25;

/// A stack and its vendor, and the handlers that work with them.
pub(crate) struct BenchStack {
    pub(crate) stack: Stack,
    pub(crate) vidu: ScriptedVidu,
    /// The threads of the stack and the vendor.
    _servers: Runtime,
}

impl BenchStack {
    /// A stack with a vendor that takes so long to say that a video is ready.
    pub(crate) fn start(poll_time: Duration) -> Self {
        let servers = Builder::new_multi_thread().enable_all().build().expect("threads");
        let (stack, vidu) = servers.block_on(async {
            let vidu = ScriptedVidu::succeeding(poll_time).await;
            let accounts = vidu.accounts();
            let options = Options { accounts, starts_functions: false, ..Options::default() };
            (Stack::start(options).await.expect("the stack starts"), vidu)
        });
        Self { stack, vidu, _servers: servers }
    }

    pub(crate) fn create(&self) -> Create {
        Create::start(&Environment::new(&self.variables("Create"))).expect("it starts")
    }

    pub(crate) fn query(&self) -> Query {
        Query::start(&Environment::new(&self.variables("Query"))).expect("it starts")
    }

    pub(crate) fn reconcile(&self) -> Reconcile {
        Reconcile::start(&Environment::new(&self.variables("Reconcile"))).expect("it starts")
    }

    /// The variables of a function, with nobody between it and its database.
    fn variables<'a>(&'a self, function: &'a str) -> impl Fn(&str) -> Option<String> + 'a {
        client::variables(&self.stack, function, self.stack.database_url())
    }

    pub(crate) fn create_request(&self) -> lambda_http::Request {
        self.request("POST", "/v1/video/generations", tide().to_string())
    }

    pub(crate) fn query_request(&self, id: &TaskId) -> lambda_http::Request {
        self.request("GET", &format!("/v1/video/generations/{id}"), String::new())
    }

    /// A request as a function gets it from API Gateway.
    fn request(&self, method: &str, path: &str, body: String) -> lambda_http::Request {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .header("authorization", format!("Bearer {LOCAL_KEY}"))
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .expect("a request");
        let event = self.stack.event(request).expect("the template has a route for it");
        lambda_http::request::from_str(&event.to_string()).expect("an event")
    }

    /// A task that was created just now, as it is stored.
    pub(crate) async fn created(&self, create: &Create) -> Task {
        let answer = create.answer(&self.create_request(), &client::clock(Timestamp::now())).await;
        let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
        let id = answer["task_id"].as_str().and_then(|id| id.parse().ok()).expect("a task");
        let task = client::tasks(&self.stack).get(&id).await;
        task.expect("an answer").expect("it is there")
    }

    /// Stores tasks as quickly as the database takes them.
    pub(crate) async fn fill(&self, tasks: impl Iterator<Item = Task>) {
        let client = client::dynamodb(&self.stack);
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

/// A runtime on which work waits as it does in Lambda: on one thread.
pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a thread")
}
