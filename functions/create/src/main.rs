use std::process::ExitCode;

use jiff::Timestamp;
use shared::runtime;

use create::Create;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let create = &Create::start(&runtime::environment())?;
        runtime::serve_http("create", |request| async move {
            create.answer(&request, &runtime::clock(&request, Timestamp::now())).await
        })
        .await
    })
    .await
}
