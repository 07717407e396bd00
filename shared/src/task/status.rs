//! The statuses of a task, and the law that they only rise.

use serde::{Deserialize, Serialize};

/// Where a task stands. It only rises, and an end is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Queued,
    Processing,
    Succeeded,
    Failed,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Queued, Self::Processing, Self::Succeeded, Self::Failed];

    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// A status by our own word for it.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The statuses from which a task may rise to this one.
    pub fn below(self) -> &'static [Self] {
        match self {
            Self::Queued => &[],
            Self::Processing => &[Self::Queued],
            Self::Succeeded | Self::Failed => &[Self::Queued, Self::Processing],
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_only_rises_and_an_end_is_final() {
        use Status::{Failed, Processing, Queued, Succeeded};
        let rises = [
            (Queued, Processing),
            (Queued, Succeeded),
            (Queued, Failed),
            (Processing, Succeeded),
            (Processing, Failed),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                let rises = rises.contains(&(from, to));
                assert_eq!(to.below().contains(&from), rises, "from {from:?} to {to:?}");
            }
            assert_eq!(from.is_final(), !rises.iter().any(|(rising, _)| *rising == from));
        }
    }

    #[test]
    fn a_status_is_read_by_its_word() {
        for status in Status::ALL {
            assert_eq!(Status::read(status.as_str()), Some(status));
        }
        assert_eq!(Status::read("in_progress"), None, "a word of the other surface");
    }
}
