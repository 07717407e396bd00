//! The course of a task: its age decides how it looks at a moment, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::prompt;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) created_at: Timestamp,
    /// From creation to end, as it was then: a restart with another one lets no task fall back.
    pub(super) pace: Duration,
    pub(super) fate: Fate,
}

/// What becomes of a task in the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Fate {
    Success,
    /// Moderation does not like the film.
    Moderated,
}

impl Course {
    pub(super) fn begin(prompt: &str, pace: Duration, now: Timestamp) -> Self {
        let is_unlucky = prompt::is_unlucky(prompt);
        let fate = if is_unlucky { Fate::Moderated } else { Fate::Success };
        Self { created_at: now, pace, fate }
    }

    /// A clock that was set back makes a task new, not impossible.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        now.duration_since(self.created_at).try_into().unwrap_or_default()
    }
}
