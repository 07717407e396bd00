//! The tables of API keys and of usage, as an operator reads and writes them.
//!
//! The functions have their own, smaller view of both in `shared::store`, and a task
//! is read there by everybody. What to do about an error is not said here.

mod error;
mod keys;
mod usage;

pub use error::TableError;
pub use keys::{KeysTable, StoredKey};
pub use usage::{Counts, DayUsage, UsageTable};
