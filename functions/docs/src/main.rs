use lambda_http::{Error, Request, run, service_fn};
use shared::setup::Environment;

use docs::Docs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Environment::new(&|name| std::env::var(name).ok()).log()?.install();
    let docs = Docs::new();
    run(service_fn(async |request: Request| Ok::<_, Error>(docs.answer(&request).await))).await
}
