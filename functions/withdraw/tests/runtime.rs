//! The binary that ships, as Lambda runs it.

use http::Request;
use local::runtime_api::{Outcome, Sandbox, assert_cannot_start};
use local::{LOCAL_KEY, Options, Stack};
use serde_json::Value;

const WITHDRAW: &str = env!("CARGO_BIN_EXE_withdraw");

fn request(stack: &Stack, method: &str, path: &str) -> Value {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {LOCAL_KEY}")).body("".into());
    stack.event(request.expect("a request")).expect("there is a route")
}

#[tokio::test]
async fn what_is_no_task_is_not_found() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let mut withdraw =
        Sandbox::start(WITHDRAW, stack.variables("Withdraw").unwrap()).await.unwrap();
    for (method, path) in [
        ("DELETE", "/v1/video/generations/x"),
        ("DELETE", "/v1/videos/video_x"),
        ("POST", "/v1/video/generations/x/cancel"),
        ("POST", "/v1/videos/video_x/cancel"),
    ] {
        let outcome = withdraw.invoke(&request(&stack, method, path)).await;
        let Outcome::Response(response) = outcome else { panic!("{path}: {outcome:?}") };
        assert_eq!(response["statusCode"], 404, "{path}: {response}");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["code"], "task_not_found", "{path}: {body}");
    }
}

#[tokio::test]
async fn it_says_what_it_cannot_start_without() {
    let stack = Stack::start(Options::default()).await.unwrap();
    for name in ["STACK", "TASKS_TABLE", "USAGE_TABLE", "KEYS_TABLE", "ACCOUNTS_SECRET"] {
        let mut variables = stack.variables("Withdraw").unwrap().clone();
        variables.remove(name).unwrap();
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(WITHDRAW, &variables, &why).await;
    }
}
