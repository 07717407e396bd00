use std::process::ExitCode;

use jiff::Timestamp;
use shared::lambda;

use notify::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let notify = &Notify::start(&lambda::environment())?;
        lambda::serve_events("notify", "changes", |changes, _| {
            notify.handle(changes, Timestamp::now())
        })
        .await
    })
    .await
}
