use std::process::ExitCode;

use jiff::Timestamp;
use shared::runtime;

use callback::Callback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let callback = &Callback::start(&runtime::environment())?;
        runtime::serve_http("callback", |request| async move {
            callback.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
