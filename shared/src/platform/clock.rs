//! The time of an invocation: what the clock says, and how much of it is left.
//!
//! Whoever knows when it will be killed can stop in time to say what it knows.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The clock of an invocation, which ends at a deadline.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What the clock said at the beginning.
    began_at: Timestamp,
    began: Instant,
    deadline: Instant,
}

impl Clock {
    /// The clock of an invocation that begins now and is killed at the deadline.
    pub fn starting(now: Timestamp, deadline: Timestamp) -> Self {
        let began = Instant::now();
        let lasts = Duration::try_from(deadline.duration_since(now)).unwrap_or_default();
        Self { began_at: now, began, deadline: began + lasts }
    }

    pub fn now(&self) -> Timestamp {
        self.began_at + self.began.elapsed()
    }

    /// The time until the invocation is killed.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Does this unless the time is up, but for what is reserved for the rest.
    pub async fn within<T>(&self, reserve: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.left().saturating_sub(reserve), work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_left_of_an_invocation_ends_at_its_deadline() {
        let now = Timestamp::UNIX_EPOCH;
        let clock = Clock::starting(now, now + SignedDuration::from_secs(29));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(clock.now(), now + SignedDuration::from_secs(20));
        assert_eq!(clock.left(), Duration::from_secs(9));
        let stopped = clock.within(Duration::from_secs(2), std::future::pending::<()>()).await;
        assert_eq!((stopped, clock.left()), (None, Duration::from_secs(2)));
        assert_eq!(clock.within(Duration::ZERO, async { 7 }).await, Some(7));
        let over = Clock::starting(now, now - SignedDuration::from_secs(1));
        assert_eq!(over.left(), Duration::ZERO);
    }
}
