use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::runtime;

use reconcile::Reconcile;

/// What was begun before this much is left of an invocation ends within it.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let reconcile = &Reconcile::start(&runtime::environment())?;
        runtime::serve_events("reconcile", "run", |_: Value, deadline| {
            reconcile.run(&Timestamp::now, deadline - RESERVE)
        })
        .await
    })
    .await
}
