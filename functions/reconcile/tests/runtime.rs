//! The binary that ships, as Lambda runs it.

use std::time::Duration;

use jiff::Timestamp;
use local::runtime_api::{Outcome, Sandbox, assert_cannot_start, assert_lacks_secret};
use local::{Options, Stack, client};
use serde_json::{Value, json};
use shared::store::Due;
use shared::task::{Lane, Status, Vendor};

const RECONCILE: &str = env!("CARGO_BIN_EXE_reconcile");

#[tokio::test]
async fn a_schedule_makes_it_work_off_what_is_due() {
    let pace = Duration::from_millis(1);
    let options = Options { starts_functions: false, pace, ..Options::default() };
    let stack = Stack::start(options).await.unwrap();
    let variables = stack.variables("Reconcile").unwrap();
    let tasks = client::tasks(&stack);
    // Jimeng never calls back, so nobody else ends this task.
    let id = client::create(&stack, &json!({ "model": "jimeng_v30", "prompt": "a tide" })).await;
    let due_at = tasks.get(&id).await.unwrap().unwrap().vendor_due_at.expect("a timer");
    let now = Timestamp::now();
    let lane = Lane::Vendor(Vendor::Jimeng);
    tasks
        .claim_due(lane, &Due { id: id.clone(), due_at }, now, now)
        .await
        .unwrap()
        .expect("its timer");

    let sandbox = Sandbox::start(RECONCILE, variables).await.unwrap();
    let mut reconcile = sandbox.with_timeout(Duration::from_secs(95));
    let event = json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "000000000000",
        "time": "2026-11-21T02:11:00Z", "region": "local", "resources": [], "detail": "{}",
    });
    assert_eq!(reconcile.invoke(&event).await, Outcome::Response(Value::Null));
    assert_eq!(tasks.get(&id).await.unwrap().unwrap().status, Status::Succeeded);
    assert_eq!(reconcile.invoke(&event).await, Outcome::Response(Value::Null), "nothing is due");
}

#[tokio::test]
async fn it_says_what_it_cannot_start_without() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let variables = stack.variables("Reconcile").unwrap();
    for name in
        ["STACK", "TASKS_TABLE", "USAGE_TABLE", "KEYS_TABLE", "ACCOUNTS_SECRET", "WEBHOOK_HOSTS"]
    {
        let mut variables = variables.clone();
        variables.remove(name).unwrap();
        let why = format!("the environment variable {name} is not set");
        assert_cannot_start(RECONCILE, &variables, &why).await;
    }
    stack.put_secret("Accounts", "vda_secret");
    let (outcome, log) =
        assert_lacks_secret(RECONCILE, variables, &json!({}), "the secret in ACCOUNTS_SECRET")
            .await;
    assert_eq!(outcome, Outcome::Response(Value::Null), "clients are told all the same");
    assert!(!log.contains("vda_secret"), "{log}");
}
