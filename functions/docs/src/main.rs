use std::process::ExitCode;

use shared::lambda;

use docs::Docs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let docs = &Docs::new();
        lambda::serve_http("docs", |request| async move { docs.answer(&request).await }).await
    })
    .await
}
