//! Why the store could not do something.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};

use crate::platform::causes::{self, AwsError};

/// The table could not be used, or holds something that we did not write.
#[derive(Debug)]
pub struct StoreError {
    action: String,
    pub cause: StoreCause,
}

/// The trouble by itself, without what was being done.
#[derive(Debug)]
pub enum StoreCause {
    /// DynamoDB refused, or could not be asked.
    Aws(AwsError),
    /// What is stored, what was to be stored, or others who stored at the same time.
    Other(String),
}

impl StoreError {
    pub(super) fn service(action: &str, error: impl ProvideErrorMetadata + Error) -> Self {
        Self { action: action.to_owned(), cause: StoreCause::Aws(causes::aws(&error)) }
    }

    /// A request that lacks something; we have forgotten it.
    pub(super) fn incomplete(action: &str, error: &BuildError) -> Self {
        Self::other(action, error.to_string())
    }

    /// Others kept on writing the same; later is better.
    pub(super) fn busy(action: &str) -> Self {
        Self::other(action, "too many write the same at once".to_owned())
    }

    /// A condition did not hold, and what it did not hold for is not there.
    pub(super) fn missing(action: &str) -> Self {
        Self::other(action, "DynamoDB does not say what is in the way".to_owned())
    }

    /// What ends once is not at its end.
    pub(super) fn unfinished(action: &str) -> Self {
        Self::other(action, "the task has not ended, or is another key's".to_owned())
    }

    pub(super) fn item(action: &str, error: &serde_dynamo::Error) -> Self {
        Self::other(action, error.to_string())
    }

    fn other(action: &str, cause: String) -> Self {
        Self { action: action.to_owned(), cause: StoreCause::Other(cause) }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, cause } = self;
        match cause {
            StoreCause::Aws(error) => write!(f, "{action}: {error}"),
            StoreCause::Other(error) => write!(f, "{action}: {error}"),
        }
    }
}

impl std::error::Error for StoreError {}
