//! The only code that knows DynamoDB.
//!
//! No read before a write and no retry loop: each change of a task is one
//! conditional update, and losing one means that somebody else knew better.

mod begin;
mod changes;
mod counts;
mod delete;
mod due;
mod end;
mod error;
mod idempotent;
mod item;
mod keys;
mod list;
mod room;
mod tasks;
mod transaction;
mod update;
pub mod usage;
mod wishes;

pub use begin::{BeginOutcome, NewTasks};
pub use changes::Changes;
pub use due::{Due, MOST_DUE};
pub use end::Raised;
pub use error::{StoreCause, StoreError};
pub use keys::Keys;
pub use list::Listed;
pub use room::{Room, Used};
pub use tasks::Tasks;
pub use usage::rest_of_minute;
