//! On a schedule: everything that is due, and nothing else.
//!
//! It has no input and keeps nothing between runs: what is to be done stands in
//! the tasks' timers. Claiming one sets it to the next time, so a run that dies
//! has only delayed what it held, and two runs at once divide the work.

mod agenda;
mod work;

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use shared::lifecycle::Lifecycle;
use shared::platform::telemetry::{self, Unit};
use shared::platform::{Clock, SetupError};
use shared::runtime::Environment;
use shared::store::Due;
use shared::task::{Lane, Shard, TaskId};
use shared::webhooks::Deliveries;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use agenda::{Agenda, Next};

/// How much of a shard is under way at once: what a vendor takes, and memory allows.
const AT_ONCE: usize = 16;

/// How many shards are listed at once when a run begins. Each would open a connection of
/// its own at a cold start, of which most are never used again.
const FIRST_LISTS_AT_ONCE: usize = 4;

/// How old a list becomes at most while its tasks are under way: the shortest pause that
/// a new timer is set to.
const FRESH: Duration = Duration::from_secs(5);

/// What was begun before this much is left of an invocation ends within it: a claim, a search,
/// and a submission that is repeated.
pub const RESERVE: SignedDuration = SignedDuration::from_secs(35);

#[derive(Debug)]
pub struct Reconcile {
    lifecycle: Lifecycle,
    deliveries: Deliveries,
    first_lists: Semaphore,
}

impl Reconcile {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            lifecycle: environment.lifecycle()?,
            deliveries: environment.deliveries()?,
            first_lists: Semaphore::new(FIRST_LISTS_AT_ONCE),
        })
    }

    /// Works through all shards side by side, as long as anything falls due
    /// before `stop`.
    pub async fn run(&self, clock: &impl Fn() -> Timestamp, stop: Timestamp) {
        let began = clock();
        // Without accounts there is nothing to ask vendors with; clients can be told all the same.
        let ready = self.lifecycle.vendors.load().await.is_ok();
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

    /// Works through one shard. A place that becomes free is taken at once, so that
    /// a slow poll holds up no other.
    async fn run_shard(
        &self,
        lane: Lane,
        shard: Shard,
        clock: &impl Fn() -> Timestamp,
        stop: Timestamp,
    ) -> Done {
        let mut done = Done::default();
        let mut under_way = FuturesUnordered::new();
        let mut agenda = Agenda::new();
        let mut turn = self.first_lists.acquire().await.ok();
        'lists: while clock() < stop {
            let timers = match self.lifecycle.tasks.due(lane, &shard, stop).await {
                Ok(timers) => timers,
                Err(error) => {
                    tracing::error!(%shard, %error, "what is due could not be listed");
                    break;
                }
            };
            drop(turn.take());
            let Next { begin, again, is_all } = agenda.next(timers, clock());
            for timer in begin {
                if under_way.len() == AT_ONCE {
                    let ended = under_way.next().await.unwrap_or_default();
                    done = done.and(ended);
                    if ended.lost > 0 {
                        // Somebody else was first, so what is listed is old.
                        agenda.meets_another();
                        continue 'lists;
                    }
                }
                agenda.begins(&timer, clock());
                under_way.push(self.work_on(lane, timer, clock, stop));
            }
            let again = again.filter(|again| *again < stop);
            let rest = again.map(|it| Duration::try_from(it - clock()).unwrap_or_default());
            if !under_way.is_empty() {
                let rest = sleep(rest.map_or(FRESH, |rest| rest.min(FRESH)));
                done = done.and(ended_meanwhile(&mut under_way, rest, is_all).await);
            } else if let Some(rest) = rest {
                sleep(rest).await;
            } else {
                break;
            }
        }
        under_way.fold(done, async |done, more| done.and(more)).await
    }

    async fn work_on(
        &self,
        lane: Lane,
        due: Due,
        clock: &impl Fn() -> Timestamp,
        stop: Timestamp,
    ) -> Done {
        let now = clock();
        if now >= stop {
            return Done::default();
        }
        match self.work(lane, &due, &Clock::starting(now, stop + RESERVE)).await {
            Ok(true) => Done::one(lane, &due.id),
            Ok(false) => Done { lost: 1, ..Done::default() },
            Err(error) => {
                // Its timer is set to the next time, or still to this one.
                tracing::error!(task.id = %due.id, %error, "a due task could not be worked on");
                Done::default()
            }
        }
    }
}

/// What ends meanwhile; one end is enough when more was due than is listed at once.
async fn ended_meanwhile(
    under_way: &mut FuturesUnordered<impl Future<Output = Done>>,
    rest: impl Future,
    is_all: bool,
) -> Done {
    let mut rest = pin!(rest);
    let mut done = Done::default();
    while let Either::Left((Some(ended), _)) = select(under_way.next(), rest.as_mut()).await {
        done = done.and(ended);
        if !is_all {
            break;
        }
    }
    done
}

/// What a run has worked on.
#[derive(Clone, Copy, Default)]
struct Done {
    tasks: usize,
    /// Tasks that somebody else had claimed.
    lost: usize,
    /// When the oldest of the unfinished tasks among them was made.
    oldest: Option<Timestamp>,
}

impl Done {
    fn one(lane: Lane, task: &TaskId) -> Self {
        let is_unfinished = matches!(lane, Lane::Vendor(_));
        Self { tasks: 1, oldest: is_unfinished.then(|| task.created_at()), ..Self::default() }
    }

    fn and(self, other: Self) -> Self {
        let oldest = self.oldest.into_iter().chain(other.oldest).min();
        Self { tasks: self.tasks + other.tasks, lost: self.lost + other.lost, oldest }
    }
}
