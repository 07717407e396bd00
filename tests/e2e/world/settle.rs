//! What runs by itself: the stream, the schedule, and time, until nothing is left to be done.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::task::Task;
use tokio::time::sleep;

use super::World;

/// By then every task has had its end, and every webhook its last try.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 24);

impl World {
    /// Runs `notify` for every change that its stream wants.
    pub(super) fn follow_changes(self: Arc<Self>) {
        let events = self.gateway.stack.stream_events("Notify").expect("there is a stream");
        let mut events = events.expect("it is followed");
        let (world, rules) = (Arc::downgrade(&self), self.rules.clone());
        tokio::spawn(async move {
            loop {
                rules.written.notified().await;
                while let Some(event) = events.so_far().await.expect("the stream can be read") {
                    let Some(world) = world.upgrade() else { return };
                    let changes = serde_json::from_value(event).expect("an event");
                    tokio::spawn(async move {
                        let rule = world.faults();
                        let handle = world.invoke(&world.notifies, rule, async |notify| {
                            notify.handle(changes, world.now()).await;
                        });
                        handle.await
                    });
                }
            }
        });
    }

    /// One run of a reconciler.
    pub(crate) async fn reconcile(&self) {
        let rule = self.faults();
        let run = self.invoke(&self.reconciles, rule, async |reconcile| {
            let deadline = self.now() + self.timeout(&self.reconciles);
            reconcile.run_until(&|| self.now(), deadline).await;
        });
        run.await;
    }

    /// Lets time pass until nothing is due any more, now or later; so many reconcilers run at
    /// once.
    pub(crate) async fn settle(&self, reconcilers: usize) {
        let longest = self.now() + LONGEST;
        while let Some(due_at) = self.next_due().await {
            assert!(self.now() < longest, "something stays due: {:#?}", self.unfinished().await);
            self.sleep_until(due_at).await;
            join_all((0..reconcilers).map(|_| self.reconcile())).await;
        }
    }

    /// Lets so much time pass, with a reconciler at work so many times.
    pub(crate) async fn reconcile_for(&self, time: Duration, runs: u32) {
        for _ in 0..runs {
            sleep(time / runs).await;
            self.reconcile().await;
        }
    }

    pub(crate) async fn sleep_until(&self, time: Timestamp) {
        let rest = time.duration_since(self.now());
        sleep(Duration::try_from(rest).unwrap_or_default()).await;
    }

    /// When the first of all timers runs out; none, when there is none even after a moment.
    async fn next_due(&self) -> Option<Timestamp> {
        for pause in [0, 2] {
            // A function may be at work that a callback or the stream has started.
            sleep(Duration::from_secs(pause)).await;
            let mut first = None;
            for lane in ["vendor", "webhook"] {
                let scan = self.gateway.dynamodb().scan().table_name("Tasks");
                let scan = scan.index_name(format!("{lane}_due")).into_paginator().items().send();
                let items =
                    scan.collect::<Result<Vec<_>, _>>().await.expect("the database answers");
                let due_at = format!("{lane}_due_at");
                let times = items.iter().map(|item| match &item[&due_at] {
                    AttributeValue::N(time) => time.parse::<i64>().expect("a time"),
                    other => panic!("{other:?}"),
                });
                first = first.into_iter().chain(times).min();
            }
            if let Some(first) = first {
                return Some(Timestamp::from_millisecond(first).expect("a time"));
            }
        }
        None
    }

    async fn unfinished(&self) -> Vec<Task> {
        let tasks = self.tasks().await.into_iter();
        tasks.filter(|task| task.duties().next().is_some()).collect()
    }

    /// All stored tasks.
    pub(crate) async fn tasks(&self) -> Vec<Task> {
        let scan = self.gateway.dynamodb().scan().table_name("Tasks").into_paginator().items();
        let items = scan.send().collect::<Result<Vec<_>, _>>().await.expect("the database answers");
        // The records of idempotent requests are in the same table.
        let tasks = items.into_iter().filter(|item| item.contains_key("status"));
        tasks.map(|item| serde_dynamo::from_item(item).expect("a task")).collect()
    }
}
