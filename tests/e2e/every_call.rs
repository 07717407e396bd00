//! Every call of AWS that any path makes is lost, refused, broken, hung and survived by nobody,
//! and every promise is kept all the same.
//!
//! Each path is walked once on a good day to learn its calls. Then, for each call and each thing
//! that may go wrong with it, it is walked again, all at once in one world; everything runs to its
//! end, and the audit finds what was broken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::dialects::vendor_of;
use shared::task::{Lane, TaskId};

use crate::audit::Audit;
use crate::between::{Call, Fault};
use crate::world::{Kind, Step, Wanted, World, recording};

/// A path through the functions, one of which is looked at.
#[derive(Clone, Copy, Debug)]
struct Path {
    name: &'static str,
    model: &'static str,
    count: u32,
    /// Whether the key has limits, so that its tasks are counted.
    limited: bool,
    idempotent: bool,
    /// Which try it is whose calls go wrong, of a client whose SDK repeats requests by itself.
    by_sdk: Option<u32>,
    webhook: bool,
    simulate: &'static [&'static str],
    /// The function whose calls go wrong.
    watched: &'static str,
}

const PLAIN: Path = Path {
    name: "",
    model: "viduq1",
    count: 1,
    limited: false,
    idempotent: false,
    by_sdk: None,
    webhook: false,
    simulate: &[],
    watched: "Create",
};

/// One walk along a path, on which one call goes wrong.
struct Case {
    number: usize,
    at: Option<(usize, Kind)>,
}

/// The calls that tasks are the cause of, as far as they are watched, and those of no task.
#[derive(Default)]
struct WatchedTasks {
    watched: &'static str,
    model: &'static str,
    tasks: Mutex<BTreeMap<String, WatchedTask>>,
    /// What is still to happen to calls that are about no task, such as the reading of secrets, by
    /// what they are. None on the good day.
    others: Mutex<Option<BTreeMap<String, Vec<Kind>>>>,
}

/// What is to happen to a task, and the calls that were made for it.
#[derive(Default)]
struct WatchedTask {
    step: Option<Step>,
    calls: Vec<String>,
}

impl WatchedTasks {
    fn fault_of(&self, call: &Call) -> Fault {
        if call.function() != self.watched {
            return Fault::None;
        }
        let mut tasks = self.tasks.lock().expect("nothing panics holding them");
        if let Some(task) = call.task_id() {
            return tasks.entry(task.to_owned()).or_default().fault_of(call);
        }
        let Some(shard) = call.shard() else { return self.fault_of_other(call) };
        // A list is about each task that may be in it, and meets one fault at a time.
        let listed = tasks.iter_mut().filter(|(id, _)| self.is_in(shard, id));
        let mut faults = listed.map(|(_, task)| task.fault_of(call));
        faults.find(|fault| !matches!(fault, Fault::None)).unwrap_or(Fault::None)
    }

    /// Whether a task's timers are in this shard, if in any.
    fn is_in(&self, shard: &str, task: &str) -> bool {
        let id: TaskId = task.parse().expect("an id");
        let mut lanes = vendor_of(self.model).map(Lane::Vendor).into_iter().chain([Lane::Webhooks]);
        lanes.any(|lane| lane.shard(&id).to_string() == shard)
    }

    /// Each thing that may go wrong happens to each such call, one after the other.
    fn fault_of_other(&self, call: &Call) -> Fault {
        let mut others = self.others.lock().expect("nothing panics holding them");
        let Some(others) = others.as_mut() else { return Fault::None };
        let Call { operation, request, .. } = call;
        let what = format!("{operation} {}{}", request["TableName"], request["SecretId"]);
        let kinds = others.entry(what).or_insert_with(|| Kind::of(operation));
        kinds.pop().map_or(Fault::None, |kind| Step::new(0, kind).next())
    }
}

impl WatchedTask {
    fn fault_of(&mut self, call: &Call) -> Fault {
        self.calls.push(call.operation.clone());
        self.step.as_mut().map_or(Fault::None, Step::next)
    }
}

impl Path {
    fn wanted(&self, case: &Case, hook: &str) -> Wanted {
        let what = case.at.map(|(call, kind)| format!("call {call} {kind:?}"));
        let what = what.unwrap_or_else(|| "a good day".to_owned());
        let number = case.number;
        Wanted {
            api_key: format!("sk-case-{number}"),
            model: self.model,
            prompt: format!("{}: {what}", self.name),
            count: self.count,
            idempotency_key: self.idempotent.then(|| format!("case-{number}")),
            try_number: None,
            webhook: self.webhook.then(|| hook.to_owned()),
            simulate: self.simulate.to_vec(),
        }
    }

    /// Walks along this path once, and gives the calls of the watched function.
    async fn walk(
        &self,
        world: &World,
        watched: &WatchedTasks,
        case: &Case,
        hook: &str,
    ) -> Vec<String> {
        let wanted = self.wanted(case, hook);
        let secret = world.gateway.stack.webhook_secret();
        let mut key = json!({ "webhook_secret": secret });
        if self.limited {
            key["limits"] = json!({ "unfinished": 9, "creates_per_minute": 9 });
        }
        world.gateway.with_key(&wanted.api_key, key).await;
        let step = case.at.map(|(call, kind)| Step::new(call, kind));
        if self.watched == "Create" {
            let (rule, calls) = recording(step);
            if let Some(number) = self.by_sdk {
                if number > 0 {
                    // It arrived, and its answer was lost.
                    let first = Wanted { try_number: Some(0), ..wanted.clone() };
                    world.create(&first, recording(None).0).await;
                }
                let mut first = Some(rule);
                let rules = move || first.take().unwrap_or_else(|| recording(None).0);
                world.create_by_sdk(&wanted, number, rules).await;
                return std::mem::take(&mut *calls.lock().expect("nothing panics holding them"));
            }
            let told = world.create(&wanted, rule).await;
            if wanted.idempotency_key.is_some() && told.answer.is_none_or(|it| it.0 != 200) {
                // A careful client asks again, once the first cannot be at work any more.
                world.sleep_until(world.now() + SignedDuration::from_secs(31)).await;
                world.create(&wanted, recording(None).0).await;
            }
            return std::mem::take(&mut *calls.lock().expect("nothing panics holding them"));
        }
        if self.watched == "Notify" {
            // Ends at one time are told by one invocation, and what kills it kills all cases.
            tokio::time::sleep(Duration::from_secs(case.number as u64)).await;
        }
        let told = world.create(&wanted, recording(None).0).await;
        let [id] = told.task_ids()[..] else { panic!("one task: {told:?}") };
        if self.watched == "Withdraw" {
            let (rule, calls) = recording(step);
            world.withdraw(&wanted.api_key, ("POST", id, "/cancel"), rule).await;
            return std::mem::take(&mut *calls.lock().expect("nothing panics holding them"));
        }
        if self.watched == "Query" {
            // By then the video is there.
            world.sleep_until(world.now() + SignedDuration::from_secs(60)).await;
            let (rule, calls) = recording(step);
            world.query(&wanted.api_key, id, rule).await;
            return std::mem::take(&mut *calls.lock().expect("nothing panics holding them"));
        }
        let mut tasks = watched.tasks.lock().expect("nothing panics holding them");
        let step = step.map(Step::for_a_while);
        tasks.insert(id.to_owned(), WatchedTask { step, calls: Vec::new() });
        Vec::new()
    }

    /// Walks along this path on a good day, and then on every bad one, and gives the breaches.
    async fn check(self) -> Vec<String> {
        let world = World::start().await;
        let hook = world.receive_webhooks(|_| http::StatusCode::NO_CONTENT).await;
        let watched = Arc::new(WatchedTasks {
            watched: self.watched,
            model: self.model,
            ..WatchedTasks::default()
        });
        let faults = watched.clone();
        world.set_faults(move |call| faults.fault_of(call));
        let good = Case { number: 0, at: None };
        let mut calls = self.walk(&world, &watched, &good, &hook).await;
        world.settle(1).await;
        if calls.is_empty() {
            let tasks = watched.tasks.lock().expect("nothing panics holding them");
            calls = tasks.values().next().expect("one task").calls.clone();
        }
        assert!(!calls.is_empty(), "{} makes no call", self.name);
        println!("{}, {}: {calls:?}", self.name, self.watched);
        // Of polls and lists that repeat themselves the first and the last are enough.
        let count = calls.len();
        let mut times = BTreeMap::<_, usize>::new();
        let calls = calls.iter().enumerate().filter(|(at, operation)| {
            let times = times.entry(operation.as_str()).or_default();
            *times += 1;
            let enough = if *operation == "Query" { 2 } else { 5 };
            *times <= enough || at + 2 >= count
        });
        let bad = calls.flat_map(|(at, operation)| {
            Kind::of(operation).into_iter().map(move |kind| Some((at, kind)))
        });
        *watched.others.lock().expect("nothing panics holding them") = Some(BTreeMap::new());
        let cases: Vec<_> = (1..).zip(bad).map(|(number, at)| Case { number, at }).collect();
        join_all(cases.iter().map(|case| self.walk(&world, &watched, case, &hook))).await;
        world.settle(1).await;
        let others = watched.others.lock().expect("nothing panics holding them").take();
        let others = others.expect("there is a map, be it empty");
        let is_over = |(what, left): (&String, &Vec<Kind>)| {
            !what.starts_with("GetSecretValue") || left.is_empty()
        };
        assert!(others.iter().all(is_over), "there was no occasion for {others:?}");
        Audit::of(&world).await.breaches
    }
}

async fn check(paths: &[Path]) {
    let mut breaches = Vec::new();
    for path in paths {
        breaches.extend(Box::pin(path.check()).await);
    }
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

const KLING: Path = Path { name: "kling", model: "kling-v3", ..PLAIN };
const JIMENG: Path = Path { name: "jimeng", model: "jimeng_v30", ..PLAIN };
const VIDU: Path = Path { name: "vidu", model: "viduq1", ..PLAIN };
const VENDORS: [Path; 3] = [KLING, VIDU, JIMENG];

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_create_its_answer_is_kept() {
    check(&VENDORS).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_create_that_is_counted_and_may_come_twice_its_answer_is_kept() {
    let counted = |path| Path { limited: true, idempotent: true, count: 2, ..path };
    check(&VENDORS.map(counted)).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_create_that_an_sdk_repeats_it_makes_one_video() {
    let repeated = |path| Path { by_sdk: Some(0), ..path };
    let counted = |path| Path { limited: true, count: 2, ..repeated(path) };
    let heard = |path| Path { simulate: &["dropped-after"], ..repeated(path) };
    check(&[repeated(KLING), repeated(VIDU), counted(VIDU), repeated(JIMENG), heard(KLING)]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_retry_of_an_sdk_it_makes_no_second_video() {
    let retried = |path| Path { by_sdk: Some(1), ..path };
    let heard = |path| Path { simulate: &["dropped-after"], ..retried(path) };
    check(&[retried(VIDU), retried(KLING), heard(KLING)]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_the_writing_of_a_refusal_it_costs_nothing() {
    let refused = |path| Path { simulate: &["busy"], ..path };
    let counted = |path| Path { limited: true, idempotent: true, ..refused(path) };
    check(&[refused(KLING), refused(VIDU), refused(JIMENG), counted(KLING)]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_the_writing_of_a_doubt_nothing_is_made_twice() {
    let heard = |path| Path { simulate: &["dropped-after"], ..path };
    let unheard = |path| Path { simulate: &["dropped-before"], ..path };
    let slow = Path { simulate: &["timeout-after"], count: 2, ..KLING };
    let paths = [heard(KLING), heard(VIDU), heard(JIMENG), unheard(KLING), unheard(VIDU), slow];
    check(&paths).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_query_its_task_ends_once() {
    let asked = |path| Path { watched: "Query", simulate: &["lost-callbacks"], ..path };
    check(&VENDORS.map(asked)).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_cancel_its_task_ends_once() {
    check(&[Path { watched: "Withdraw", limited: true, webhook: true, ..VIDU }]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_callback_its_task_ends_once() {
    let called = |path| Path { watched: "Callback", limited: true, webhook: true, ..path };
    let finds = |path| Path { simulate: &["dropped-after"], ..called(path) };
    check(&[called(KLING), called(VIDU), finds(KLING), finds(VIDU)]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_reconciler_that_polls_its_tasks_end_once() {
    let polled = |path| Path {
        watched: "Reconcile",
        limited: true,
        webhook: true,
        simulate: &["lost-callbacks"],
        ..path
    };
    check(&VENDORS.map(polled)).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_reconciler_that_finds_and_repeats_nothing_is_made_twice() {
    let due = |path| Path { watched: "Reconcile", limited: true, ..path };
    let found = |path| Path { simulate: &["lost-callbacks", "dropped-after"], ..due(path) };
    let repeated = |path| Path { simulate: &["lost-callbacks", "dropped-before"], ..due(path) };
    check(&[found(KLING), repeated(KLING), found(VIDU), repeated(VIDU), found(JIMENG)]).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_the_telling_of_an_end_its_client_is_told() {
    check(&[Path { watched: "Notify", webhook: true, ..KLING }]).await;
}

/// Each call of a delete goes wrong in each way: then the task is there or it is gone, whoever is
/// told that it is gone finds it gone, and who asks again is told so.
#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_delete_it_can_be_done_again() {
    let world = World::start().await;
    let hook = world.receive_webhooks(|_| http::StatusCode::NO_CONTENT).await;
    let walk = async |number: usize, step: Option<Step>| {
        let api_key = format!("sk-case-{number}");
        let secret = world.gateway.stack.webhook_secret();
        world.gateway.with_key(&api_key, json!({ "webhook_secret": secret })).await;
        let wanted = Wanted {
            api_key: api_key.clone(),
            model: "viduq1",
            prompt: format!("case {number}"),
            count: 1,
            idempotency_key: None,
            try_number: None,
            webhook: Some(hook.clone()),
            simulate: Vec::new(),
        };
        let told = world.create(&wanted, recording(None).0).await;
        let id = told.task_ids()[0].to_owned();
        world.sleep_until(world.now() + SignedDuration::from_mins(10)).await;
        let (rule, calls) = recording(step);
        let first = world.withdraw(&api_key, ("DELETE", &id, ""), rule).await;
        let left = world.query(&api_key, &id, recording(None).0).await.expect("an answer");
        if first.as_ref().is_some_and(|(status, _)| *status == 200) {
            assert_eq!(left["code"], "task_not_found", "{number}: told that it is gone");
        } else if let Some((_, body)) = &first {
            assert!(body["error"]["charged"].is_string(), "{number}: {body}");
        }
        if left["code"] != "task_not_found" {
            assert_eq!(left["status"], "succeeded", "{number}: whole, or gone: {left}");
        }
        let rule = recording(None).0;
        let second = world.withdraw(&api_key, ("DELETE", &id, ""), rule).await.expect("an answer");
        assert_eq!(second, (http::StatusCode::OK, json!({ "task_id": id, "deleted": true })));
        let left = world.query(&api_key, &id, recording(None).0).await.expect("an answer");
        assert_eq!(left["code"], "task_not_found", "{number}");
        std::mem::take(&mut *calls.lock().expect("nothing panics holding them"))
    };
    let calls = walk(0, None).await;
    assert_eq!(calls, ["GetItem", "GetItem", "PutItem", "DeleteItem"]);
    let bad = calls.iter().enumerate().flat_map(|(at, operation)| {
        Kind::of(operation).into_iter().map(move |kind| Step::new(at, kind))
    });
    join_all((1..).zip(bad).map(|(number, step)| walk(number, Some(step)))).await;
    world.settle(1).await;
    let left: Vec<Value> = world.tasks().await.iter().map(|task| json!(task.id)).collect();
    assert!(left.is_empty(), "{left:?}");
}
