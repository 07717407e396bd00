//! What tests need beside a function: somebody who makes a task over HTTP, and a view of the table.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use shared::runtime::Environment;
use shared::store::Tasks;
use shared::task::TaskId;

use crate::simulators::http_client;
use crate::{LOCAL_KEY, Stack};

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

/// The tasks, for whom no policy holds.
pub fn tasks(stack: &Stack) -> Tasks {
    let variable = |name: &str| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(stack.database_url().to_owned()),
        _ => stack.variables("Create").and_then(|variables| variables.get(name).cloned()),
    };
    Environment::new(&variable).tasks().expect("the template has all that it takes")
}
