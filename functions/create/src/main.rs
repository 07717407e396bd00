use std::process::ExitCode;

use jiff::Timestamp;
use shared::lambda;

use create::Create;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let create = &Create::start(&lambda::environment())?;
        lambda::serve_http("create", |request| async move {
            create.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
