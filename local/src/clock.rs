//! The time that simulated vendors live in.

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock that vendors date and sign by; copies tell the same time.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The machine's own.
    #[default]
    Machine,
    /// One that went on from a moment as tokio's time did: where that stands still, vendors wait.
    Tokio { moment: Timestamp, at: Instant },
}

impl Clock {
    /// Tokio's time from now on.
    pub fn tokio() -> Self {
        Self::Tokio { moment: Timestamp::now(), at: Instant::now() }
    }

    pub fn now(self) -> Timestamp {
        match self {
            Self::Machine => Timestamp::now(),
            Self::Tokio { moment, at } => moment + at.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokios_clock_stands_and_leaps_as_tokio_does() {
        let clock = Clock::tokio();
        let began = clock.now();
        assert_eq!(clock.now(), began, "it stands");
        let day = Duration::from_secs(24 * 60 * 60);
        tokio::time::sleep(day).await;
        assert_eq!(clock.now(), began + day);
    }
}
