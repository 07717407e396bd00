//! What all I/O stands on: HTTP, AWS and its secrets, and what is told of the work.

pub mod aws;
pub mod causes;
pub mod clock;
pub mod http_client;
pub mod secrets;
mod setup_error;
pub mod telemetry;

pub use clock::Clock;
pub use setup_error::SetupError;
