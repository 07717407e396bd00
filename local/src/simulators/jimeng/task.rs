//! A task as the ledger keeps it, and its state at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use crate::simulators::timeline::{Outcome, Timeline};

/// So long Jimeng knows of a task.
const MEMORY: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) req_key: String,
    pub(super) timeline: Timeline,
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
        let timeline = Timeline::begin(&generation.prompt, &generation.behaviour, pace, now);
        Self { req_key: generation.req_key.clone(), timeline }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        if self.timeline.is_unknown(now) {
            return State::NotFound;
        }
        state_at(self.timeline.age(now), self.timeline.pace, self.timeline.outcome)
    }
}

/// The state of a task so old that needs `pace` from its creation to its end.
fn state_at(age: Duration, pace: Duration, outcome: Outcome) -> State {
    if age < pace {
        return if age < pace / 2 { State::InQueue } else { State::Generating };
    }
    if age - pace >= MEMORY {
        return State::Expired;
    }
    match outcome {
        Outcome::Endless => State::Generating,
        Outcome::Success => State::Done,
        Outcome::Moderated => State::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_age_and_pace() {
        let rows = [
            (0, 400, Outcome::Success, State::InQueue, "new"),
            (199, 400, Outcome::Moderated, State::InQueue, "under a half"),
            (200, 400, Outcome::Success, State::Generating, "a half"),
            (399, 400, Outcome::Moderated, State::Generating, "nothing is known before the end"),
            (400, 400, Outcome::Success, State::Done, "done"),
            (400, 400, Outcome::Endless, State::Generating, "not done"),
            (400, 400, Outcome::Moderated, State::Refused, "done, and refused"),
            (0, 0, Outcome::Success, State::Done, "no pace, no wait"),
            (400 + 43_199_999, 400, Outcome::Success, State::Done, "still known"),
            (400 + 43_200_000, 400, Outcome::Success, State::Expired, "twelve hours later"),
            (u64::MAX, 400, Outcome::Moderated, State::Expired, "long ago"),
        ];
        for (age, pace, outcome, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, outcome), expected, "{reason}");
        }
    }
}
