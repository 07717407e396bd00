//! A function that panics, behind the wiring of those that ship.
//!
//! None of those does when it is told to, so this test is its own function: it
//! has no harness, and where it finds itself in Lambda it serves.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lambda_http::{Body, Request, Response};
use local::runtime_api::{Outcome, Sandbox};
use local::{Options, Stack};
use serde_json::{Value, json};
use shared::api::http::done;
use shared::runtime;

const PROMPT: &str = "a prompt that is nobody's business";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match std::env::var("TEST_FUNCTION").as_deref() {
        Ok("http") => runtime::run(runtime::serve_http("test", answer)).await,
        Ok("events") => {
            runtime::run(runtime::serve_events("test", "event", |event, _| handle(event))).await
        }
        Ok(_) => runtime::run(async { panic!("at its start") }).await,
        Err(_) => {
            a_request_that_panics_is_a_500_and_the_next_is_served().await;
            an_event_that_panics_is_reported_and_the_next_is_handled().await;
            a_start_that_panics_is_reported().await;
            ExitCode::SUCCESS
        }
    }
}

async fn answer(request: Request) -> Response<Body> {
    tokio::task::yield_now().await;
    assert!(request.uri().path() == "/good", "{PROMPT}");
    done()
}

async fn handle(event: Value) {
    tokio::task::yield_now().await;
    assert_eq!(event, "good", "{PROMPT}");
}

fn myself(kind: &str) -> (std::path::PathBuf, BTreeMap<String, String>) {
    let variables = [("TEST_FUNCTION", kind), ("STACK", "local"), ("RUST_LOG", "error")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    (std::env::current_exe().expect("it is running"), variables)
}

async fn start(kind: &str) -> Sandbox {
    let (binary, variables) = myself(kind);
    Sandbox::start(binary, &variables).await.expect("it starts")
}

/// Asserts two lines for each panic, one that says where it was and one that counts it, and in
/// neither what it was about.
async fn assert_logged(function: Sandbox, panics: usize) {
    let remains = function.stop().await.expect("it can be stopped");
    assert_eq!(remains.lines_with("panics.rs").count(), panics, "{remains:#?}");
    let counted = remains.lines_with("Panics").map(|line| {
        let line: Value = line.parse().expect("a line of JSON");
        assert_eq!(line["message"], "panic", "{line}");
        assert_eq!(line["function"], "test", "{line}");
        assert!(line["request_id"].is_string(), "{line}");
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metric["Dimensions"], json!([["stack"], ["stack", "function"]]), "{line}");
        line["Panics"].as_u64().expect("a count")
    });
    assert_eq!(counted.sum::<u64>(), panics as u64, "{remains:#?}");
    assert_eq!(remains.lines_with(PROMPT).count(), 0, "{remains:#?}");
}

async fn a_request_that_panics_is_a_500_and_the_next_is_served() {
    let stack = Stack::start(Options::default()).await.expect("the stack starts");
    let mut function = start("http").await;
    for (method, path, status, charged) in [
        ("POST", "/good", 200, None),
        ("POST", "/bad", 500, Some("unknown")),
        ("GET", "/bad", 500, Some("no")),
        ("GET", "/good", 200, None),
    ] {
        let request = http::Request::builder().method(method).uri(path).body("".into());
        let event = stack.event(request.expect("a request")).expect("there is a default route");
        let outcome = function.invoke(&event).await;
        let Outcome::Response(response) = outcome else { panic!("{outcome:?}") };
        assert_eq!(response["statusCode"], status, "{response}");
        let body: Value = response["body"].as_str().expect("a text").parse().expect("of JSON");
        assert_eq!(body["error"]["charged"].as_str(), charged, "{body}");
        let code = match charged {
            Some("no") => Some("internal_error"),
            Some(_) => Some("broken_off"),
            None => None,
        };
        assert_eq!(body["code"].as_str(), code, "{body}");
    }
    assert_logged(function, 2).await;
}

async fn an_event_that_panics_is_reported_and_the_next_is_handled() {
    let mut function = start("events").await;
    for event in [json!("bad"), json!("good"), json!("bad"), json!("good")] {
        let outcome = function.invoke(&event).await;
        if event == "good" {
            assert_eq!(outcome, Outcome::Response(Value::Null));
        } else {
            let Outcome::Error(error) = outcome else { panic!("{outcome:?}") };
            let message = error["errorMessage"].as_str().expect("a message");
            assert!(message.starts_with("the function panicked"), "{message}");
        }
    }
    assert_logged(function, 2).await;
}

async fn a_start_that_panics_is_reported() {
    let (binary, variables) = myself("none");
    let sandbox = Sandbox::start(&binary, &variables).await.expect("it starts");
    let remains = sandbox.ended().await.expect("it ends");
    assert!(!remains.status.success(), "{remains:?}");
    assert_eq!(remains.lines_with("at its start").count(), 1, "{remains:?}");
    let error = remains.init_error.expect("Lambda is told");
    assert_eq!(error["errorType"], "SetupError", "{error}");
}
