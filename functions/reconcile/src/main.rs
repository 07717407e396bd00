use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;
use shared::setup::Environment;

use reconcile::Reconcile;

/// What was begun before this much is left of an invocation ends within it.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let reconcile = Reconcile::start(&Environment::new(&|name| std::env::var(name).ok())).await?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        reconcile.run(&Timestamp::now, deadline - RESERVE).await;
        Ok::<_, Error>(())
    }))
    .await
}
