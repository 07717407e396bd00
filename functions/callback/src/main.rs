use jiff::Timestamp;
use lambda_http::{Error, Request, run, service_fn};
use shared::setup::Environment;
use shared::telemetry::log::log_panics;

use callback::Callback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::new(&|name| std::env::var(name).ok());
    environment.log()?.install();
    log_panics();
    let callback = Callback::start(&environment).await?;
    run(service_fn(async |request: Request| {
        Ok::<_, Error>(callback.answer(&request, Timestamp::now()).await)
    }))
    .await
}
