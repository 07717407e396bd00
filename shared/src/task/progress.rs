//! The progress of a task, as a poll tells it.

use jiff::Timestamp;

use super::error::ErrorBody;
use super::figures::Figures;
use super::status::Status;

/// What a poll says about a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub status: Status,
    /// The vendor's word for its status, when it is one that we do not know.
    pub unknown_status: Option<String>,
    pub figures: Figures,
    pub url: Option<String>,
    pub url_expires_at: Option<Timestamp>,
    pub error: Option<ErrorBody>,
}

impl Progress {
    pub fn unfinished(status: Status) -> Self {
        Self {
            status,
            unknown_status: None,
            figures: Figures::default(),
            url: None,
            url_expires_at: None,
            error: None,
        }
    }

    /// A word for a status that we do not know is *processing*: it is no end.
    pub fn unknown(word: &str) -> Self {
        const LONGEST: usize = 40;
        let word = word.chars().take(LONGEST).collect();
        Self { unknown_status: Some(word), ..Self::unfinished(Status::Processing) }
    }

    pub fn failed(error: ErrorBody, figures: Figures) -> Self {
        Self { figures, error: Some(error), ..Self::unfinished(Status::Failed) }
    }
}
