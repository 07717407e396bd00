//! A video in numbers.

use serde::{Deserialize, Serialize, Serializer};

/// What is known of a video in numbers; what is unknown is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub fps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The seed that was really used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// What the vendor charges, in its own unit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub credits: Option<f64>,
}

impl Figures {
    /// Takes what is known there; what is not known there stays.
    pub fn learn(&mut self, other: &Self) {
        let Self { duration, fps, width, height, seed, credits } = other;
        self.duration = duration.or(self.duration);
        self.fps = fps.or(self.fps);
        self.width = width.or(self.width);
        self.height = height.or(self.height);
        self.seed = seed.or(self.seed);
        self.credits = credits.or(self.credits);
    }
}

/// 24 and not 24.0, as a person would write it.
pub(crate) fn plain_number<S: Serializer>(
    number: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match number.map(|number| (whole(number), number)) {
        Some((Some(whole), _)) => serializer.serialize_i64(whole),
        Some((None, number)) => serializer.serialize_f64(number),
        None => serializer.serialize_none(),
    }
}

/// The whole number that a float is, if it is one.
pub fn whole(number: f64) -> Option<i64> {
    // Beyond 2^53 a float no longer tells whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}
