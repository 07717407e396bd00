//! Many tasks that are due at once: how long it takes until each has been polled and
//! has ended, and in how much memory.
//!
//! A poll takes as long as a vendor does, so this is about how many are under way; with a
//! vendor that answers at once it shows how many the embedded database lets through.

use std::time::Duration;
use std::{fs, process, thread};

use jiff::{SignedDuration, Timestamp};
use local::client;
use rustix::time::{ClockId, clock_gettime};
use shared::task::{Lane, TaskId, Vendor};
use tokio::time::Instant;

use crate::process::Process;
use crate::report::Row;
use crate::stack::{BenchStack, due, finished, numbered, one_thread};
use crate::warm::thread_time;

pub(crate) const GROUP: &str = "due";

/// How long a vendor takes to answer a poll.
const POLL: Duration = Duration::from_millis(200);

/// The shards of a lane.
const SHARDS: usize = 4;

/// How many tasks of a shard are under way at once in one run.
const AT_ONCE: usize = 16;

/// The way of others: one task after the other, and a second's sleep after each poll.
const SLEEP: Duration = Duration::from_secs(1);

/// One way to work off what is due.
struct Case {
    tasks: usize,
    shards: usize,
    reconcilers: usize,
    poll: Duration,
}

/// The figures of one run.
struct DueRun {
    took: f64,
    /// The time of all reconcilers' threads on a processor.
    worked: f64,
    /// The growth of the whole process, the database and the vendor too.
    process: f64,
    /// The most that one reconciler held at once, in MB.
    held: f64,
    /// The growth of the whole process, in MB.
    grew: f64,
}

/// Works off so many tasks, in several ways.
pub(crate) fn run(tasks: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let case = |shards, reconcilers, poll| Case {
        tasks: tasks * shards / SHARDS,
        shards,
        reconcilers,
        poll,
    };
    for case in [
        case(1, 1, POLL),
        case(2, 1, POLL),
        case(4, 1, POLL),
        case(4, 2, POLL),
        case(4, 4, POLL),
        case(4, 1, Duration::ZERO),
        case(4, 4, Duration::ZERO),
    ] {
        let due_run = case.run();
        eprintln!("{} tasks in {:.1} s", case.tasks, due_run.took);
        let Case { tasks, shards, reconcilers, poll } = case;
        let name = |what: &str| {
            let millis = poll.as_millis();
            format!(
                "{tasks} in {shards} shards, {reconcilers} reconcilers, polls of {millis} ms: {what}"
            )
        };
        let row = |what: &str, unit, value| Row::new(GROUP, name(what), unit, value);
        let count = tasks as f64;
        let took = row("time", "s", due_run.took);
        let rate = row("throughput", "tasks/s", count / due_run.took);
        if poll.is_zero() {
            rows.extend([took, rate]);
        } else {
            // If nothing but the polls took time.
            let best = (AT_ONCE * shards * reconcilers) as f64 / poll.as_secs_f64();
            rows.extend([took.beside(count / best), rate.beside(best)]);
        }
        rows.push(row("CPU time of the reconcilers", "s", due_run.worked).beside(due_run.process));
        rows.push(row("most held by one reconciler", "MB", due_run.held));
        rows.push(row("growth of the process, with its database", "MB", due_run.grew));
    }
    let serial = (SLEEP + POLL).as_secs_f64() * tasks as f64;
    rows.push(Row::new(
        GROUP,
        format!("{tasks} one after the other, a second's sleep after each: time"),
        "s",
        serial,
    ));
    rows
}

impl Case {
    fn run(&self) -> DueRun {
        let stack = BenchStack::start(self.poll);
        one_thread().block_on(self.fill(&stack));
        // From here on the peak is counted anew.
        fs::write("/proc/self/clear_refs", "5").expect("Linux resets the peak");
        let process = Process(process::id());
        let before = process.memory().expect("Linux tells");
        let worked_before = process_time();
        let began = Instant::now();
        let runs: Vec<(f64, f64)> = thread::scope(|scope| {
            let run = || {
                let mut worked = Duration::ZERO;
                let held = allocation_counter::measure(|| {
                    let began = thread_time();
                    one_thread().block_on(async {
                        // The clock stands, so that nobody waits for what another run has claimed.
                        let now = Timestamp::now();
                        let stop = now + SignedDuration::from_millis(1);
                        stack.reconcile().run(&|| now, stop).await;
                    });
                    worked = thread_time() - began;
                });
                (worked.as_secs_f64(), held.bytes_max as f64 / 1e6)
            };
            let threads: Vec<_> = (0..self.reconcilers).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|it| it.join().expect("it ends well")).collect()
        });
        let took = began.elapsed().as_secs_f64();
        let due_run = DueRun {
            took,
            worked: runs.iter().map(|(worked, _)| worked).sum(),
            process: (process_time() - worked_before).as_secs_f64(),
            held: runs.iter().map(|(_, held)| *held).fold(0.0, f64::max),
            grew: (process.peak_memory().expect("Linux tells") - before) / 1e6,
        };
        one_thread().block_on(nothing_is_left(&stack));
        due_run
    }

    /// Stores tasks that are due, all of one vendor and in its first shards.
    async fn fill(&self, stack: &BenchStack) {
        let create = stack.create();
        let model = stack.created(&create).await;
        // Nobody is to wait for the timer of this one.
        stack.fill([finished(&model, model.id.clone())].into_iter()).await;
        let lane = Lane::Vendor(Vendor::Vidu);
        let shards: Vec<_> = lane.shards().take(self.shards).collect();
        let now = Timestamp::now();
        let is_wanted = |id: &TaskId| shards.contains(&lane.shard(id));
        let ids = (0..).map(|number| numbered(now, number)).filter(is_wanted);
        stack.fill(ids.take(self.tasks).map(|id| due(&model, id, now))).await;
    }
}

async fn nothing_is_left(stack: &BenchStack) {
    let tasks = client::tasks(&stack.stack);
    let lane = Lane::Vendor(Vendor::Vidu);
    for shard in lane.shards() {
        let left = tasks.due(lane, &shard, Timestamp::MAX).await.expect("a list");
        assert!(left.is_empty(), "{left:?} were not worked off");
    }
}

fn process_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
