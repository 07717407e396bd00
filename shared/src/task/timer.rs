//! When something is next to be done for a task.
//!
//! Pure. Every task that is not finished has one timer, in the index of its
//! lane: a lane for each vendor, and one for clients' webhooks, so that whoever
//! is slow delays only their own.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::id::TaskId;
use super::vendor::Vendor;

/// How many partitions the index of each lane is spread over.
const SHARDS: u32 = 4;

/// Longer than a function may take to submit: by then it has stored the vendor's
/// answer, or died.
const SUBMISSION: SignedDuration = SignedDuration::from_secs(30);

/// When a delivery is tried that the stream should have started.
const DELIVERY: SignedDuration = SignedDuration::from_secs(30);

/// Pauses before the second and each later try of a webhook, about a day in all.
const RETRIES: [SignedDuration; 7] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(10),
];

/// A queue of timers of one kind, so that who is slow delays only their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Vendor(Vendor),
    Webhooks,
}

impl Lane {
    pub fn all() -> impl Iterator<Item = Self> {
        Vendor::ALL.into_iter().map(Self::Vendor).chain([Self::Webhooks])
    }

    pub fn shards(self) -> impl Iterator<Item = Shard> {
        (0..SHARDS).map(move |number| Shard::new(self, number))
    }

    /// The shard that a task's timer lives in.
    pub fn shard(self, task: &TaskId) -> Shard {
        Shard::new(self, task.spread() % SHARDS)
    }
}

/// A partition of the index: `vidu/3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(String);

impl Shard {
    fn new(lane: Lane, number: u32) -> Self {
        Self(match lane {
            Lane::Vendor(vendor) => format!("{vendor}/{number}"),
            Lane::Webhooks => format!("webhooks/{number}"),
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How patiently a vendor is asked.
struct Pace {
    /// From the submission to the first poll.
    first: SignedDuration,
    /// The shortest and the longest pause between two polls.
    pauses: (SignedDuration, SignedDuration),
    /// When nobody waits for an end any more.
    deadline: SignedDuration,
}

fn pace(vendor: Vendor) -> Pace {
    let (secs, mins, hours) =
        (SignedDuration::from_secs, SignedDuration::from_mins, SignedDuration::from_hours);
    match vendor {
        // Nobody calls back for it, its videos live an hour and its tasks twelve.
        Vendor::Jimeng => Pace { first: secs(10), pauses: (secs(5), mins(1)), deadline: hours(11) },
        // These call back; polling is the safety net.
        Vendor::Kling => {
            Pace { first: secs(30), pauses: (secs(30), mins(10)), deadline: hours(24) }
        }
        // Off-peak tasks may take two days.
        Vendor::Vidu => Pace { first: secs(30), pauses: (secs(30), mins(10)), deadline: hours(50) },
    }
}

/// When to find out whether a submission arrived, should nobody store its answer.
pub fn after_insert(now: Timestamp) -> Timestamp {
    now + SUBMISSION
}

/// When to poll a task first that its vendor took.
pub fn after_accept(vendor: Vendor, now: Timestamp) -> Timestamp {
    now + pace(vendor).first
}

/// When to poll a task of this age again: the older, the later, each a little differently.
pub fn after_poll(vendor: Vendor, task: &TaskId, now: Timestamp) -> Timestamp {
    let (shortest, longest) = pace(vendor).pauses;
    let pause = (now.duration_since(task.created_at()) / 4).clamp(shortest, longest);
    now + jittered(pause, task)
}

/// How long a vendor must say that it does not know a task: three polls of a reconciler.
pub fn missing_for(vendor: Vendor) -> SignedDuration {
    pace(vendor).pauses.0 * 2
}

/// Whether a task has had its time.
pub fn is_overdue(vendor: Vendor, created_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created_at) >= pace(vendor).deadline
}

/// When to deliver a webhook that the stream has not delivered.
pub fn after_end(now: Timestamp) -> Timestamp {
    now + DELIVERY
}

/// When to call a webhook again after so many tries; None when it was the last.
pub fn after_delivery(task: &TaskId, tries: u32, now: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    RETRIES.get(index).map(|pause| now + jittered(*pause, task))
}

/// Up to a tenth longer, so that what began together does not stay together.
fn jittered(pause: SignedDuration, task: &TaskId) -> SignedDuration {
    let permille = i32::try_from(task.spread() % 100).unwrap_or(0);
    pause + pause * permille / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> TaskId {
        TaskId::new(Timestamp::UNIX_EPOCH, &[last; 10])
    }

    #[test]
    fn the_older_a_task_the_rarer_the_looks() {
        let rows = [
            (Vendor::Jimeng, 0, 5, "soon at first"),
            (Vendor::Jimeng, 80, 20, "then by a quarter of its age"),
            (Vendor::Jimeng, 7200, 60, "at least every minute: its videos live an hour"),
            (Vendor::Vidu, 60, 30, "a safety net"),
            (Vendor::Kling, 1200, 300, "by a quarter of its age"),
            (Vendor::Kling, 72_000, 600, "never rarer than that"),
        ];
        for (vendor, age, pause, reason) in rows {
            for task in [id(0), id(99), id(255)] {
                let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(age);
                let next = after_poll(vendor, &task, now);
                let got = next.duration_since(now).as_millis();
                assert!((pause * 1000..=pause * 1100).contains(&got), "{reason}: {got}");
            }
        }
    }

    #[test]
    fn a_webhook_is_tried_for_about_a_day_and_then_no_more() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut tries = 1;
        while let Some(next) = after_delivery(&id(7), tries, now) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(tries, 8, "one try and seven more");
        let hours = now.duration_since(Timestamp::UNIX_EPOCH).as_hours();
        assert!((24..=32).contains(&hours), "{hours} hours");
    }

    #[test]
    fn jimeng_is_given_up_well_before_it_forgets() {
        let forgets = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(12);
        let hour = SignedDuration::from_hours(1);
        assert!(is_overdue(Vendor::Jimeng, Timestamp::UNIX_EPOCH, forgets - hour));
        assert!(!is_overdue(Vendor::Jimeng, Timestamp::UNIX_EPOCH, forgets - hour * 3));
    }

    #[test]
    fn every_task_has_a_shard_of_its_lane() {
        for lane in Lane::all() {
            let shards: Vec<_> = lane.shards().collect();
            for last in 0..=255 {
                assert!(shards.contains(&lane.shard(&id(last))));
            }
        }
    }
}
