//! What all I/O stands on: HTTP, AWS and its secrets, and what is told of the work.

pub mod aws;
pub mod causes;
pub mod http_client;
pub mod secrets;
mod setup_error;
pub mod telemetry;

pub use setup_error::SetupError;
