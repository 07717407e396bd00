//! How functions run in Lambda: from the variables that they start with to the
//! lines that they leave.

mod http;
mod lambda;
pub mod log;
mod setup;

pub use http::answered;
pub use lambda::{Failure, clock, environment, run, serve_events, serve_http};
pub use setup::Environment;
