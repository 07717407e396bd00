//! Dice that fall the same for the same seed.

use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence of numbers (xorshift), which many may draw from.
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Seeds that differ by one are as far from each other as any.
        Self(AtomicU64::new(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1)))
    }

    /// A number below so many.
    pub(crate) fn throw(&self, sides: u64) -> u64 {
        let next = |seed: u64| {
            let seed = seed ^ (seed << 13);
            let seed = seed ^ (seed >> 7);
            seed ^ (seed << 17)
        };
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| Some(next(it)));
        next(before.expect("it is always updated")).wrapping_mul(0x2545_f491_4f6c_dd1d) % sides
    }

    pub(crate) fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        let count = all.len().try_into().expect("it fits");
        &all[usize::try_from(self.throw(count)).expect("it fits")]
    }

    pub(crate) fn one_in(&self, sides: u64) -> bool {
        self.throw(sides) == 0
    }
}
