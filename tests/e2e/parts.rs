//! Limits in parts: exact, although many tasks of a key begin and end at once, and DynamoDB
//! conflicts over them.

use std::time::Duration;

use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use local::Conflicts;
use shared::store::{BeginOutcome, NewTasks, Tasks};
use shared::task::{
    AccountId, Actor, ApiKey, KeyHash, Limits, Progress, Status, Task, TaskId, Vendor,
};

use crate::gateway::Gateway;
use crate::usage::{sum, unfinished};

/// How long a transaction holds its items.
const HOLD: Duration = Duration::from_millis(1);

/// How many calls are under way at once. More of them wait for this machine's processors, and
/// each transaction holds its items as long.
const AT_ONCE: usize = 32;

/// A store over a database that conflicts, and what a key with limits does there.
struct Busy {
    gateway: Gateway,
    conflicts: Conflicts,
    tasks: Tasks,
    now: Timestamp,
}

impl Busy {
    async fn start() -> Self {
        let gateway = Gateway::start().await;
        let database = gateway.stack.database_url();
        let conflicts = Conflicts::start(database, HOLD).await.expect("it starts");
        // Hundreds of calls at once on one thread take longer than the SDK waits.
        let client = gateway.dynamodb().config().to_builder().endpoint_url(conflicts.url());
        let client = client
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(client);
        let tasks = Tasks::new(client, "Tasks".to_owned(), "Usage".to_owned());
        let now = Timestamp::from_millisecond(1_784_019_600_123).expect("a time");
        Self { gateway, conflicts, tasks, now }
    }

    /// Begins the tasks of one request; who is told that others are at it asks again.
    async fn begin(&self, tasks: &[Task], limits: Limits) -> BeginOutcome {
        let beginning = NewTasks { tasks, record: None, limits };
        loop {
            let begun = self.tasks.begin(&beginning, self.now).await.expect("the store answers");
            if begun != BeginOutcome::Busy {
                return begun;
            }
        }
    }

    /// Begins so many requests of so many tasks side by side, and returns the tasks that began.
    async fn begin_at_once(
        &self,
        numbers: std::ops::Range<u32>,
        together: u32,
        limits: Limits,
        refusal: BeginOutcome,
    ) -> Vec<Task> {
        let begun = stream::iter(numbers).map(|number| {
            let tasks: Vec<_> =
                (0..together).map(|it| self.task(number * together + it, limits)).collect();
            let refusal = &refusal;
            async move {
                match self.begin(&tasks, limits).await {
                    BeginOutcome::Stored => tasks,
                    begun => {
                        assert_eq!(&begun, refusal);
                        Vec::new()
                    }
                }
            }
        });
        begun.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.concat()
    }

    async fn end(&self, task: &Task) {
        let progress = Progress::unfinished(Status::Succeeded);
        let events = vec![Actor::Reconcile.rise(&progress, self.now)];
        loop {
            let raised = self.tasks.raise(task, &progress, events.clone(), self.now).await;
            match raised {
                Ok(raised) => return assert!(raised.expect("a task").is_end),
                Err(busy) => assert!(busy.to_string().contains("at once"), "{busy}"),
            }
        }
    }

    async fn end_at_once(&self, tasks: &[Task]) {
        stream::iter(tasks).for_each_concurrent(AT_ONCE, |task| self.end(task)).await;
    }

    async fn unfinished(&self) -> (i64, i64) {
        unfinished(&self.gateway, "key_busy").await
    }

    fn task(&self, number: u32, limits: Limits) -> Task {
        let models = vec!["*".to_owned()];
        let key = ApiKey::new(KeyHash::of("sk-busy"), "key_busy", "busy", models);
        let key = ApiKey { limits, ..key };
        // An odd factor keeps them different, and spreads them as random ones are.
        let spread = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let mut random = [0; 10];
        random[2..].copy_from_slice(&spread);
        let id = TaskId::new(self.now, &random);
        let account = AccountId::default();
        Task::new(id, &key, Vendor::Vidu, account, "viduq1", "text2video", self.now)
    }
}

fn unfinished_at_most(limit: u32) -> Limits {
    Limits { unfinished: Some(limit), ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_hundreds_as_many_begin_as_may_whatever_conflicts() {
    for (limit, requests) in [(1, 60), (7, 60), (50, 100), (400, 300)] {
        let busy = Busy::start().await;
        let limits = unfinished_at_most(limit);
        let begun = busy.begin_at_once(0..requests, 1, limits, BeginOutcome::TooMany).await;
        let may = limit.min(requests);
        assert_eq!(begun.len(), may as usize, "of {limit}");
        let left = i64::from(limit - may);
        assert_eq!(busy.unfinished().await, (i64::from(may), left), "of {limit}");
        assert!(busy.conflicts.count() > 0, "nobody met");

        busy.end_at_once(&begun).await;
        assert_eq!(busy.unfinished().await, (0, i64::from(limit)), "each gives its place back");
        assert_eq!(sum(&busy.gateway, "key_busy").await["succeeded"], f64::from(may));
        let again = busy.begin_at_once(1000..1001, 1, limits, BeginOutcome::TooMany).await;
        assert_eq!(again.len(), 1, "of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_within_a_limit_is_never_refused_however_fast_places_change_hands() {
    let busy = Busy::start().await;
    let limits = unfinished_at_most(36);
    let clients = (0..32).map(async |client| {
        for round in 0..2 {
            let tasks = [busy.task(client * 2 + round, limits)];
            assert_eq!(busy.begin(&tasks, limits).await, BeginOutcome::Stored);
            busy.end(&tasks[0]).await;
        }
    });
    join_all(clients).await;
    assert_eq!(busy.unfinished().await, (0, 36));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_of_one_request_begin_together_wherever_there_is_room() {
    let busy = Busy::start().await;
    let limits = unfinished_at_most(50);
    let begun = busy.begin_at_once(0..30, 4, limits, BeginOutcome::TooMany).await;
    assert_eq!((begun.len(), busy.unfinished().await), (48, (48, 2)));
    let rest = busy.begin_at_once(200..210, 1, limits, BeginOutcome::TooMany).await;
    assert_eq!((rest.len(), busy.unfinished().await), (2, (50, 0)));
    busy.end_at_once(&begun).await;
    busy.end_at_once(&rest).await;
    assert_eq!(busy.unfinished().await, (0, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_limit_counts_what_began_under_the_one_before() {
    let busy = Busy::start().await;
    let (low, high) = (unfinished_at_most(40), unfinished_at_most(160));
    let begun = busy.begin_at_once(0..60, 1, high, BeginOutcome::TooMany).await;
    assert_eq!((begun.len(), busy.unfinished().await), (60, (60, 100)));

    let none = busy.begin_at_once(1000..1010, 1, low, BeginOutcome::TooMany).await;
    assert_eq!(none.len(), 0, "60 are unfinished, and 40 may be");
    let (ended, stay) = begun.split_at(35);
    busy.end_at_once(ended).await;
    let some = busy.begin_at_once(1100..1120, 1, low, BeginOutcome::TooMany).await;
    assert_eq!((some.len(), busy.unfinished().await), (15, (40, 0)));
    busy.end_at_once(&some[..5]).await;
    let five = busy.begin_at_once(1200..1210, 1, low, BeginOutcome::TooMany).await;
    assert_eq!((five.len(), busy.unfinished().await), (5, (40, 0)));

    let most = busy.begin_at_once(2000..2125, 1, high, BeginOutcome::TooMany).await;
    assert_eq!((most.len(), busy.unfinished().await), (120, (160, 0)));
    for tasks in [stay, &some[5..], &five, &most] {
        busy.end_at_once(tasks).await;
    }
    assert_eq!(busy.unfinished().await, (0, 160));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_has_as_many_tasks_as_may_be_made_in_it() {
    for (limit, together, begun) in [(1, 1, 1), (50, 1, 50), (50, 4, 48)] {
        let mut busy = Busy::start().await;
        let limits = Limits { creates_per_minute: Some(limit), ..Limits::default() };
        let requests = 100 / together;
        let tasks = busy.begin_at_once(0..requests, together, limits, BeginOutcome::TooFast).await;
        assert_eq!(tasks.len(), begun, "of {limit}");
        busy.now += SignedDuration::from_mins(1);
        let next = requests..requests + 1;
        let next = busy.begin_at_once(next, together, limits, BeginOutcome::TooFast).await;
        assert_eq!(next.len(), together as usize, "the next minute is another one");
    }
}
