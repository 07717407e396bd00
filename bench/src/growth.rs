//! Whether a request takes longer, or a run of the reconciler, the more tasks are stored.
//!
//! The embedded database is a tree in SQLite, which grows by a level now and then, and
//! DynamoDB does not; what this shows is that no function reads more the more there is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local::client;
use shared::task::Task;
use tokio::time::Instant;

use crate::report::{Row, median, millis};
use crate::stack::{BenchStack, due, finished, numbered, one_thread};

pub(crate) const GROUP: &str = "growth";

const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
const MILLION: u64 = 1_000_000;

const REQUESTS: u64 = 400;

/// The reconciler's runs at each size, and the tasks that are due in each.
const RUNS: u64 = 15;
const DUE: u64 = 10;

/// Fills one table further and further, up to a million when it may take some minutes.
pub(crate) fn run(million: bool) -> Vec<Row> {
    let stack = BenchStack::start(Duration::ZERO);
    one_thread().block_on(async {
        let (create, query) = (stack.create(), stack.query());
        let reconcile = stack.reconcile();
        let now = Timestamp::now();
        let model = stack.created(&create).await;
        let past = |number| finished(&model, numbered(now, number));

        let mut rows = Vec::new();
        let mut first: Option<[f64; 3]> = None;
        let mut stored = 0;
        for size in [DUE].into_iter().chain(SIZES).chain(million.then_some(MILLION)) {
            let began = Instant::now();
            stack.fill((stored..size).map(past)).await;
            let filled = (size - stored) as f64 / began.elapsed().as_secs_f64();
            stored = size;
            eprintln!("{stored} tasks are stored");

            let (mut queries, mut creates) = (Vec::new(), Vec::new());
            for request in 0..REQUESTS {
                // All over the table.
                let id = past(request.wrapping_mul(7919) % size).id;
                let asking = stack.query_request(&id);
                let began = Instant::now();
                assert_eq!(query.answer(&asking, Timestamp::now()).await.status(), 200);
                queries.push(millis(began.elapsed()));
                let asking = stack.create_request();
                let began = Instant::now();
                // Due in half a minute, which is later than this reconciler's clock ever shows.
                assert_eq!(create.answer(&asking, &client::clock(now)).await.status(), 200);
                creates.push(millis(began.elapsed()));
            }
            let mut runs = Vec::new();
            for run in 0..RUNS {
                let clock = now - SignedDuration::from_hours(1);
                let due =
                    |task: u64| due_task(&model, MILLION * 2 + size + run * DUE + task, clock);
                stack.fill((0..DUE).map(due)).await;
                let began = Instant::now();
                reconcile.run(&|| clock, clock + SignedDuration::from_millis(1)).await;
                runs.push(millis(began.elapsed()));
            }

            let medians = [queries, creates, runs].map(median);
            let smallest = *first.get_or_insert(medians);
            let names = ["a query", "a create", "a reconcile over 10 due"];
            for (name, (took, reference)) in
                names.into_iter().zip(medians.into_iter().zip(smallest))
            {
                rows.push(
                    Row::new(GROUP, format!("{name} among {size}"), "ms", took).beside(reference),
                );
            }
            rows.push(Row::new(GROUP, format!("filling it up to {size}"), "tasks/s", filled));
        }
        rows
    })
}

fn due_task(model: &Task, number: u64, clock: Timestamp) -> Task {
    due(model, numbered(clock, number), clock)
}
