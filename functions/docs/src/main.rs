use std::process::ExitCode;

use shared::runtime;

use docs::Docs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let docs = &Docs::new();
        runtime::serve_http("docs", |request| async move { docs.answer(&request).await }).await
    })
    .await
}
