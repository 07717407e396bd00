//! The proof that a vendor does not have a task: its word, several times in a row
//! and over a stretch of time. Whoever asks in quick succession proves nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::timer::Pace;

/// The number of times in a row that a vendor must not show a task.
const TIMES: u32 = 3;

/// That a vendor did not show a task when it was asked last, and how often in a row.
/// Whatever else it says, and every poll that fails, ends the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub times: u32,
    /// When the row began.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
}

/// In what way a vendor does not show a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The vendor says that a submission of unknown fate is not there.
    Unheard,
    /// A list of the vendor's, read to its end, does not show such a submission.
    Unlisted,
    /// The vendor says that it does not know a task that it took.
    Forgotten,
}

impl Absence {
    /// How long a row must last. Being patient costs nothing where a video is paid for.
    fn lasts(self, pace: &Pace) -> SignedDuration {
        match self {
            Self::Unheard => pace.shortest * 2,
            Self::Unlisted => SignedDuration::from_mins(20),
            Self::Forgotten => SignedDuration::from_mins(15),
        }
    }
}

impl Missing {
    /// The row with this time counted in.
    pub fn once_more(before: Option<Self>, now: Timestamp) -> Self {
        let before = before.unwrap_or(Self { times: 0, since: now });
        Self { times: before.times.saturating_add(1), ..before }
    }

    /// Whether the row is a proof. It is none before the vendor would be polled first
    /// and has had the same stretch again.
    pub fn proves(
        self,
        absence: Absence,
        pace: &Pace,
        created_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let lasts = absence.lasts(pace);
        self.times >= TIMES
            && now.duration_since(self.since) >= lasts
            && now >= created_at + pace.first + lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_proves_when_it_is_long_and_began_late_enough() {
        let secs = SignedDuration::from_secs;
        let pace =
            Pace { first: secs(30), shortest: secs(30), longest: secs(60), deadline: secs(600) };
        let at = |second| Timestamp::UNIX_EPOCH + secs(second);
        let rows = [
            (Absence::Unheard, None, 2000, false, "the first time"),
            (Absence::Unheard, Some((1, 30)), 2000, false, "the second time"),
            (Absence::Unheard, Some((2, 30)), 90, true, "three polls of a reconciler"),
            (Absence::Unheard, Some((2, 31)), 90, false, "too short a stretch"),
            (Absence::Unheard, Some((9, 3)), 89, false, "a client who asks from the beginning"),
            (Absence::Unheard, Some((9, 3)), 90, true, "and when the vendor has had its time"),
            (Absence::Unlisted, Some((99, 30)), 1229, false, "a list says little"),
            (Absence::Unlisted, Some((2, 30)), 1230, true, "for twenty minutes"),
            (Absence::Forgotten, Some((99, 30)), 929, false, "what it took is paid for"),
            (Absence::Forgotten, Some((2, 30)), 930, true, "for a quarter of an hour"),
        ];
        for (absence, before, now, expected, reason) in rows {
            let before = before.map(|(times, since)| Missing { times, since: at(since) });
            let row = Missing::once_more(before, at(now));
            assert_eq!(row.proves(absence, &pace, at(0), at(now)), expected, "{reason}");
        }
    }
}
