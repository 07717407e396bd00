//! The facts about Jimeng.

use std::time::Duration;

use jiff::SignedDuration;

use super::models;
use crate::dialects::facts::Facts;
use crate::task::timer::Pace;

pub(crate) const FACTS: Facts = Facts {
    prefixes: &["jimeng"],
    models: models::MODELS,
    groups: models::GROUPS,
    samples: &["jimeng_v30", "jimeng_v30_pro", "jimeng_vgfm_t2v_l20"],
    // Nobody calls back for it, its videos live an hour and its tasks twelve.
    pace: Pace {
        first: SignedDuration::from_secs(10),
        shortest: SignedDuration::from_secs(5),
        longest: SignedDuration::from_mins(1),
        deadline: SignedDuration::from_hours(11),
    },
    poll_after: Duration::from_secs(5),
    usual_time: SignedDuration::from_secs(60),
    calls_back: false,
    callback_tolerance: None,
    cancels: false,
    link_lifetime: SignedDuration::from_hours(1),
    record_lifetime: Some(SignedDuration::from_hours(12)),
};
