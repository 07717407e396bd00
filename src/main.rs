//! The binary `filmgate`: one call of the library beside it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    filmgate::run().await
}
