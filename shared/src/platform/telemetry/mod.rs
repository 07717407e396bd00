//! What is seen from outside: lines of JSON, one per invocation, poll, ended task and so on,
//! from which CloudWatch also takes the metrics (its embedded metric format).
//!
//! Lines go through `tracing`, so that whoever runs the code decides where they end:
//! in AWS that is the log of `runtime`, on a developer's machine the terminal, in tests a test.
//! What a line holds are ids, names, codes and numbers: no prompt, image, key,
//! secret, address or vendor's sentence is ever a field; but the address of a video whose
//! client was told that there is none, so that somebody can help.

mod invocation;
mod line;
mod origin;
mod waiting;

pub use invocation::{WaitsForVendor, invocation, panicked, tell};
pub use line::{LINE, Line, Unit, millis};
pub use origin::{Origin, current_origin};
