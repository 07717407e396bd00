//! Why a function cannot start, or a part of it cannot be made.

use std::fmt;

/// Why a function cannot start. Without a word of what is in a secret.
#[derive(Debug)]
pub struct SetupError(String);

impl SetupError {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}
