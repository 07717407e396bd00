//! The facts about Vidu.

use jiff::SignedDuration;

use super::models;
use crate::dialects::facts::{FIVE_MINUTES, Facts, SAFETY_NET};
use crate::task::timer::Pace;

pub(crate) const FACTS: Facts = Facts {
    prefixes: &["vidu"],
    models: models::MODELS,
    samples: &["viduq1", "viduq2", "viduq3-turbo"],
    // Off-peak tasks may take two days.
    pace: Pace { deadline: SignedDuration::from_hours(50), ..SAFETY_NET },
    callback_tolerance: Some(FIVE_MINUTES),
    // The pages differ between an hour and a day; we promise the shorter.
    link_lifetime: SignedDuration::from_hours(1),
    record_lifetime: None,
};
