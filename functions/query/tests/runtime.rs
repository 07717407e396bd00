//! The binary that ships, as Lambda runs it.

use http::Request;
use local::runtime_api::{Outcome, Sandbox, assert_cannot_start};
use local::{LOCAL_KEY, Options, Stack, client};
use serde_json::{Value, json};

const QUERY: &str = env!("CARGO_BIN_EXE_query");

fn get(stack: &Stack, path: &str) -> Value {
    let request =
        Request::get(path).header("authorization", format!("Bearer {LOCAL_KEY}")).body("".into());
    stack.event(request.expect("a request")).expect("there is a route")
}

#[tokio::test]
async fn a_task_is_shown() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let id = client::create(&stack, &json!({ "model": "viduq1", "prompt": "a tide" })).await;
    let mut query = Sandbox::start(QUERY, stack.variables("Query").unwrap()).await.unwrap();
    let generations = "/v1/video/generations";
    let task = get(&stack, &format!("{generations}/{id}"));
    for (event, status, field, value, reason) in [
        (task.clone(), 200, "task_id", id.as_str(), "a task of one's own"),
        (get(&stack, "/nowhere"), 404, "code", "route_not_found", "what has no route"),
        (get(&stack, &format!("{generations}/x")), 404, "code", "task_not_found", "no id"),
        (task, 200, "model", "viduq1", "it goes on"),
    ] {
        let outcome = query.invoke(&event).await;
        let Outcome::Response(response) = outcome else { panic!("{reason}: {outcome:?}") };
        assert_eq!(response["statusCode"], status, "{reason}: {response}");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!(body[field], value, "{reason}: {body}");
    }
}

#[tokio::test]
async fn it_says_what_it_cannot_start_without() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let variables = stack.variables("Query").unwrap();
    for name in
        ["STACK", "TASKS_TABLE", "USAGE_TABLE", "KEYS_TABLE", "ACCOUNTS_SECRET", "MODEL_ALIASES"]
    {
        let mut variables = variables.clone();
        variables.remove(name).unwrap();
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(QUERY, &variables, &why).await;
    }
}

#[tokio::test]
async fn a_task_is_shown_also_when_no_vendor_can_be_asked() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let id = client::create(&stack, &json!({ "model": "viduq1", "prompt": "a tide" })).await;
    stack.put_secret("Accounts", "vda_secret");
    let mut query = Sandbox::start(QUERY, stack.variables("Query").unwrap()).await.unwrap();
    let outcome = query.invoke(&get(&stack, &format!("/v1/video/generations/{id}"))).await;
    let Outcome::Response(response) = outcome else { panic!("{outcome:?}") };
    assert_eq!(response["statusCode"], 200, "{response}");
}
