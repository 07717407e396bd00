use std::process::ExitCode;

use jiff::Timestamp;
use shared::runtime;

use notify::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let notify = &Notify::start(&runtime::environment())?;
        runtime::serve_events("notify", "changes", |changes, _| {
            notify.handle(changes, Timestamp::now())
        })
        .await
    })
    .await
}
