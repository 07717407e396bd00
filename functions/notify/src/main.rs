use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::setup::Environment;
use shared::store::Changes;
use shared::telemetry::log::log_panics;
use shared::telemetry::{Origin, invocation};

use notify::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::new(&|name| std::env::var(name).ok());
    environment.log()?.install();
    log_panics();
    let notify = Notify::start(&environment)?;
    run(service_fn(async |event: LambdaEvent<Changes>| {
        let handled = notify.handle(event.payload, Timestamp::now());
        invocation(Origin::of("notify", &event.context), "changes", handled, |(), _| {}).await;
        Ok::<_, Error>(())
    }))
    .await
}
