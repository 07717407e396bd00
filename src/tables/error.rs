//! Why an operator did not get what was asked for.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use shared::platform::causes::{self, AwsError};
use shared::store::{StoreCause, StoreError};

/// Why an operator did not get what was asked for.
#[derive(Debug)]
pub enum TableError {
    /// AWS refused, or could not be asked.
    Aws(AwsError),
    /// Somebody else changed the same key at the same time; nothing was written.
    Changed,
    /// An item is not as it should be.
    Item(String),
}

impl TableError {
    pub(crate) fn aws(error: &(impl ProvideErrorMetadata + Error)) -> Self {
        Self::Aws(causes::aws(error))
    }

    pub(crate) fn item(table: &str, error: impl fmt::Display) -> Self {
        Self::Item(format!("an item in {table} cannot be read: {error}"))
    }

    /// The store's trouble with reading an item.
    pub(crate) fn store(table: &str, error: StoreError) -> Self {
        match error.cause {
            StoreCause::Aws(error) => Self::Aws(error),
            StoreCause::Other(error) => Self::item(table, error),
        }
    }
}
