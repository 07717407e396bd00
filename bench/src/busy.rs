//! One busy key: how many of its tasks begin and end in a second, over a database whose
//! transactions are in each other's way as those of DynamoDB are.
//!
//! Not here: vendors, and what functions add to the store.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use local::{Conflicts, Options, Stack, client};
use shared::store::{BeginOutcome, NewTasks, Tasks};
use shared::task::{
    AccountId, Actor, ApiKey, KeyHash, Limits, Progress, Status, Task, TaskId, Vendor,
};
use tokio::time::Instant;

use crate::report::Row;
use crate::stack::numbered;

pub(crate) const GROUP: &str = "busy";

/// How long a transaction holds its items.
const HOLD: Duration = Duration::from_millis(5);

const TASKS: u64 = 2_000;

/// How many functions begin or end tasks at once.
const AT_ONCE: usize = 64;

/// What is enough for all of them.
const ENOUGH: Option<u32> = Some(10_000);

/// The figures of one key.
struct BusyRun {
    creates: Half,
    ends: Half,
}

/// Tasks that began, or that ended.
struct Half {
    took: f64,
    /// How often somebody gave up, and had to be asked again.
    busy: usize,
    /// How often DynamoDB refused a call because of another.
    conflicts: usize,
}

/// Begins and ends the tasks of keys with and without limits.
pub(crate) async fn run() -> Result<Vec<Row>, Box<dyn Error>> {
    let without = BusyRun::of(Limits::default()).await?;
    let mut rows = vec![];
    for (name, limits) in [
        ("a limit of what is unfinished", Limits { unfinished: ENOUGH, ..Limits::default() }),
        ("and of what a minute has", Limits { unfinished: ENOUGH, creates_per_minute: ENOUGH }),
    ] {
        let with = BusyRun::of(limits).await?;
        for (what, half, reference) in
            [("creates", &with.creates, &without.creates), ("ends", &with.ends, &without.ends)]
        {
            let row = |what: String, unit, value| Row::new(GROUP, what, unit, value);
            let name = |of: &str| format!("{name}: {what}{of}");
            let rate = |half: &Half| TASKS as f64 / half.took;
            rows.push(row(name(""), "tasks/s", rate(half)).beside(rate(reference)));
            let (conflicts, before) = (half.conflicts as f64, reference.conflicts as f64);
            rows.push(row(name(", conflicts"), "", conflicts).beside(before));
            rows.push(row(name(", given up"), "", half.busy as f64).beside(reference.busy as f64));
        }
    }
    Ok(rows)
}

impl BusyRun {
    async fn of(limits: Limits) -> Result<Self, Box<dyn Error>> {
        let stack = Stack::start(Options { starts_functions: false, ..Options::default() });
        let stack = stack.await.map_err(|error| error.to_string())?;
        let conflicts = Conflicts::start(stack.database_url(), HOLD).await?;
        let config = client::dynamodb(&stack).config().to_builder().endpoint_url(conflicts.url());
        // On a slow machine an answer takes longer than the SDK waits.
        let patient = StalledStreamProtectionConfig::disabled();
        let database = Client::from_conf(config.stalled_stream_protection(patient).build());
        let store = Tasks::new(database, "Tasks".to_owned(), "Usage".to_owned());
        let now = Timestamp::now();
        let models = vec!["*".to_owned()];
        let key = ApiKey::new(KeyHash::of("sk-busy"), "key_busy", "busy", models);
        let key = ApiKey { limits, ..key };
        let tasks: Vec<_> = (0..TASKS).map(|number| task(numbered(now, number), &key)).collect();
        let creates = Half::of(&tasks, &conflicts, async |task| {
            let tasks = std::slice::from_ref(task);
            let beginning = NewTasks { tasks, record: None, limits };
            let begun = store.begin(&beginning, now).await.expect("the database answers");
            assert!(matches!(begun, BeginOutcome::Stored | BeginOutcome::Busy), "{begun:?}");
            begun == BeginOutcome::Stored
        });
        let creates = creates.await;
        let progress = Progress::unfinished(Status::Succeeded);
        let ends = Half::of(&tasks, &conflicts, async |task| {
            let events = vec![Actor::Callback.rise(&progress, now)];
            store.raise(task, &progress, events, now).await.is_ok()
        });
        let ends = ends.await;
        eprintln!("{TASKS} tasks in {:.1} s and {:.1} s", creates.took, ends.took);
        Ok(Self { creates, ends })
    }
}

impl Half {
    /// Does something to each task until it is done.
    async fn of(tasks: &[Task], conflicts: &Conflicts, act: impl AsyncFn(&Task) -> bool) -> Self {
        let (busy, before, began) = (AtomicUsize::new(0), conflicts.count(), Instant::now());
        let all = stream::iter(tasks).for_each_concurrent(AT_ONCE, async |task| {
            while !act(task).await {
                busy.fetch_add(1, Ordering::Relaxed);
            }
        });
        all.await;
        Self {
            took: began.elapsed().as_secs_f64(),
            busy: busy.into_inner(),
            conflicts: conflicts.count() - before,
        }
    }
}

fn task(id: TaskId, key: &ApiKey) -> Task {
    let now = id.created_at();
    Task::new(id, key, Vendor::Vidu, AccountId::default(), "viduq1", "text2video", now)
}
