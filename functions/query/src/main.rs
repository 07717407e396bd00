use std::process::ExitCode;

use jiff::Timestamp;
use shared::runtime;

use query::Query;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    runtime::run(async {
        let query = &Query::start(&runtime::environment())?;
        runtime::serve_http("query", |request| async move {
            query.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
