//! What an operator does with the tables: writes API keys, reads usage and tasks.
//!
//! No function uses this, so none carries it. What to do about an error is left
//! to whoever knows how the operator came here.

mod error;
mod keys;
mod tasks;
mod usage;

pub use error::OperatorError;
pub use keys::{Held, Keys};
pub use tasks::Tasks;
pub use usage::{Counts, DayUsage, Usage};
