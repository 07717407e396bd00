//! How long an invocation waited for vendors: as long as it waited for any, for it
//! may ask several at once.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// How many answers are waited for.
    answers: usize,
    /// Since when it waits for any.
    since: Option<Instant>,
    /// How long it had waited before.
    before: Duration,
}

impl Waiting {
    pub(super) fn begin(&mut self, now: Instant) {
        self.answers += 1;
        self.since.get_or_insert(now);
    }

    pub(super) fn end(&mut self, now: Instant) {
        self.answers -= 1;
        if self.answers == 0
            && let Some(since) = self.since.take()
        {
            self.before += now - since;
        }
    }

    /// Until now, when it waits for none any more.
    pub(super) fn total(&self) -> Duration {
        self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_at_once_is_waited_for_once() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut waiting = Waiting::default();
        waiting.begin(at(1));
        waiting.begin(at(2));
        waiting.end(at(4));
        waiting.end(at(5));
        waiting.begin(at(7));
        waiting.end(at(8));
        assert_eq!(waiting.total(), Duration::from_secs(4 + 1));
    }
}
