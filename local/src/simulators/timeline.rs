//! The timeline of a task: its age decides its state at a moment, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bad_answer::BadAnswer;
use super::misbehaviour::{Behaviour, Misbehaviour};
use super::prompt;
use crate::reply::Reply;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Timeline {
    pub(super) created_at: Timestamp,
    /// From creation to end, as it was then: a restart with another one lets no task fall back.
    pub(super) pace: Duration,
    pub(super) outcome: Outcome,
    pub(super) behaviour: Behaviour,
}

/// What becomes of a task in the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Success,
    /// Moderation does not like the video.
    Moderated,
    /// There is none.
    Endless,
}

/// The time for which a vendor misbehaves that does not do so for ever.
pub(super) fn a_while(pace: Duration) -> Duration {
    pace.saturating_mul(5)
}

/// A clock that was set back makes what it dates new, not impossible.
pub(super) fn age(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).try_into().unwrap_or_default()
}

impl Timeline {
    pub(super) fn begin(
        prompt: &str,
        behaviour: &Behaviour,
        pace: Duration,
        now: Timestamp,
    ) -> Self {
        let outcome = if behaviour.has(Misbehaviour::Endless) {
            Outcome::Endless
        } else if prompt::is_unlucky(prompt) || behaviour.has(Misbehaviour::Moderated) {
            Outcome::Moderated
        } else {
            Outcome::Success
        };
        Self { created_at: now, pace, outcome, behaviour: behaviour.clone() }
    }

    pub(super) fn age(&self, now: Timestamp) -> Duration {
        age(self.created_at, now)
    }

    /// Whether the task succeeded, once it has ended.
    pub(super) fn end(&self, now: Timestamp) -> Option<bool> {
        match self.outcome {
            _ if self.age(now) < self.pace => None,
            Outcome::Success => Some(true),
            Outcome::Moderated => Some(false),
            Outcome::Endless => None,
        }
    }

    /// The answer to a poll in the place of the good one.
    pub(super) fn bad_answer(&self, now: Timestamp) -> Option<BadAnswer> {
        if self.is_for_a_while(Misbehaviour::FailingPolls, now) {
            Some(BadAnswer::Reply(Reply::Page(502)))
        } else if self.is_for_a_while(Misbehaviour::BusyPolls, now) {
            Some(BadAnswer::Busy)
        } else {
            None
        }
    }

    /// Whether the task is not found, though it was accepted.
    pub(super) fn is_unknown(&self, now: Timestamp) -> bool {
        self.is_for_a_while(Misbehaviour::UnknownAtFirst, now)
    }

    fn is_for_a_while(&self, misbehaviour: Misbehaviour, now: Timestamp) -> bool {
        self.behaviour.has(misbehaviour) && self.age(now) < a_while(self.pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_misbehaves_for_a_while_and_ends_as_it_must() {
        use Misbehaviour::*;
        let page = || Some(BadAnswer::Reply(Reply::Page(502)));
        let rows = [
            (None, 399, None, None, false, "under way"),
            (None, 400, Some(true), None, false, "done"),
            (Some(Moderated), 399, None, None, false, "not yet known"),
            (Some(Moderated), 400, Some(false), None, false, "found at the end"),
            (Some(Endless), 4_000_000, None, None, false, "never"),
            (Some(FailingPolls), 0, None, page(), false, "at first"),
            (Some(FailingPolls), 1999, Some(true), page(), false, "it ends all the same"),
            (Some(FailingPolls), 2000, Some(true), None, false, "but not for ever"),
            (Some(BusyPolls), 1999, Some(true), Some(BadAnswer::Busy), false, "busy"),
            (Some(BusyPolls), 2000, Some(true), None, false, "no more"),
            (Some(UnknownAtFirst), 1999, Some(true), None, true, "not found"),
            (Some(UnknownAtFirst), 2000, Some(true), None, false, "found"),
        ];
        for (misbehaviour, age, end, bad_answer, is_unknown, reason) in rows {
            let (pace, now) = (Duration::from_millis(400), Timestamp::from_millisecond(age));
            let behaviour = misbehaviour.into_iter().collect();
            let timeline = Timeline::begin("rain", &behaviour, pace, Timestamp::UNIX_EPOCH);
            let now = now.unwrap();
            assert_eq!(timeline.end(now), end, "{reason}");
            assert_eq!(timeline.bad_answer(now), bad_answer, "{reason}");
            assert_eq!(timeline.is_unknown(now), is_unknown, "{reason}");
        }
        let timeline =
            Timeline::begin("unlucky", &Behaviour::default(), Duration::ZERO, Timestamp::now());
        assert_eq!(timeline.outcome, Outcome::Moderated, "a word of the prompt's own does it, too");
    }
}
