use std::process::ExitCode;

use jiff::Timestamp;
use shared::lambda;

use callback::Callback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let callback = &Callback::start(&lambda::environment())?;
        lambda::serve_http("callback", |request| async move {
            callback.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
