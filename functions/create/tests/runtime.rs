//! The binary that ships, as Lambda runs it.

use std::collections::BTreeMap;

use http::Request;
use local::runtime_api::{Outcome, Sandbox, assert_cannot_start, assert_lacks_secret};
use local::{LOCAL_KEY, Options, Stack, client};
use serde_json::{Value, json};
use shared::task::Vendor;

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
    let record = &stack.vendor_records(0).unwrap()[&Vendor::Vidu][0];
    assert_eq!(record.submissions, 1);
    assert_eq!(task.vendor_task_id.as_ref(), Some(&record.tasks[0].vendor_task_id));

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

/// Nothing was made, and the documented body says so.
fn assert_internal_error(outcome: Outcome) {
    let (status, body) = read(outcome);
    assert_eq!((status, &body["code"]), (json!(500), &json!("internal_error")), "{body}");
    assert_eq!(body["error"]["charged"], "no", "{body}");
}

#[tokio::test]
async fn with_a_broken_secret_it_makes_nothing_and_says_nothing_of_it() {
    let stack = stack().await;
    let tide = event(&stack, &json!({ "model": "viduq1", "prompt": "the tide comes in" }));
    for (accounts, why) in [
        (r#"{"vidu":{"api_key":"vda_secret""#, "the accounts are no JSON object"),
        (r#"{"vidu":{"api_key":["vda_secret"]}}"#, "the account of `vidu`"),
        (r#"{"vidu":"vda_secret"}"#, "the account of `vidu`"),
        (r#""vda_secret""#, "the accounts are no JSON object"),
    ] {
        stack.put_secret("Accounts", accounts);
        let (outcome, log) = assert_lacks_secret(CREATE, &variables(&stack), &tide, why).await;
        assert_internal_error(outcome);
        assert!(log.contains("the secret in ACCOUNTS_SECRET"), "{log}");
        assert!(!log.contains("vda_secret"), "{log}");
    }
}

#[tokio::test]
async fn a_bad_account_breaks_no_other_vendor() {
    let stack = stack().await;
    let good = stack.secret("Accounts").expect("there are accounts");
    let mut accounts: Value = serde_json::from_str(&good).expect("JSON");
    accounts["kling"] = json!({ "acces_key": "kling_secret" });
    accounts["veo"] = json!({ "api_key": "veo_secret" });
    stack.put_secret("Accounts", accounts.to_string());
    let mut create = Sandbox::start(CREATE, &variables(&stack)).await.unwrap();
    let of = |model: &str| event(&stack, &json!({ "model": model, "prompt": "the tide" }));
    assert_eq!(read(create.invoke(&of("viduq1")).await).0, 200);
    assert_internal_error(create.invoke(&of("kling-v3")).await);
    let log = create.stop().await.unwrap().log.concat();
    for told in ["the account of `kling`", "the accounts name `veo`", r#""CredentialsRefused":1"#] {
        assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
    }
    for secret in ["kling_secret", "veo_secret"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn once_its_secret_is_mended_it_goes_on() {
    let stack = stack().await;
    let tide = event(&stack, &json!({ "model": "viduq1", "prompt": "the tide comes in" }));
    let good = stack.secret("Accounts").expect("there are accounts");
    stack.put_secret("Accounts", "{");
    let mut create = Sandbox::start(CREATE, &variables(&stack)).await.unwrap();
    assert_internal_error(create.invoke(&tide).await);
    stack.put_secret("Accounts", &good);
    assert_eq!(read(create.invoke(&tide).await).0, 200);
}

#[tokio::test]
async fn without_its_secrets_it_makes_nothing() {
    let stack = stack().await;
    let tide = event(&stack, &json!({ "model": "viduq1", "prompt": "the tide comes in" }));
    for name in ["ACCOUNTS_SECRET", "CALLBACK_SECRET"] {
        let mut variables = variables(&stack);
        variables.insert(name.to_owned(), "nowhere".to_owned());
        let why = format!("the secret in {name} cannot be read: AccessDeniedException");
        let (outcome, _) = assert_lacks_secret(CREATE, &variables, &tide, &why).await;
        assert_internal_error(outcome);
    }
}
