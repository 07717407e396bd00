use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::setup::Environment;
use shared::telemetry::log::log_panics;
use shared::telemetry::{Origin, invocation};

use reconcile::Reconcile;

/// What was begun before this much is left of an invocation ends within it.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::new(&|name| std::env::var(name).ok());
    environment.log()?.install();
    log_panics();
    let reconcile = Reconcile::start(&environment).await?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        let run = reconcile.run(&Timestamp::now, deadline - RESERVE);
        invocation(Origin::of("reconcile", &event.context), "run", run, |(), _| {}).await;
        Ok::<_, Error>(())
    }))
    .await
}
