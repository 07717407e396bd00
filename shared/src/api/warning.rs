//! Warnings: what could not be honoured and is told instead of dropped.

use serde::{Deserialize, Serialize};

/// A field that could not be honoured, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub param: String,
    pub message: String,
}

impl Warning {
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into() }
    }
}
