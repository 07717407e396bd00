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
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
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

    const ALL: [Status; 4] =
        [Status::Queued, Status::Processing, Status::Succeeded, Status::Failed];

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
        for from in ALL {
            for to in ALL {
                let rises = rises.contains(&(from, to));
                assert_eq!(to.below().contains(&from), rises, "from {from:?} to {to:?}");
            }
            assert_eq!(from.is_final(), !rises.iter().any(|(rising, _)| *rising == from));
        }
    }
}
