//! The binary that ships, as Lambda runs it.

use local::runtime_api::{Outcome, Sandbox, assert_cannot_start, assert_lacks_secret};
use local::{Options, Receiver, Stack, client};
use serde_json::json;
use shared::task::Status;

const CALLBACK: &str = env!("CARGO_BIN_EXE_callback");

#[tokio::test]
async fn a_signed_callback_makes_it_ask() {
    // The vendor calls somebody else, who passes it on as API Gateway would.
    let mut gateway = Receiver::start().await.unwrap();
    let options = Options {
        public_url: Some(gateway.url().parse().unwrap()),
        pace: std::time::Duration::from_millis(1),
        ..Options::default()
    };
    let stack = Stack::start(options).await.unwrap();
    let variables = stack.variables("Callback").unwrap();
    let mut callback = Sandbox::start(CALLBACK, variables).await.unwrap();
    let tasks = client::tasks(&stack);

    let id = client::create(&stack, &json!({ "model": "viduq1", "prompt": "a tide" })).await;
    loop {
        let call = gateway.called().await;
        assert!(call.headers().contains_key("x-hmac-signature"), "{call:?}");
        let mut unsigned = call.clone();
        unsigned.headers_mut().remove("x-hmac-signature");
        for (call, status) in [(unsigned, 401), (call, 200)] {
            let outcome = callback.invoke(&stack.event(call).unwrap()).await;
            let Outcome::Response(response) = outcome else { panic!("{outcome:?}") };
            assert_eq!(response["statusCode"], status, "{response}");
        }
        if tasks.get(&id).await.unwrap().unwrap().status == Status::Succeeded {
            break;
        }
    }
    let log = callback.stop().await.unwrap();
    assert!(log.lines_with("\"reason\":\"unsigned\"").count() > 0, "{log:?}");
}

#[tokio::test]
async fn it_says_what_it_cannot_start_without() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let variables = stack.variables("Callback").unwrap();
    for name in
        ["STACK", "TASKS_TABLE", "USAGE_TABLE", "ACCOUNTS_SECRET", "CALLBACK_SECRET", "PUBLIC_URL"]
    {
        let mut variables = variables.clone();
        variables.remove(name).unwrap();
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(CALLBACK, &variables, &why).await;
    }
    stack.put_secret("Accounts", "vda_secret");
    let callback = http::Request::post("/v1/callbacks/vidu/nothing").body("{}".into()).unwrap();
    let (callback, why) = (stack.event(callback).unwrap(), "the secret in ACCOUNTS_SECRET");
    let (_, log) = assert_lacks_secret(CALLBACK, variables, &callback, why).await;
    assert!(!log.contains("vda_secret"), "{log}");
}
