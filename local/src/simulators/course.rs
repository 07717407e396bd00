//! The course of a task: its age decides how it looks at a moment, nothing runs.

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instead::Instead;
use super::misbehaviour::{Manners, Misbehaviour};
use super::prompt;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) created_at: Timestamp,
    /// From creation to end, as it was then: a restart with another one lets no task fall back.
    pub(super) pace: Duration,
    pub(super) fate: Fate,
    pub(super) manners: Manners,
}

/// What becomes of a task in the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Fate {
    Success,
    /// Moderation does not like the film.
    Moderated,
    /// It has none.
    Endless,
}

/// How long a vendor misbehaves that does not do so for ever.
pub(super) fn a_while(pace: Duration) -> Duration {
    pace.saturating_mul(5)
}

/// A clock that was set back makes what it dates new, not impossible.
pub(super) fn age(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).try_into().unwrap_or_default()
}

impl Course {
    pub(super) fn begin(prompt: &str, manners: &Manners, pace: Duration, now: Timestamp) -> Self {
        let fate = if manners.have(Misbehaviour::Endless) {
            Fate::Endless
        } else if prompt::is_unlucky(prompt) || manners.have(Misbehaviour::Moderated) {
            Fate::Moderated
        } else {
            Fate::Success
        };
        Self { created_at: now, pace, fate, manners: manners.clone() }
    }

    pub(super) fn age(&self, now: Timestamp) -> Duration {
        age(self.created_at, now)
    }

    /// Whether it succeeded, once it has ended.
    pub(super) fn end(&self, now: Timestamp) -> Option<bool> {
        match self.fate {
            _ if self.age(now) < self.pace => None,
            Fate::Success => Some(true),
            Fate::Moderated => Some(false),
            Fate::Endless => None,
        }
    }

    /// What a look at it is answered instead.
    pub(super) fn instead(&self, now: Timestamp) -> Option<Instead> {
        if self.is_for_a_while(Misbehaviour::FailingLooks, now) {
            Some(Instead::Page(StatusCode::BAD_GATEWAY))
        } else if self.is_for_a_while(Misbehaviour::BusyLooks, now) {
            Some(Instead::Busy)
        } else {
            None
        }
    }

    /// Whether it is not found, though it was accepted.
    pub(super) fn is_unknown(&self, now: Timestamp) -> bool {
        self.is_for_a_while(Misbehaviour::UnknownAtFirst, now)
    }

    fn is_for_a_while(&self, misbehaviour: Misbehaviour, now: Timestamp) -> bool {
        self.manners.have(misbehaviour) && self.age(now) < a_while(self.pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_misbehaves_for_a_while_and_ends_as_it_must() {
        use Misbehaviour::*;
        let page = Some(Instead::Page(StatusCode::BAD_GATEWAY));
        let rows = [
            (None, 399, None, None, false, "under way"),
            (None, 400, Some(true), None, false, "done"),
            (Some(Moderated), 399, None, None, false, "not yet known"),
            (Some(Moderated), 400, Some(false), None, false, "found at the end"),
            (Some(Endless), 4_000_000, None, None, false, "never"),
            (Some(FailingLooks), 0, None, page, false, "at first"),
            (Some(FailingLooks), 1999, Some(true), page, false, "it ends all the same"),
            (Some(FailingLooks), 2000, Some(true), None, false, "but not for ever"),
            (Some(BusyLooks), 1999, Some(true), Some(Instead::Busy), false, "busy"),
            (Some(BusyLooks), 2000, Some(true), None, false, "no more"),
            (Some(UnknownAtFirst), 1999, Some(true), None, true, "not found"),
            (Some(UnknownAtFirst), 2000, Some(true), None, false, "found"),
        ];
        for (misbehaviour, age, end, instead, is_unknown, reason) in rows {
            let (pace, now) = (Duration::from_millis(400), Timestamp::from_millisecond(age));
            let manners = misbehaviour.into_iter().collect();
            let course = Course::begin("rain", &manners, pace, Timestamp::UNIX_EPOCH);
            let now = now.unwrap();
            assert_eq!(course.end(now), end, "{reason}");
            assert_eq!(course.instead(now), instead, "{reason}");
            assert_eq!(course.is_unknown(now), is_unknown, "{reason}");
        }
        let course =
            Course::begin("unlucky", &Manners::default(), Duration::ZERO, Timestamp::now());
        assert_eq!(course.fate, Fate::Moderated, "a word of the prompt's own does it, too");
    }
}
