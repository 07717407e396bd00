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
use shared::platform::telemetry::{self, Line, Unit};
use shared::platform::{Clock, SetupError};
use shared::runtime::Environment;
use shared::store::Due;
use shared::task::{Lane, Shard};
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
const RESERVE: SignedDuration = SignedDuration::from_secs(35);

/// When a run begins nothing more, and when it is killed.
#[derive(Clone, Copy, Debug)]
struct Window {
    stop: Timestamp,
    deadline: Timestamp,
}

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

    /// Works through all shards side by side, as long as anything falls due before `stop`.
    pub async fn run(&self, clock: &impl Fn() -> Timestamp, stop: Timestamp) {
        self.run_within(clock, Window { stop, deadline: stop + RESERVE }).await;
    }

    /// Works as long as what is begun ends before the run is killed. Who gives a run less
    /// time than it reserves has half of it worked in.
    pub async fn run_until(&self, clock: &impl Fn() -> Timestamp, deadline: Timestamp) {
        let reserve = RESERVE.min(deadline.duration_since(clock()) / 2);
        self.run_within(clock, Window { stop: deadline - reserve, deadline }).await;
    }

    async fn run_within(&self, clock: &impl Fn() -> Timestamp, window: Window) {
        let (began, stop) = (clock(), window.stop);
        // Without accounts there is nothing to ask vendors with. Clients can be told all the
        // same, and how old the oldest task is can be seen all the same.
        let has_accounts = self.lifecycle.vendors.load().await.is_ok();
        let shards = Lane::all().flat_map(|lane| lane.shards().map(move |shard| (lane, shard)));
        let runs = shards.map(async |(lane, shard)| {
            if has_accounts || lane == Lane::Webhooks {
                self.run_shard(lane, shard, clock, window).await
            } else {
                self.look_at_shard(lane, shard, stop).await
            }
        });
        let done = join_all(runs).await.into_iter().fold(Done::default(), Done::and);
        telemetry::tell(|line| done.tell(began, line));
    }

    /// Works through one shard. A place that becomes free is taken at once, so that
    /// a slow poll holds up no other.
    async fn run_shard(
        &self,
        lane: Lane,
        shard: Shard,
        clock: &impl Fn() -> Timestamp,
        window: Window,
    ) -> Done {
        let stop = window.stop;
        let mut done = Done::default();
        let mut under_way = FuturesUnordered::new();
        let mut agenda = Agenda::new();
        let mut turn = self.first_lists.acquire().await.ok();
        // What was never listed would look as if it were empty.
        let mut is_listed = false;
        'lists: while !is_listed || clock() < stop {
            let Some(timers) = self.list(lane, &shard, stop, &mut done).await else { break };
            is_listed = true;
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
                under_way.push(self.work_on(lane, timer, clock, window));
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

    /// Sees how old the tasks of a shard are that nobody can work on.
    async fn look_at_shard(&self, lane: Lane, shard: Shard, stop: Timestamp) -> Done {
        let mut done = Done::default();
        let _turn = self.first_lists.acquire().await.ok();
        self.list(lane, &shard, stop, &mut done).await;
        done
    }

    /// Lists a shard, and notes what that shows. None when it cannot be listed.
    async fn list(
        &self,
        lane: Lane,
        shard: &Shard,
        stop: Timestamp,
        done: &mut Done,
    ) -> Option<Vec<Due>> {
        match self.lifecycle.tasks.due(lane, shard, stop).await {
            Ok(timers) => {
                done.see(lane, &timers);
                Some(timers)
            }
            Err(error) => {
                tracing::error!(%shard, %error, "what is due could not be listed");
                done.unlisted += 1;
                None
            }
        }
    }

    async fn work_on(
        &self,
        lane: Lane,
        due: Due,
        clock: &impl Fn() -> Timestamp,
        window: Window,
    ) -> Done {
        let now = clock();
        if now >= window.stop {
            return Done::default();
        }
        match self.work(lane, &due, &Clock::starting(now, window.deadline)).await {
            Ok(true) => Done { tasks: 1, ..Done::default() },
            Ok(false) => Done { lost: 1, ..Done::default() },
            Err(error) => {
                // Its timer is set to the next time, or still to this one.
                tracing::error!(task.id = %due.id, %error, "a due task could not be worked on");
                Done { failed: 1, ..Done::default() }
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

/// What a run has seen and worked on.
#[derive(Clone, Copy, Default)]
struct Done {
    tasks: usize,
    /// Tasks that somebody else had claimed.
    lost: usize,
    /// How often a task could not be worked on.
    failed: usize,
    /// Lists that could not be had, behind which anything may be due.
    unlisted: usize,
    /// When the oldest unfinished task was made, of all that were listed: also of those that
    /// could not be worked on.
    oldest: Option<Timestamp>,
}

impl Done {
    /// Takes note of the tasks in a list, whose ids tell their ages.
    fn see(&mut self, lane: Lane, timers: &[Due]) {
        if matches!(lane, Lane::Vendor(_)) {
            let made = timers.iter().map(|timer| timer.id.created_at());
            self.oldest = self.oldest.into_iter().chain(made).min();
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            tasks: self.tasks + other.tasks,
            lost: self.lost + other.lost,
            failed: self.failed + other.failed,
            unlisted: self.unlisted + other.unlisted,
            oldest: self.oldest.into_iter().chain(other.oldest).min(),
        }
    }

    /// Tells it in the line of a run that began then.
    fn tell(self, began: Timestamp, line: &mut Line) {
        line.set("worked_on", self.tasks);
        let failures = self.failed + self.unlisted;
        if failures > 0 {
            line.set("failed", self.failed);
            line.set("unlisted", self.unlisted);
            line.measure("ReconcileFailures", Unit::Count, failures, &[&[]]);
        }
        // An age that leaves something out would look like a good one.
        if self.unlisted == 0 {
            let age = self.oldest.map_or(0, |oldest| began.duration_since(oldest).as_secs());
            line.measure("OldestUnfinished", Unit::Seconds, age, &[&[]]);
        }
    }
}
