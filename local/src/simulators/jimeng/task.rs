//! A task as the ledger keeps it, and how it looks at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use crate::simulators::course::{Course, Fate};

/// So long Jimeng knows of a task.
const MEMORY: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) req_key: String,
    pub(super) course: Course,
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
        let course = Course::begin(&generation.prompt, &generation.manners, pace, now);
        Self { req_key: generation.req_key.clone(), course }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        if self.course.is_unknown(now) {
            return State::NotFound;
        }
        state_at(self.course.age(now), self.course.pace, self.course.fate)
    }
}

/// The state of a task so old that needs `pace` from its creation to its end.
fn state_at(age: Duration, pace: Duration, fate: Fate) -> State {
    if age < pace {
        return if age < pace / 2 { State::InQueue } else { State::Generating };
    }
    if age - pace >= MEMORY {
        return State::Expired;
    }
    match fate {
        Fate::Endless => State::Generating,
        Fate::Success => State::Done,
        Fate::Moderated => State::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_age_and_pace() {
        let rows = [
            (0, 400, Fate::Success, State::InQueue, "new"),
            (199, 400, Fate::Moderated, State::InQueue, "under a half"),
            (200, 400, Fate::Success, State::Generating, "a half"),
            (399, 400, Fate::Moderated, State::Generating, "nothing is known before the end"),
            (400, 400, Fate::Success, State::Done, "done"),
            (400, 400, Fate::Endless, State::Generating, "not done"),
            (400, 400, Fate::Moderated, State::Refused, "done, and refused"),
            (0, 0, Fate::Success, State::Done, "no pace, no wait"),
            (400 + 43_199_999, 400, Fate::Success, State::Done, "still known"),
            (400 + 43_200_000, 400, Fate::Success, State::Expired, "twelve hours later"),
            (u64::MAX, 400, Fate::Moderated, State::Expired, "long ago"),
        ];
        for (age, pace, fate, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, fate), expected, "{reason}");
        }
    }
}
