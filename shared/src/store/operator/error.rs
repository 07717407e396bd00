//! Why an operator did not get what was asked for.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::platform::causes::causes;

/// Why an operator did not get what was asked for.
#[derive(Debug)]
pub enum OperatorError {
    /// AWS said no, or could not be asked; then there is no code.
    Service { code: Option<String>, message: String },
    /// Somebody else changed the same key at the same time; nothing was written.
    Changed,
    /// An item is not as it should be.
    Item(String),
}

impl OperatorError {
    /// What became of a call to any service of AWS.
    pub fn service<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug + 'static,
    {
        let code = error.code().map(str::to_owned);
        let message = error.message().map_or_else(|| causes(error), str::to_owned);
        Self::Service { code, message }
    }

    pub(super) fn item(table: &str, error: impl fmt::Display) -> Self {
        Self::Item(format!("an item in {table} cannot be read: {error}"))
    }
}
