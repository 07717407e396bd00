//! A limit in parts, so that no single item is written by every task that counts against it.
//!
//! Not here: what is counted in a part, and how room moves from one to another.

use super::id::TaskId;

/// Into how many parts anything is divided at most; all of them are one small read.
pub const MOST_PARTS: u8 = 32;

/// How many tasks make a part worth while: fewer hardly meet.
const TASKS_A_PART: u32 = 16;

/// A limit, and how it is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub limit: u32,
    pub count: u8,
}

impl Parts {
    pub fn of(limit: u32) -> Self {
        let count = u8::try_from(limit / TASKS_A_PART).unwrap_or(MOST_PARTS);
        Self { limit, count: count.clamp(1, MOST_PARTS) }
    }

    /// How much of an amount is a part's own; the first ones have one more where it does
    /// not come out even.
    pub fn share(self, amount: u32, part: u8) -> u32 {
        let (part, count) = (u32::from(part), u32::from(self.count));
        if part >= count {
            return 0;
        }
        amount / count + u32::from(part < amount % count)
    }

    /// The part that a task begins with.
    pub fn of_task(self, id: &TaskId) -> u8 {
        u8::try_from(id.spread() % u32::from(self.count)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_divided_as_it_is_worth_while_and_nothing_is_lost() {
        let rows = [(0, 1), (1, 1), (31, 1), (32, 2), (50, 3), (400, 25), (512, 32)];
        for (limit, count) in rows.into_iter().chain([(1_000_000, 32), (u32::MAX, 32)]) {
            let parts = Parts::of(limit);
            assert_eq!(parts.count, count, "{limit}");
            let shares: Vec<_> = (0..=u8::MAX).map(|part| parts.share(limit, part)).collect();
            assert_eq!(shares.iter().sum::<u32>(), limit);
            let (used, unused) = shares.split_at(usize::from(count));
            assert!(used.iter().max().unwrap() - used.iter().min().unwrap() <= 1, "{used:?}");
            assert!(unused.iter().all(|share| *share == 0), "{unused:?}");
        }
    }

    #[test]
    fn tasks_begin_with_every_part() {
        let parts = Parts::of(50);
        let mut met = [0; 3];
        for seed in 0..=u8::MAX {
            let id = TaskId::new(jiff::Timestamp::UNIX_EPOCH, &[seed; 10]);
            met[usize::from(parts.of_task(&id))] += 1;
        }
        assert!(met.iter().all(|tasks| *tasks > 50), "{met:?}");
    }
}
