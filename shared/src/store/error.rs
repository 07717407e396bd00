//! Why the store could not do something.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};

use crate::platform::causes;

/// The table could not be used, or holds something that we did not write.
#[derive(Debug)]
pub struct StoreError(String);

impl StoreError {
    pub(super) fn service(action: &str, error: impl ProvideErrorMetadata + Error) -> Self {
        Self(format!("{action}: {}", causes::aws(&error)))
    }

    /// A request that lacks something; we have forgotten it.
    pub(super) fn incomplete(action: &str, error: &BuildError) -> Self {
        Self(format!("{action}: {error}"))
    }

    /// Others kept on writing the same; later is better.
    pub(super) fn busy(action: &str) -> Self {
        Self(format!("{action}: too many write the same at once"))
    }

    /// A condition did not hold, and what it did not hold for is not there.
    pub(super) fn missing(action: &str) -> Self {
        Self(format!("{action}: DynamoDB does not say what is in the way"))
    }

    pub(super) fn item(action: &str, error: &serde_dynamo::Error) -> Self {
        Self(format!("{action}: {error}"))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
