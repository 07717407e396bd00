//! What tests and benchmarks need beside a function: a client who makes a task over HTTP, a
//! function's variables, and a view of the table.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::platform::Clock;
use shared::runtime::Environment;
use shared::store::Tasks;
use shared::task::TaskId;

use crate::simulators::http_client;
use crate::{LOCAL_KEY, Stack};

/// A minimal good request.
pub fn tide() -> Value {
    json!({ "model": "viduq1", "prompt": "the tide comes in" })
}

/// Makes a task, which must be taken.
pub async fn create(stack: &Stack, body: &Value) -> TaskId {
    let request = http_client()
        .post(format!("{}/v1/video/generations", stack.url()))
        .header(AUTHORIZATION, format!("Bearer {LOCAL_KEY}"))
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string());
    let answer = request.send().await.expect("the stack answers");
    let text = answer.text().await.expect("with a body");
    let answer: Value = serde_json::from_str(&text).expect("of JSON");
    let id = answer["task_id"].as_str().unwrap_or_else(|| panic!("no task: {text}"));
    id.parse().expect("an id of ours")
}

/// The variables of a function as the template has them, with another database.
pub fn variables<'a>(
    stack: &'a Stack,
    function: &'a str,
    database_url: &'a str,
) -> impl Fn(&str) -> Option<String> + 'a {
    let variables = stack.variables(function).expect("the function is in the template");
    move |name| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(database_url.to_owned()),
        _ => variables.get(name).cloned(),
    }
}

/// The tasks, for whom no policy holds.
pub fn tasks(stack: &Stack) -> Tasks {
    let variables = variables(stack, "Create", stack.database_url());
    Environment::new(&variables).tasks().expect("the template has all that it takes")
}

/// The tables, for which no policy holds.
pub fn dynamodb(stack: &Stack) -> aws_sdk_dynamodb::Client {
    let variables = variables(stack, "Create", stack.database_url());
    Environment::new(&variables).dynamodb().expect("the stack has all that it takes")
}

/// The clock of a create that begins now, with the time that the template gives it.
pub fn clock(now: Timestamp) -> Clock {
    Clock::starting(now, now + SignedDuration::from_secs(29))
}
