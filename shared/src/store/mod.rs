//! The only code that knows DynamoDB.
//!
//! No read before a write and no retry loop: each change of a task is one
//! conditional update, and losing one means that somebody else knew better.

mod begin;
mod changes;
mod end;
mod idempotent;
mod keys;
pub mod operator;
mod tasks;
mod transaction;
mod update;
pub mod usage;

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};

use crate::causes;

pub use begin::{Beginning, Begun};
pub use changes::Changes;
pub use keys::{ApiKey, KeyHash, Keys, Limits};
pub use tasks::{Due, MOST_DUE, Raised, Tasks};

/// The table could not be used, or holds something that we did not write.
#[derive(Debug)]
pub struct StoreError(String);

impl StoreError {
    fn service(action: &str, error: impl ProvideErrorMetadata + Error) -> Self {
        Self(format!("{action}: {}", causes::aws(&error)))
    }

    /// A request that lacks something; we have forgotten it.
    fn incomplete(action: &str, error: &BuildError) -> Self {
        Self(format!("{action}: {error}"))
    }

    /// Others kept on writing the same; later is better.
    fn busy(action: &str) -> Self {
        Self(format!("{action}: too many write the same at once"))
    }

    /// A condition did not hold, and what it did not hold for is not there.
    fn missing(action: &str) -> Self {
        Self(format!("{action}: DynamoDB does not say what is in the way"))
    }

    fn item(action: &str, error: &serde_dynamo::Error) -> Self {
        Self(format!("{action}: {error}"))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
