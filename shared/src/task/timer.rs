//! Timers: when something is next to be done for a task.

use jiff::{SignedDuration, Timestamp};

use super::id::TaskId;

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

/// The patience with which a vendor is polled.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the submission to the first poll.
    pub first: SignedDuration,
    /// The shortest and the longest pause between two polls.
    pub shortest: SignedDuration,
    pub longest: SignedDuration,
    /// When nobody waits for an end any more.
    pub deadline: SignedDuration,
}

impl Pace {
    /// When to poll a task first that its vendor took.
    pub fn after_accept(&self, now: Timestamp) -> Timestamp {
        now + self.first
    }

    /// When to poll a task of this age again: the older, the later, each a little differently.
    pub fn after_poll(&self, task: &TaskId, now: Timestamp) -> Timestamp {
        let age = now.duration_since(task.created_at());
        now + jittered((age / 4).clamp(self.shortest, self.longest), task)
    }
}

/// When to find out whether a submission arrived, should nobody store its answer.
pub fn after_insert(now: Timestamp) -> Timestamp {
    now + SUBMISSION
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
    fn the_older_a_task_the_rarer_the_polls() {
        let secs = SignedDuration::from_secs;
        let pace =
            Pace { first: secs(10), shortest: secs(5), longest: secs(60), deadline: secs(3600) };
        assert_eq!(pace.after_accept(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH + secs(10));
        let rows = [
            (0, 5, "soon at first"),
            (80, 20, "then by a quarter of its age"),
            (7200, 60, "never rarer than that"),
        ];
        for (age, pause, reason) in rows {
            for task in [id(0), id(99), id(255)] {
                let now = Timestamp::UNIX_EPOCH + secs(age);
                let got = pace.after_poll(&task, now).duration_since(now).as_millis();
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
}
