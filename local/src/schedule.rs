//! EventBridge in this process: starts what runs on a schedule.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reconcile::Reconcile;
use shared::platform::telemetry::{Origin, invocation};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Starts a run at every tick, whether or not the last one has ended: so does
/// AWS. Each may go on until the next tick. Dropping this ends them all.
pub(crate) async fn run(reconcile: Arc<Reconcile>, every: Duration) {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut runs = JoinSet::new();
    loop {
        ticks.tick().await;
        while runs.try_join_next().is_some() {}
        let reconcile = reconcile.clone();
        runs.spawn(async move {
            let run = reconcile.run(&Timestamp::now, Timestamp::now() + every);
            invocation(Origin::new("reconcile"), "run", run, |(), _| {}).await;
        });
    }
}
