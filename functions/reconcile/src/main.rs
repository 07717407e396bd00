use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::lambda;

use reconcile::Reconcile;

/// What was begun before this much is left of an invocation ends within it.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let reconcile = &Reconcile::start(&lambda::environment())?;
        lambda::serve_events("reconcile", "run", |_: Value, deadline| {
            reconcile.run(&Timestamp::now, deadline - RESERVE)
        })
        .await
    })
    .await
}
