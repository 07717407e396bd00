//! The binary that ships, as Lambda runs it.

use std::collections::BTreeMap;

use http::Request;
use local::runtime_api::{Outcome, Sandbox, assert_cannot_start};
use local::{LOCAL_KEY, Options, Stack, client};
use serde_json::{Value, json};
use shared::vendor::Vendor;

const CREATE: &str = env!("CARGO_BIN_EXE_create");

async fn stack() -> Stack {
    Stack::start(Options { starts_functions: false, ..Options::default() })
        .await
        .expect("the stack starts")
}

fn variables(stack: &Stack) -> BTreeMap<String, String> {
    stack.variables("Create").expect("it is in the template").clone()
}

fn event(stack: &Stack, body: &Value) -> Value {
    let request = Request::post("/v1/video/generations")
        .header("authorization", format!("Bearer {LOCAL_KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string().into());
    stack.event(request.expect("a request")).expect("there is a route")
}

fn read(outcome: Outcome) -> (Value, Value) {
    let Outcome::Response(response) = outcome else { panic!("{outcome:?}") };
    let body = response["body"].as_str().expect("a text");
    (response["statusCode"].clone(), serde_json::from_str(body).expect("of JSON"))
}

#[tokio::test]
async fn a_request_becomes_a_task() {
    let stack = stack().await;
    let mut create = Sandbox::start(CREATE, &variables(&stack)).await.unwrap();
    assert!(create.first_next().await, "it asks for work");
    let tide = json!({ "model": "viduq1", "prompt": "the tide comes in" });
    let (status, body) = read(create.invoke(&event(&stack, &tide)).await);
    assert_eq!((status, &body["status"]), (json!(200), &json!("queued")), "{body}");

    let id = body["task_id"].as_str().unwrap().parse().unwrap();
    let task = client::tasks(&stack).get(&id).await.unwrap().expect("it is stored");
    let truth = &stack.truth().unwrap()[&Vendor::Vidu][0];
    assert_eq!(truth.submissions, 1);
    assert_eq!(task.vendor_task_id.as_ref(), Some(&truth.tasks[0].vendor_task_id));

    let (status, body) = read(create.invoke(&event(&stack, &json!({ "model": "viduq1" }))).await);
    assert_eq!((status, &body["param"]), (json!(400), &json!("prompt")), "{body}");
}

#[tokio::test]
async fn an_event_that_is_none_is_reported_and_the_next_is_served() {
    let stack = stack().await;
    let mut create = Sandbox::start(CREATE, &variables(&stack)).await.unwrap();
    for event in [json!("nonsense"), json!({}), json!({ "version": "2.0", "rawPath": 7 })] {
        let Outcome::Error(error) = create.invoke(&event).await else { panic!("{event}") };
        assert!(error["errorMessage"].is_string(), "{error}");
    }
    let tide = json!({ "model": "viduq1", "prompt": "the tide comes in" });
    assert_eq!(read(create.invoke(&event(&stack, &tide)).await).0, 200);
}

#[tokio::test]
async fn it_does_not_start_without_a_variable() {
    let stack = stack().await;
    for name in [
        "STACK",
        "RUST_LOG",
        "TASKS_TABLE",
        "USAGE_TABLE",
        "KEYS_TABLE",
        "ACCOUNTS_SECRET",
        "CALLBACK_SECRET",
        "PUBLIC_URL",
        "WEBHOOK_HOSTS",
        "MODEL_ALIASES",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
    ] {
        let mut variables = variables(&stack);
        variables.remove(name).unwrap_or_else(|| panic!("{name} is in the template"));
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(CREATE, &variables, &why).await;
    }
    let mut variables = variables(&stack);
    variables.insert("MODEL_ALIASES".to_owned(), "[]".to_owned());
    assert_cannot_start(CREATE, &variables, "the environment variable MODEL_ALIASES").await;
}

#[tokio::test]
async fn it_does_not_start_with_a_broken_secret_and_says_nothing_of_it() {
    let stack = stack().await;
    for (accounts, why) in [
        (r#"{"vidu":{"api_key":"vda_secret""#, "the accounts are no JSON object"),
        (r#"{"vidu":{"api_key":["vda_secret"]}}"#, "the account of `vidu`"),
        (r#"{"vidu":"vda_secret"}"#, "the account of `vidu`"),
        (r#"{"veo":{"api_key":"vda_secret"}}"#, "the accounts name `veo`"),
        (r#""vda_secret""#, "the accounts are no JSON object"),
    ] {
        stack.put_secret("Accounts", accounts);
        let log = assert_cannot_start(CREATE, &variables(&stack), why).await;
        assert!(log.contains("the secret in ACCOUNTS_SECRET"), "{log}");
        assert!(!log.contains("vda_secret"), "{log}");
    }
}

#[tokio::test]
async fn it_does_not_start_without_its_secrets() {
    let stack = stack().await;
    for name in ["ACCOUNTS_SECRET", "CALLBACK_SECRET"] {
        let mut variables = variables(&stack);
        variables.insert(name.to_owned(), "nowhere".to_owned());
        let why = format!("the secret in {name} cannot be read: AccessDeniedException");
        assert_cannot_start(CREATE, &variables, &why).await;
    }
    let mut variables = variables(&stack);
    let elsewhere = format!("{}/nowhere", stack.url());
    variables.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), elsewhere);
    assert_cannot_start(CREATE, &variables, "_SECRET cannot be read").await;
}
