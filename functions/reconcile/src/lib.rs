//! On a schedule: everything that is due, and nothing else.
//!
//! It has no input and keeps nothing between runs: what is to be done stands in
//! the tasks' timers. Claiming one sets it to the next time, so a run that dies
//! has only delayed what it held, and two runs at once divide the work.

mod ends;
mod work;

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use shared::delivery::Deliveries;
use shared::setup::{Environment, SetupError};
use shared::store::{Due, Tasks};
use shared::task::TaskId;
use shared::telemetry::{self, Unit};
use shared::timer::{Lane, Shard};
use shared::vendor::Vendors;

/// How much of a shard is under way at once: what a vendor takes, and memory allows.
const AT_ONCE: usize = 16;

/// When nothing that is listed can be claimed, another run has it, or the index is late.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub struct Reconcile {
    tasks: Tasks,
    vendors: Vendors,
    deliveries: Deliveries,
}

impl Reconcile {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            tasks: environment.tasks()?,
            vendors: environment.vendors()?,
            deliveries: environment.deliveries()?,
        })
    }

    /// Works through all shards side by side, as long as anything falls due
    /// before `stop`. Whoever is slow delays what is behind them in their shard.
    pub async fn run(&self, clock: &impl Fn() -> Timestamp, stop: Timestamp) {
        let began = clock();
        // Without accounts there is nothing to ask vendors with; clients can be told all the same.
        let ready = self.vendors.ready().await.is_ok();
        let lanes = Lane::all().filter(|lane| ready || *lane == Lane::Webhooks);
        let shards = lanes.flat_map(|lane| lane.shards().map(move |shard| (lane, shard)));
        let runs = shards.map(|(lane, shard)| self.run_shard(lane, shard, clock, stop));
        let done = join_all(runs).await.into_iter().fold(Done::default(), Done::and);
        let age = done.oldest.map_or(0, |oldest| began.duration_since(oldest).as_secs());
        telemetry::tell(|line| {
            line.set("worked_on", done.tasks);
            line.measure("OldestUnfinished", Unit::Seconds, age, &[&[]]);
        });
    }

    async fn run_shard(
        &self,
        lane: Lane,
        shard: Shard,
        clock: &impl Fn() -> Timestamp,
        stop: Timestamp,
    ) -> Done {
        let mut done = Done::default();
        loop {
            let timers = match self.tasks.due(&shard, stop).await {
                Ok(timers) => timers,
                Err(error) => {
                    tracing::error!(%shard, %error, "what is due could not be listed");
                    return done;
                }
            };
            let now = clock();
            let (due, later): (Vec<_>, Vec<_>) =
                timers.into_iter().partition(|timer| timer.due_at <= now);
            let wait = if due.is_empty() {
                let Some(next) = later.first() else { return done };
                next.due_at.duration_since(now).unsigned_abs()
            } else {
                let more = self.work_off(lane, due, clock, stop).await;
                done = done.and(more);
                if more.tasks > 0 { Duration::ZERO } else { PAUSE }
            };
            if clock() + wait >= stop {
                return done;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Works on what is due, a bounded number at once.
    async fn work_off(
        &self,
        lane: Lane,
        due: Vec<Due>,
        clock: &impl Fn() -> Timestamp,
        stop: Timestamp,
    ) -> Done {
        stream::iter(due)
            .map(async |due| {
                let now = clock();
                let is_ours = now < stop && self.work(lane, &due, now).await;
                if is_ours { Done::one(lane, &due.id) } else { Done::default() }
            })
            .buffer_unordered(AT_ONCE)
            .fold(Done::default(), async |done, more| done.and(more))
            .await
    }
}

/// What a run has worked on.
#[derive(Clone, Copy, Default)]
struct Done {
    tasks: usize,
    /// When the oldest of the unfinished tasks among them was made.
    oldest: Option<Timestamp>,
}

impl Done {
    fn one(lane: Lane, task: &TaskId) -> Self {
        let is_unfinished = matches!(lane, Lane::Vendor(_));
        Self { tasks: 1, oldest: is_unfinished.then(|| task.created_at()) }
    }

    fn and(self, other: Self) -> Self {
        let oldest = self.oldest.into_iter().chain(other.oldest).min();
        Self { tasks: self.tasks + other.tasks, oldest }
    }
}
