use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::Value;
use shared::runtime;

use reconcile::Reconcile;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let reconcile = &Reconcile::start(&runtime::environment())?;
        runtime::serve_events("reconcile", "run", |_: Value, deadline| {
            reconcile.run_until(&Timestamp::now, deadline)
        })
        .await
    })
    .await
}
