use jiff::Timestamp;
use lambda_http::{Error, Request, run, service_fn};
use shared::setup::Environment;
use shared::telemetry::log::log_panics;

use create::Create;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::new(&|name| std::env::var(name).ok());
    environment.log()?.install();
    log_panics();
    let create = Create::start(&environment).await?;
    run(service_fn(async |request: Request| {
        Ok::<_, Error>(create.answer(&request, Timestamp::now()).await)
    }))
    .await
}
