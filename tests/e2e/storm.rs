//! Everything goes wrong at once, and in the end every account is settled.
//!
//! Tasks of all vendors, whose simulators misbehave; a database that throttles;
//! functions that are killed at any line; several reconcilers at once; clients
//! whose webhooks fail at first. Afterwards the table is held against what the
//! vendors know, usage against the table, and the log against what may not be
//! in it. The dice are loaded with `FILMGATE_STORM_SEED`, and thrown for
//! `FILMGATE_STORM_TASKS` tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use create::Create;
use futures_util::future::join_all;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use local::client::{clock, variables};
use local::simulators::{Record, simulate};
use reconcile::Reconcile;
use serde_json::{Value, json};
use shared::dialects::facts;
use shared::runtime::Environment;
use shared::task::{Code, Duty, Status, Task, Vendor};
use tokio::net::TcpListener;

use crate::between::{Between, Call, Fault, Refusal, serve};
use crate::dice::Dice;
use crate::gateway::{Gateway, owner, text};
use crate::lines;
use crate::usage::{sum, unfinished};

/// Longer than any storm; reaching it fails the test.
const DEADLINE: Duration = Duration::from_secs(600);

/// The tasks of this key are counted.
const KEY: &str = "sk-in-the-storm";

const PROMPT: &str = "a storm that nobody may read of";

/// What may go wrong with a task. Time-outs are left out: they take what they take.
const TROUBLES: [&str; 12] = [
    "lost-callbacks",
    "late-callbacks",
    "doubled-callbacks",
    "reordered-callbacks",
    "forged-callbacks",
    "dropped-before",
    "dropped-after",
    "html-before",
    "html-after",
    "busy-polls",
    "failing-polls",
    "moderated",
];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// DynamoDB with a bad day: now and then it has no capacity left, or somebody else
/// is writing the same.
struct BadDay(Arc<Dice>);

impl Between for BadDay {
    fn ask(&self, call: &mut Call) -> Fault {
        if call.operation == "TransactWriteItems" && self.0.one_in(5) {
            Fault::Refuse(Refusal::Conflict(vec![1]))
        } else if self.0.one_in(50) {
            Fault::Refuse(Refusal::Throttled)
        } else {
            Fault::None
        }
    }
}

/// A client whose webhook fails now and then, and who counts what it was told.
#[derive(Default)]
struct Told(std::sync::Mutex<BTreeMap<String, BTreeSet<String>>>);

async fn webhook(told: Arc<Told>, dice: Arc<Dice>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/video", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(move |request: Request| {
        let (told, dice) = (told.clone(), dice.clone());
        async move {
            let id = request.headers()["webhook-id"].to_str().expect("text").to_owned();
            let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            if dice.one_in(4) {
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            let task = body["data"]["task_id"].as_str().expect("a task").to_owned();
            told.0.lock().expect("nobody panics").entry(task).or_default().insert(id);
            StatusCode::NO_CONTENT
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    address
}

fn request(number: u64, webhook: &str, dice: &Dice) -> Value {
    let models: Vec<_> = Vendor::ALL.iter().flat_map(|it| facts(*it).samples).collect();
    let dealt = dice.throw(models.len().try_into().expect("it fits"));
    let mut body = json!({
        "model": models[usize::try_from(dealt).expect("it fits")],
        // Jimeng can tell tasks apart by this alone.
        "prompt": format!("{PROMPT} {number}"),
        "metadata": { "callback_url": webhook },
    });
    let mut troubles = BTreeSet::new();
    for _ in 0..dice.throw(3) {
        let index = usize::try_from(dice.throw(12)).expect("it fits");
        troubles.insert(TROUBLES[index]);
    }
    if troubles.is_empty() {
        return body;
    }
    body["metadata"]["simulate"] = json!(troubles);
    let marked = simulate::rewrite(body.to_string().as_bytes(), &Vendor::ALL);
    let marked = marked.expect("known words").expect("it is for a simulated vendor");
    serde_json::from_slice(&marked).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_every_task_ends_as_its_vendor_says_and_is_paid_for_once() {
    let seed = setting("FILMGATE_STORM_SEED", 0x5eed);
    let count = setting("FILMGATE_STORM_TASKS", 80);
    println!("FILMGATE_STORM_SEED={seed} FILMGATE_STORM_TASKS={count}");
    let dice = Arc::new(Dice::new(seed));
    lines::install();
    let gateway = Gateway::start().await;
    let limits = json!({ "unfinished": 1_000_000, "creates_per_minute": 1_000_000 });
    let secret = gateway.stack.webhook_secret();
    gateway.with_key(KEY, json!({ "limits": limits, "webhook_secret": secret })).await;
    let told = Arc::new(Told::default());
    let hook = webhook(told.clone(), dice.clone()).await;
    let bad_day = Arc::new(BadDay(dice.clone()));
    let environment = gateway.stack.variables("Create").expect("in the template");
    let database = serve(&environment["AWS_ENDPOINT_URL_DYNAMODB"], bad_day).await;

    // Tasks are asked for, and some functions die over it.
    let create = Arc::new(
        Create::start(&Environment::new(&variables(&gateway.stack, "Create", &database)))
            .expect("it starts"),
    );
    let mut asked = Vec::new();
    for number in 0..count {
        let body = request(number, &hook, &dice);
        let dies_after = dice.one_in(8).then(|| Duration::from_millis(dice.throw(30)));
        asked.push(tokio::spawn(ask(create.clone(), body, dies_after)));
        if number % 32 == 31 {
            join_all(asked.drain(..)).await;
        }
    }
    join_all(asked).await;

    settle(&gateway, &database, &dice).await;
    check(&gateway, &told).await;
    check_usage(&gateway).await;
    lines::check(&[PROMPT, KEY, secret, &hook]);
}

/// One request, whose function is killed between any two lines when it is said to die.
async fn ask(create: Arc<Create>, body: Value, dies_after: Option<Duration>) {
    let request = http::Request::builder()
        .method("POST")
        .uri("https://localhost/v1/video/generations")
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(lambda_http::Body::Text(body.to_string()))
        .expect("a request");
    let answering = async {
        let answer = create.answer(&request, &clock(Timestamp::now())).await;
        let status = answer.status().as_u16();
        // 500 is the database's bad day, before anything was asked of a vendor.
        assert!([200, 400, 429, 500, 503].contains(&status), "{status}: {body}");
    };
    match dies_after {
        None => answering.await,
        Some(after) => drop(tokio::time::timeout(after, answering).await),
    }
}

/// Reconcilers run, several at once, and die, until nothing is due any more.
async fn settle(gateway: &Gateway, database: &str, dice: &Dice) {
    let mut reconcilers = Vec::new();
    for _ in 0..3 {
        let variable = variables(&gateway.stack, "Reconcile", database);
        reconcilers.push(Reconcile::start(&Environment::new(&variable)).expect("it starts"));
    }
    let began = Instant::now();
    let mut ahead = SignedDuration::ZERO;
    loop {
        let due: Vec<_> = stored(gateway)
            .await
            .into_iter()
            .filter(|task| task.duties().next().is_some())
            .collect();
        if due.is_empty() {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "something stays due: {due:?}");
        let records = gateway.stack.vendor_records().expect("the vendors remember");
        if !due.iter().any(|task| has_an_end_to_come(task, &records)) {
            // What is left waits for a deadline, or for a client to be called again.
            ahead += SignedDuration::from_hours(1);
        }
        let now = Timestamp::now() + ahead;
        join_all(due.iter().map(|task| make_due(gateway, task, now))).await;
        let runs = reconcilers.iter().map(|reconcile| {
            let dies_after =
                if dice.one_in(4) { Duration::from_millis(dice.throw(40)) } else { DEADLINE };
            async move {
                let stop = now + SignedDuration::from_millis(1);
                drop(tokio::time::timeout(dies_after, reconcile.run(&|| now, stop)).await);
            }
        });
        join_all(runs).await;
    }
}

/// Lets a task's timers run out now, unless somebody has just set them. Vendors have
/// clocks of their own, so ours cannot simply go faster.
async fn make_due(gateway: &Gateway, task: &Task, now: Timestamp) {
    let millis = |time: Timestamp| AttributeValue::N(time.as_millisecond().to_string());
    for (duty, due_at) in task.duties().filter(|(_, due_at)| *due_at > now) {
        let timer = if duty == Duty::Deliver { "webhook_due_at" } else { "vendor_due_at" };
        let update =
            gateway.dynamodb().update_item().table_name("Tasks").key("id", text(task.id.as_str()));
        let update = update
            .update_expression(format!("SET {timer} = :now"))
            .condition_expression(format!("{timer} = :seen"))
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":seen", millis(due_at));
        drop(update.send().await);
    }
}

/// Whether a task's vendor has or will have an end to it that can be found out.
fn has_an_end_to_come(task: &Task, records: &BTreeMap<Vendor, Vec<Record>>) -> bool {
    !task.status.is_final()
        && record_of(task, records).is_some_and(|record| !record.tasks.is_empty())
}

async fn stored(gateway: &Gateway) -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut items = gateway.dynamodb().scan().table_name("Tasks").into_paginator().items().send();
    while let Some(item) = items.next().await {
        tasks.push(serde_dynamo::from_item(item.expect("an item")).expect("a task"));
    }
    tasks
}

async fn check(gateway: &Gateway, told: &Told) {
    let tasks = stored(gateway).await;
    assert!(!tasks.is_empty());
    let records = gateway.stack.vendor_records().expect("the vendors remember");
    let told = told.0.lock().expect("nobody panics");
    let (mut succeeded, mut failed) = (0, 0);
    for task in &tasks {
        assert!(task.status.is_final() && task.duties().next().is_none(), "{task:?}");
        if task.status == Status::Succeeded {
            succeeded += 1
        } else {
            failed += 1
        }
        check_against_vendor(task, record_of(task, &records));
        let Some(delivery) = &task.delivery else {
            // Its client was told at once, or its function died over telling.
            assert_eq!(task.status, Status::Failed, "{task:?}");
            continue;
        };
        assert!(delivery.delivered, "{task:?}");
        assert_eq!(
            told.get(task.id.as_str()).map(BTreeSet::len),
            Some(1),
            "told under one id: {task:?}"
        );
    }
    println!("{succeeded} succeeded, {failed} failed, {} were told of", told.len());
    assert!(succeeded > 0 && failed > 0, "a storm with both ends");
}

/// Every place among the unfinished is given back, and every end is added up once.
async fn check_usage(gateway: &Gateway) {
    assert_eq!(unfinished(gateway, &owner(KEY)).await, (0, 1_000_000));
    let tasks = stored(gateway).await;
    let count = |status| tasks.iter().filter(|task| task.status == status).count();
    let sum = sum(gateway, &owner(KEY)).await;
    let number = |name| sum[name].as_f64().unwrap_or_default();
    let ended = |status| f64::from(u32::try_from(count(status)).expect("it fits"));
    assert_eq!(number("succeeded"), ended(Status::Succeeded), "{sum}");
    assert_eq!(number("failed") + number("refused"), ended(Status::Failed), "{sum}");
}

/// What the vendor knows of a task. Jimeng is known by what it sent us, the others by what we sent.
fn record_of<'a>(task: &Task, records: &'a BTreeMap<Vendor, Vec<Record>>) -> Option<&'a Record> {
    records[&task.vendor].iter().find(|record| match &record.name {
        Some(name) => name.contains(task.id.as_str()),
        None => record
            .tasks
            .iter()
            .any(|made| Some(&made.vendor_task_id) == task.vendor_task_id.as_ref()),
    })
}

fn check_against_vendor(task: &Task, record: Option<&Record>) {
    let Some(record) = record else {
        assert_eq!(task.status, Status::Failed, "the vendor knows nothing of {task:?}");
        return;
    };
    let most = if task.vendor == Vendor::Kling { 2 } else { 1 };
    assert!(record.submissions <= most, "{record:?} {task:?}");
    assert!(record.tasks.len() <= 1, "paid for twice: {record:?} {task:?}");
    let end = record.tasks.first().and_then(|made| made.succeeded);
    match (end, task.status) {
        (Some(true), Status::Succeeded) | (Some(false) | None, Status::Failed) => {}
        // Nobody can find out at Jimeng, and the client is told just that.
        (Some(true), Status::Failed) if task.vendor == Vendor::Jimeng => {
            let error = task.error.as_ref().expect("an error");
            assert_eq!(error.code, Code::SubmissionUnknown, "{task:?}");
        }
        _ => panic!("the vendor says {end:?} of {task:?}"),
    }
}
