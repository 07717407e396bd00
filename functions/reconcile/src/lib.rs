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
use shared::timer::Lane;
use shared::vendor::Vendors;

/// How much of a lane is under way at once: what a vendor takes, and memory allows.
const AT_ONCE: usize = 32;

/// When nothing that is listed can be claimed, another run has it, or the index is late.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub struct Reconcile {
    tasks: Tasks,
    vendors: Vendors,
    deliveries: Deliveries,
}

impl Reconcile {
    pub async fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            tasks: environment.tasks()?,
            vendors: environment.vendors().await?,
            deliveries: environment.deliveries()?,
        })
    }

    /// Works through all lanes side by side, as long as anything falls due before `stop`.
    pub async fn run(&self, clock: &impl Fn() -> Timestamp, stop: Timestamp) {
        join_all(Lane::all().map(|lane| self.run_lane(lane, clock, stop))).await;
    }

    async fn run_lane(&self, lane: Lane, clock: &impl Fn() -> Timestamp, stop: Timestamp) {
        loop {
            let timers = self.list(lane, stop).await;
            let now = clock();
            let (due, later): (Vec<_>, Vec<_>) =
                timers.into_iter().partition(|timer| timer.due_at <= now);
            let wait = if due.is_empty() {
                let Some(next) = later.iter().map(|timer| timer.due_at).min() else { return };
                next.duration_since(now).unsigned_abs()
            } else if self.work_off(lane, due, clock, stop).await {
                Duration::ZERO
            } else {
                PAUSE
            };
            if clock() + wait >= stop {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The timers of a lane that run out before `stop`.
    async fn list(&self, lane: Lane, stop: Timestamp) -> Vec<Due> {
        let shards: Vec<_> = lane.shards().collect();
        let lists = join_all(shards.iter().map(|shard| self.tasks.due(shard, stop))).await;
        let mut timers = Vec::new();
        for (shard, list) in shards.iter().zip(lists) {
            match list {
                Ok(list) => timers.extend(list),
                Err(error) => tracing::error!(%shard, %error, "a shard could not be listed"),
            }
        }
        timers
    }

    /// Works on what is due, a bounded number at once. Tells whether any of it was ours.
    async fn work_off(
        &self,
        lane: Lane,
        due: Vec<Due>,
        clock: &impl Fn() -> Timestamp,
        stop: Timestamp,
    ) -> bool {
        stream::iter(due)
            .map(async |due| {
                let now = clock();
                now < stop && self.work(lane, &due, now).await
            })
            .buffer_unordered(AT_ONCE)
            .fold(false, async |any, worked| any || worked)
            .await
    }
}
