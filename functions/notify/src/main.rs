use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use shared::setup::Environment;
use shared::store::Changes;

use notify::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let notify = Notify::start(&Environment::new(&|name| std::env::var(name).ok()))?;
    run(service_fn(async |event: LambdaEvent<Changes>| {
        notify.handle(event.payload, Timestamp::now()).await;
        Ok::<_, Error>(())
    }))
    .await
}
