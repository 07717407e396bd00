//! The binary that ships, as Lambda runs it.

use std::time::Duration;

use local::runtime_api::{Outcome, Sandbox, assert_cannot_start};
use local::{Options, Receiver, Stack, client};
use serde_json::{Value, json};

const NOTIFY: &str = env!("CARGO_BIN_EXE_notify");

#[tokio::test]
async fn a_change_of_the_table_makes_it_call_the_client() {
    let pace = Duration::from_millis(1);
    let options = Options { starts_functions: false, pace, ..Options::default() };
    let stack = Stack::start(options).await.unwrap();
    let mut events = stack.stream_events("Notify").unwrap().expect("it has a stream");
    let variables = stack.variables("Notify").unwrap();
    let mut notify = Sandbox::start(NOTIFY, variables).await.unwrap();

    let mut webhook = Receiver::start().await.unwrap();
    let metadata = json!({ "callback_url": webhook.url() });
    let video = json!({ "model": "viduq1", "prompt": "a tide", "metadata": metadata });
    let id = client::create(&stack, &video).await;
    let event = events.next().await.unwrap();
    assert_eq!(notify.invoke(&event).await, Outcome::Response(Value::Null));
    let call = webhook.called().await;
    assert_eq!(call.headers()["webhook-id"], format!("msg_{id}"));
    let body: Value = serde_json::from_slice(call.body()).unwrap();
    assert_eq!(body["type"], "video.generation.succeeded");

    for event in [json!("nonsense"), json!({ "Records": [{}] })] {
        let Outcome::Error(error) = notify.invoke(&event).await else { panic!("{event}") };
        assert!(error["errorMessage"].is_string(), "{error}");
    }
    assert_eq!(notify.invoke(&event).await, Outcome::Response(Value::Null), "it goes on");
}

#[tokio::test]
async fn it_says_what_it_cannot_start_without() {
    let stack = Stack::start(Options::default()).await.unwrap();
    for name in ["TASKS_TABLE", "KEYS_TABLE", "WEBHOOK_HOSTS"] {
        let mut variables = stack.variables("Notify").unwrap().clone();
        variables.remove(name).unwrap();
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(NOTIFY, &variables, &why).await;
    }
}

#[tokio::test]
async fn it_reads_no_secret() {
    let stack = Stack::start(Options::default()).await.unwrap();
    stack.put_secret("Accounts", "broken");
    stack.put_secret("CallbackSecret", "");
    let mut notify = Sandbox::start(NOTIFY, stack.variables("Notify").unwrap()).await.unwrap();
    assert!(notify.first_next().await);
}
