//! A task as the ledger keeps it, and how it looks at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;

/// So long Jimeng knows of a task.
const MEMORY: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) req_key: String,
    created_at: Timestamp,
    /// The pace it was created with: a restart with another one lets no task fall back.
    pace: Duration,
    is_unlucky: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    InQueue,
    Generating,
    Done,
    /// Done, and then moderation did not like what it saw.
    Refused,
    Expired,
    NotFound,
}

impl State {
    /// The word that a query tells.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InQueue => "in_queue",
            Self::Generating => "generating",
            Self::Done | Self::Refused => "done",
            Self::Expired => "expired",
            Self::NotFound => "not_found",
        }
    }
}

impl Task {
    pub(super) fn new(generation: &Generation, pace: Duration, now: Timestamp) -> Self {
        Self {
            req_key: generation.req_key.clone(),
            created_at: now,
            pace,
            is_unlucky: generation.is_unlucky,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        // A clock that was set back makes a task new, not impossible.
        let age = now.duration_since(self.created_at).try_into().unwrap_or_default();
        state_at(age, self.pace, self.is_unlucky)
    }
}

/// The state of a task so old that needs `pace` from its creation to its end.
fn state_at(age: Duration, pace: Duration, is_unlucky: bool) -> State {
    if age < pace {
        return if age < pace / 2 { State::InQueue } else { State::Generating };
    }
    if age - pace >= MEMORY {
        return State::Expired;
    }
    if is_unlucky { State::Refused } else { State::Done }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_age_and_pace() {
        let rows = [
            (0, 400, false, State::InQueue, "new"),
            (199, 400, true, State::InQueue, "under a half"),
            (200, 400, false, State::Generating, "a half"),
            (399, 400, true, State::Generating, "nothing is known before the end"),
            (400, 400, false, State::Done, "done"),
            (400, 400, true, State::Refused, "done, and refused"),
            (0, 0, false, State::Done, "no pace, no wait"),
            (400 + 43_199_999, 400, false, State::Done, "still known"),
            (400 + 43_200_000, 400, false, State::Expired, "twelve hours later"),
            (u64::MAX, 400, true, State::Expired, "long ago"),
        ];
        for (age, pace, is_unlucky, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, is_unlucky), expected, "{reason}");
        }
    }
}
