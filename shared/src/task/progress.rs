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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_we_do_not_know_is_kept_in_part_and_is_no_end() {
        let rows = [("polishing".to_owned(), 9), ("ä".repeat(40), 40), ("ä".repeat(41), 40)];
        for (word, length) in rows {
            let progress = Progress::unknown(&word);
            assert_eq!(progress.status, Status::Processing, "{word}");
            let kept: String = word.chars().take(length).collect();
            assert_eq!(progress.unknown_status, Some(kept));
        }
    }
}
