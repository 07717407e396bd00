//! The facts about Kling.

use std::time::Duration;

use jiff::SignedDuration;

use super::models;
use crate::dialects::facts::{FIVE_MINUTES, Facts, SAFETY_NET};

pub(crate) const FACTS: Facts = Facts {
    prefixes: &["kling"],
    models: models::MODELS,
    groups: &[],
    samples: &["kling-v3", "kling-3.0", "kling-o1"],
    pace: SAFETY_NET,
    poll_after: Duration::from_secs(10),
    usual_time: SignedDuration::from_secs(120),
    calls_back: true,
    callback_tolerance: Some(FIVE_MINUTES),
    cancels: false,
    link_lifetime: SignedDuration::from_hours(30 * 24),
    record_lifetime: Some(SignedDuration::from_hours(30 * 24)),
};
