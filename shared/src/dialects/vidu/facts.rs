//! The facts about Vidu.

use std::time::Duration;

use jiff::SignedDuration;

use super::models;
use crate::dialects::facts::{FIVE_MINUTES, Facts, SAFETY_NET};

/// Off-peak tasks are made within two days, or else cancelled.
pub(super) const OFF_PEAK_DEADLINE: SignedDuration = SignedDuration::from_hours(50);

pub(crate) const FACTS: Facts = Facts {
    prefixes: &["vidu"],
    models: models::MODELS,
    groups: &[],
    samples: &["viduq1", "viduq2", "viduq3-turbo"],
    // Vidu promises no time; a day is far more than any queue of its ordinary tasks.
    pace: SAFETY_NET,
    poll_after: Duration::from_secs(10),
    usual_time: SignedDuration::from_secs(60),
    calls_back: true,
    callback_tolerance: Some(FIVE_MINUTES),
    cancels: true,
    // The pages differ between an hour and a day; we promise the shorter.
    link_lifetime: SignedDuration::from_hours(1),
    record_lifetime: None,
};
