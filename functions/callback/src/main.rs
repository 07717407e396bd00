use jiff::Timestamp;
use lambda_http::{Error, Request, run, service_fn, tracing};
use shared::setup::Environment;

use callback::Callback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let callback = Callback::start(&Environment::new(&|name| std::env::var(name).ok())).await?;
    run(service_fn(async |request: Request| {
        Ok::<_, Error>(callback.answer(&request, Timestamp::now()).await)
    }))
    .await
}
