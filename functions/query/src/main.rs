use std::process::ExitCode;

use jiff::Timestamp;
use shared::lambda;

use query::Query;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::run(async {
        let query = &Query::start(&lambda::environment())?;
        lambda::serve_http("query", |request| async move {
            query.answer(&request, Timestamp::now()).await
        })
        .await
    })
    .await
}
