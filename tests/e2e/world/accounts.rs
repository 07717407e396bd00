//! The operator, who puts other accounts into the secret while tasks are under way.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::World;

/// For so long a function may ask with what it read before: it does not read a secret more often
/// than every ten seconds, and its question takes its time.
const OUT_OF_DATE: SignedDuration = SignedDuration::from_secs(30);

/// Which accounts the secret has held, and since when.
pub(super) struct Replaced(Mutex<Vec<(Timestamp, usize)>>);

impl Replaced {
    /// The first of all, since then.
    pub(super) fn since(now: Timestamp) -> Self {
        Self(Mutex::new(vec![(now, 0)]))
    }
}

impl World {
    /// From now on the secret holds the accounts of this number, and none of the others.
    pub(crate) fn replace_accounts(&self, number: usize) {
        self.gateway.stack.put_secret("Accounts", self.gateway.stack.accounts(number));
        self.held().push((self.now(), number));
    }

    /// Whether who asked at this time could have known that the secret holds these accounts.
    pub(crate) fn was_known(&self, number: usize, at: Timestamp) -> bool {
        let since = at - OUT_OF_DATE;
        if self.rules.was_unread(since, at) {
            return false;
        }
        let held = self.held();
        let ends = held.iter().skip(1).map(|(end, _)| *end).chain([Timestamp::MAX]);
        held.iter()
            .zip(ends)
            .any(|((begin, held), end)| *held == number && *begin <= since && at < end)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<(Timestamp, usize)>> {
        self.replaced.0.lock().expect("nothing panics holding it")
    }
}
