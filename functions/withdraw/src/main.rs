use std::process::ExitCode;

use jiff::Timestamp;
use shared::runtime;

use withdraw::Withdraw;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let withdraw = &Withdraw::start(&runtime::environment())?;
        runtime::serve_http("withdraw", |request| async move {
            withdraw.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
