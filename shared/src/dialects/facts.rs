//! What is true of a vendor and of no other, as each vendor's folder says it.
//!
//! Not here: the protocol, which is the dialect's.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::translate::Model;
use crate::task::timer::Pace;

/// The facts about a vendor.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The beginnings of its models' names.
    pub prefixes: &'static [&'static str],
    /// The models that are known, and the rules of those that are not.
    pub models: &'static [Model],
    /// The names that stand for several of them.
    pub groups: &'static [Group],
    /// One model of each family that makes videos of text alone, for tests that try them all.
    pub samples: &'static [&'static str],
    pub pace: Pace,
    /// How often a client does well to ask for a task.
    pub poll_after: Duration,
    /// The time that a video usually takes: half of its progress.
    pub usual_time: SignedDuration,
    /// Whether the vendor calls back.
    pub calls_back: bool,
    /// The most that the time of a signed callback may be off; None where none is signed.
    pub callback_tolerance: Option<SignedDuration>,
    /// Whether the vendor can be asked to stop a task.
    pub cancels: bool,
    /// The time that the link to a video lives.
    pub link_lifetime: SignedDuration,
    /// The time that the vendor remembers a task, where it says so.
    pub record_lifetime: Option<SignedDuration>,
}

/// A name that stands for several models: what is asked for decides for which.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub name: &'static str,
    /// The name that people read.
    pub title: &'static str,
    pub models: &'static [&'static str],
}

/// The day of the first models, 21 November 2026, in Unix seconds.
pub(super) const FIRST_KNOWN: i64 = 1_795_219_200;

/// The customary tolerance for the time of a signature.
pub(super) const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

/// The pace where callbacks tell what happens, and polling is the safety net.
pub(super) const SAFETY_NET: Pace = Pace {
    first: SignedDuration::from_secs(30),
    shortest: SignedDuration::from_secs(30),
    longest: SignedDuration::from_mins(10),
    deadline: SignedDuration::from_hours(24),
};

impl Facts {
    /// Whether a callback that was signed then is believed now.
    pub(super) fn is_fresh(&self, signed_at: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(signed_at).abs();
        self.callback_tolerance.is_some_and(|tolerance| age <= tolerance)
    }
}
