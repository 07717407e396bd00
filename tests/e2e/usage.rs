//! What tasks have cost, added up where they end: each once.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use shared::api::ApiError;
use shared::store::usage::UNFINISHED;
use shared::store::{BeginOutcome, NewTasks, Tasks};
use shared::task::{Actor, Charged, ErrorBody, Figures, Limits, Parts, Progress, Status, Task};

use crate::gateway::{Gateway, text, tide};
use crate::store::{task, tasks};

/// The items of a key's usage.
async fn items(gateway: &Gateway, owner: &str) -> Vec<Map<String, Value>> {
    let query = gateway.dynamodb().query().table_name("Usage");
    let query = query.key_condition_expression("#owner = :owner");
    let query = query.expression_attribute_names("#owner", "owner");
    let found = query.expression_attribute_values(":owner", text(owner)).send().await;
    let items = found.expect("the database answers").items.expect("items");
    items.into_iter().map(|item| serde_dynamo::from_item(item).expect("JSON")).collect()
}

/// How many of a key's tasks are counted as unfinished, and for how many more there is room.
pub(crate) async fn unfinished(gateway: &Gateway, owner: &str) -> (i64, i64) {
    let items = items(gateway, owner).await;
    let is_part = |item: &&Map<String, Value>| {
        let part = item["what"].as_str().expect("text").split_once('/');
        part.is_some_and(|(what, _)| what == UNFINISHED)
    };
    let sum = |name| items.iter().filter(is_part).filter_map(|it| it.get(name)?.as_i64()).sum();
    (sum("tasks"), sum("room"))
}

/// The sum of a key's usage, whatever the day, vendor and model.
pub(crate) async fn sum(gateway: &Gateway, owner: &str) -> Value {
    let mut sum = Map::new();
    for item in items(gateway, owner).await {
        if !item["what"].as_str().expect("text").starts_with("20") {
            continue;
        }
        for (name, value) in item.iter().filter(|(_, value)| value.is_number()) {
            let before = sum.get(name).and_then(Value::as_f64).unwrap_or_default();
            sum.insert(name.clone(), (before + value.as_f64().expect("a number")).into());
        }
    }
    sum.into()
}

fn ended(status: Status, charged: Charged) -> Progress {
    let figures = Figures { duration: Some(5.5), credits: Some(4.0), ..Figures::default() };
    let error = ErrorBody { charged, ..*ApiError::internal().body };
    match status {
        Status::Failed => Progress::failed(error, figures),
        status => Progress { figures, ..Progress::unfinished(status) },
    }
}

async fn end(tasks: &Tasks, task: &Task, progress: &Progress, after: i64) -> bool {
    let now = task.created_at + SignedDuration::from_secs(after);
    let events = [Actor::Reconcile.rise(progress, now)];
    tasks
        .raise(task, progress, events.into(), now)
        .await
        .expect("the store answers")
        .expect("a task")
        .is_end
}

#[tokio::test]
async fn every_end_is_added_up_once_by_what_it_was() {
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let rows = [
        (Status::Succeeded, Charged::Yes),
        (Status::Succeeded, Charged::Yes),
        (Status::Failed, Charged::No),
        (Status::Failed, Charged::Unknown),
    ];
    for (seed, (status, charged)) in (1..).zip(rows) {
        let stored = task(seed);
        tasks.insert(&stored).await.unwrap();
        let progress = ended(status, charged);
        assert!(end(&tasks, &stored, &progress, 0).await);
        assert!(!end(&tasks, &stored, &progress, 1).await, "somebody else's is no end");
        assert!(end(&tasks, &stored, &progress, 0).await, "the same once more is the same end");
    }
    let refused = task(9);
    tasks.insert(&refused).await.unwrap();
    let event = Actor::Create.rise(&ended(Status::Failed, Charged::No), refused.created_at);
    tasks.refuse(&refused, &ApiError::internal().body, event).await.unwrap();
    assert_eq!(
        sum(&gateway, "local").await,
        json!({ "succeeded": 2.0, "failed": 2.0, "refused": 1.0, "seconds": 11.0, "credits": 12.0 }),
    );
}

#[tokio::test]
async fn a_day_a_vendor_and_a_model_have_a_sum_of_their_own() {
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&tide()).await;
    let before = Timestamp::now();
    gateway.client.wait_for(&id, "succeeded").await;
    let query = gateway.dynamodb().scan().table_name("Usage").send().await.expect("items");
    let item: Value = serde_dynamo::from_item(query.items.expect("items")[0].clone()).unwrap();
    let days = [before, Timestamp::now()].map(|now| now.strftime("%Y-%m-%d").to_string());
    let what = item["what"].as_str().unwrap();
    assert!(days.iter().any(|day| what.starts_with(&format!("{day}/vidu/viduq1/"))), "{what}");
    assert_eq!((&item["owner"], &item["succeeded"]), (&json!("local"), &json!(1)));
    assert!(item["seconds"].as_f64().unwrap() > 0.0, "{item}");
}

/// Places are taken and given back side by side, by ends of every kind, some told
/// many times; in the end none is taken and every task is added up once.
#[tokio::test]
async fn places_that_are_taken_are_all_given_back() {
    let gateway = Gateway::start().await;
    let tasks: Arc<Tasks> = tasks(&gateway);
    let limits = Limits { unfinished: Some(40), ..Limits::default() };
    let lives = (0..40_u8).map(|seed| {
        let tasks = tasks.clone();
        async move {
            let parts = Parts::of(40);
            let one = task(seed);
            let one = Task { place: Some(parts.of_task(&one.id)), ..one };
            let beginning = NewTasks { tasks: std::slice::from_ref(&one), record: None, limits };
            let begun = tasks.begin(&beginning, one.created_at).await.unwrap();
            assert_eq!(begun, BeginOutcome::Stored);
            let progress = match seed % 3 {
                0 => ended(Status::Failed, Charged::No),
                _ => ended(Status::Succeeded, Charged::Yes),
            };
            let told =
                join_all((0..=seed % 3).map(|after| end(&tasks, &one, &progress, after.into())))
                    .await;
            assert_eq!(told.into_iter().filter(|is_end| *is_end).count(), 1);
        }
    });
    join_all(lives).await;
    assert_eq!(unfinished(&gateway, "local").await, (0, 40));
    let sum = sum(&gateway, "local").await;
    assert_eq!((&sum["succeeded"], &sum["failed"]), (&json!(26.0), &json!(14.0)));
}
