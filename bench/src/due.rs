//! Many tasks that are due at once: how long it takes until each has been polled and
//! has ended, and in how much memory.
//!
//! A poll takes as long as a vendor does, so this is about how many are under way; with a
//! vendor that answers at once it shows how many the embedded database lets through.

use std::fs;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};
use shared::store::Tasks;
use shared::task::{Lane, TaskId, Vendor};
use tokio::time::Instant;

use crate::report::Row;
use crate::warm::thread_time;
use crate::world::{World, due, finished, numbered, one_thread};

pub(crate) const GROUP: &str = "due";

const LOOK: Duration = Duration::from_millis(200);

/// Of a lane, and how many tasks of each are under way at once in one run.
const SHARDS: usize = 4;
const AT_ONCE: usize = 16;

/// What others do: one task after the other, and a second's sleep after each poll.
const SLEEP: Duration = Duration::from_secs(1);

/// One way to work off what is due.
struct Case {
    tasks: usize,
    shards: usize,
    reconcilers: usize,
    look: Duration,
}

/// What came of it.
struct Outcome {
    took: f64,
    /// Of all reconcilers' threads.
    worked: f64,
    /// Of the whole process, the database and the vendor too.
    process: f64,
    /// The most that one reconciler held at once, in MB.
    held: f64,
    /// By how much the whole process grew, in MB.
    grew: f64,
}

/// Works off so many tasks, in several ways.
pub(crate) fn run(tasks: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let case = |shards, reconcilers, look| Case {
        tasks: tasks * shards / SHARDS,
        shards,
        reconcilers,
        look,
    };
    for case in [
        case(1, 1, LOOK),
        case(2, 1, LOOK),
        case(4, 1, LOOK),
        case(4, 2, LOOK),
        case(4, 4, LOOK),
        case(4, 1, Duration::ZERO),
        case(4, 4, Duration::ZERO),
    ] {
        let outcome = case.run();
        eprintln!("{} tasks in {:.1} s", case.tasks, outcome.took);
        let Case { tasks, shards, reconcilers, look } = case;
        let name = |what: &str| {
            let millis = look.as_millis();
            format!(
                "{tasks} in {shards} shards, {reconcilers} reconcilers, polls of {millis} ms: {what}"
            )
        };
        let row = |what: &str, unit, value| Row::new(GROUP, name(what), unit, value);
        let count = tasks as f64;
        let took = row("time", "s", outcome.took);
        let rate = row("throughput", "tasks/s", count / outcome.took);
        if look.is_zero() {
            rows.extend([took, rate]);
        } else {
            // If nothing but the polls took time.
            let best = (AT_ONCE * shards * reconcilers) as f64 / look.as_secs_f64();
            rows.extend([took.beside(count / best), rate.beside(best)]);
        }
        rows.push(row("CPU time of the reconcilers", "s", outcome.worked).beside(outcome.process));
        rows.push(row("most held by one reconciler", "MB", outcome.held));
        rows.push(row("growth of the process, with its database", "MB", outcome.grew));
    }
    let serial = (SLEEP + LOOK).as_secs_f64() * tasks as f64;
    rows.push(Row::new(
        GROUP,
        format!("{tasks} one after the other, a second's sleep after each: time"),
        "s",
        serial,
    ));
    rows
}

impl Case {
    fn run(&self) -> Outcome {
        let world = World::start(self.look);
        one_thread().block_on(self.fill(&world));
        // From here on the peak is counted anew.
        fs::write("/proc/self/clear_refs", "5").expect("Linux resets the peak");
        let before = status_megabytes("VmRSS");
        let process = process_time();
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
                        world.reconcile().run(&|| now, stop).await;
                    });
                    worked = thread_time() - began;
                });
                (worked.as_secs_f64(), held.bytes_max as f64 / 1e6)
            };
            let threads: Vec<_> = (0..self.reconcilers).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|it| it.join().expect("it ends well")).collect()
        });
        let took = began.elapsed().as_secs_f64();
        let outcome = Outcome {
            took,
            worked: runs.iter().map(|(worked, _)| worked).sum(),
            process: (process_time() - process).as_secs_f64(),
            held: runs.iter().map(|(_, held)| *held).fold(0.0, f64::max),
            grew: status_megabytes("VmHWM") - before,
        };
        one_thread().block_on(nothing_is_left(&world));
        outcome
    }

    /// All of one vendor, and of its first shards.
    async fn fill(&self, world: &World) {
        let create = world.create();
        let model = world.created(&create).await;
        // Nobody is to wait for the timer of this one.
        world.fill([finished(&model, model.id.clone())].into_iter()).await;
        let lane = Lane::Vendor(Vendor::Vidu);
        let shards: Vec<_> = lane.shards().take(self.shards).collect();
        let now = Timestamp::now();
        let is_wanted = |id: &TaskId| shards.contains(&lane.shard(id));
        let ids = (0..).map(|number| numbered(now, number)).filter(is_wanted);
        world.fill(ids.take(self.tasks).map(|id| due(&model, id, now))).await;
    }
}

async fn nothing_is_left(world: &World) {
    let tasks = Tasks::new(world.dynamodb(), "Tasks".to_owned(), "Usage".to_owned());
    for shard in Lane::Vendor(Vendor::Vidu).shards() {
        let left =
            tasks.due(Lane::Vendor(Vendor::Vidu), &shard, Timestamp::MAX).await.expect("a list");
        assert!(left.is_empty(), "{left:?} were not worked off");
    }
}

fn process_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// A figure of this process, as Linux keeps it.
fn status_megabytes(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.expect("a number of kilobytes") / 1e3
}
