//! A run that cannot see or do what it is for, and what it says of itself.
//!
//! The clock of these runs stands in the future, so nobody waits.

use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use local::{Options, Stack, client};
use reconcile::Reconcile;
use serde_json::Value;
use shared::platform::http_client::{Roots, http_client};
use shared::platform::telemetry::{Origin, invocation};
use shared::runtime::Environment;
use shared::runtime::log::Log;
use shared::task::TaskId;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;

const TEN_HOURS: i64 = 36_000;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What functions ask for at the database, with one operation refused.
#[derive(Clone)]
struct Refusing {
    operation: &'static str,
    database: String,
}

impl Refusing {
    /// The address of a database that refuses an operation.
    async fn start(database: &str, operation: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Self { operation, database: database.to_owned() };
        let router = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
        address
    }
}

async fn answer(State(it): State<Refusing>, mut headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().expect("text");
    if target.ends_with(it.operation) {
        let body = format!(r#"{{"__type":"AccessDeniedException","Message":"{target}"}}"#);
        return (StatusCode::BAD_REQUEST, body).into_response();
    }
    headers.remove(header::HOST);
    let client = http_client(Roots::default(), |client| client);
    let sent = client.post(&it.database).headers(headers).body(body).send().await;
    let sent = sent.expect("the database answers");
    (sent.status(), sent.text().await.expect("a body")).into_response()
}

async fn stack() -> Stack {
    let options = Options { starts_functions: false, ..Options::default() };
    Stack::start(options).await.expect("the stack starts")
}

async fn unfinished_task(stack: &Stack) -> TaskId {
    client::create(stack, &client::tide()).await
}

/// The line of a run that begins ten hours from now, in front of this database.
async fn run(stack: &Stack, database: &str) -> Value {
    let keep = |line: &str| LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    Log::new("test".to_owned(), LevelFilter::INFO).to(keep).install();
    let variables = client::variables(stack, "Reconcile", database);
    let reconcile = Reconcile::start(&Environment::new(&variables)).expect("it starts");
    let now = Timestamp::now() + SignedDuration::from_secs(TEN_HOURS);
    // The address of its database tells a run from those of other tests.
    let origin = Origin { request_id: database.to_owned(), ..Origin::new("reconcile") };
    let stop = now + SignedDuration::from_millis(1);
    invocation(origin, "run", reconcile.run(&|| now, stop), |(), _| {}).await;
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut runs = lines.filter(|it| it["message"] == "run" && it["request_id"] == database);
    runs.next_back().expect("each run leaves a line")
}

fn metrics(line: &Value) -> Vec<&str> {
    let metrics = line["_aws"]["CloudWatchMetrics"].as_array().expect("there are metrics");
    metrics.iter().map(|metric| metric["Metrics"][0]["Name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_run_that_sees_everything_tells_the_age_of_the_oldest_unfinished_task() {
    let stack = stack().await;
    let line = run(&stack, stack.database_url()).await;
    assert_eq!(line["OldestUnfinished"], 0, "there is none: {line}");
    unfinished_task(&stack).await;
    let line = run(&stack, stack.database_url()).await;
    let age = line["OldestUnfinished"].as_i64().expect("an age");
    assert!((TEN_HOURS..TEN_HOURS + 600).contains(&age), "{line}");
    assert_eq!(metrics(&line), ["OldestUnfinished", "GatewayTime"], "nothing failed");
}

#[tokio::test]
async fn a_run_that_can_list_nothing_tells_no_age_and_says_that_it_failed() {
    let stack = stack().await;
    unfinished_task(&stack).await;
    let line = run(&stack, &Refusing::start(stack.database_url(), "Query").await).await;
    assert_eq!(metrics(&line), ["ReconcileFailures", "GatewayTime"], "{line}");
    assert_eq!(line["ReconcileFailures"], line["unlisted"], "{line}");
    assert!(line["unlisted"].as_i64().expect("a number") > 10, "every shard: {line}");
}

#[tokio::test]
async fn a_task_that_cannot_be_worked_on_is_as_old_as_it_is_and_counted() {
    let stack = stack().await;
    unfinished_task(&stack).await;
    let line = run(&stack, &Refusing::start(stack.database_url(), "UpdateItem").await).await;
    assert_eq!(metrics(&line), ["ReconcileFailures", "OldestUnfinished", "GatewayTime"]);
    assert_eq!((&line["failed"], &line["worked_on"]), (&1.into(), &0.into()), "{line}");
    assert!(line["OldestUnfinished"].as_i64().expect("an age") >= TEN_HOURS, "{line}");
}

#[tokio::test]
async fn an_item_that_another_version_wrote_is_no_secret() {
    let stack = stack().await;
    let id = unfinished_task(&stack).await;
    client::dynamodb(&stack)
        .update_item()
        .table_name("Tasks")
        .key("id", AttributeValue::S(id.to_string()))
        .update_expression("SET events[0].event = :word")
        .expression_attribute_values(":word", AttributeValue::S("teleported".to_owned()))
        .send()
        .await
        .expect("its first event has another word");
    let line = run(&stack, stack.database_url()).await;
    assert_eq!((&line["failed"], &line["ReconcileFailures"]), (&1.into(), &1.into()), "{line}");
    assert!(line["OldestUnfinished"].as_i64().expect("an age") >= TEN_HOURS, "{line}");
}

#[tokio::test]
async fn without_accounts_a_run_still_sees_how_old_tasks_are() {
    let stack = stack().await;
    unfinished_task(&stack).await;
    stack.put_secret("Accounts", "no JSON");
    let line = run(&stack, stack.database_url()).await;
    assert_eq!((&line["worked_on"], &line["failed"]), (&0.into(), &Value::Null), "{line}");
    assert!(line["OldestUnfinished"].as_i64().expect("an age") >= TEN_HOURS, "{line}");
}
