//! The figures of a video as clients see them: the documented ones are always there.

use serde::Serialize;

use crate::task::{Figures, plain_number};

/// What is known of a video in numbers; what is unknown is `null`.
#[derive(Debug, Serialize)]
pub(super) struct FiguresView {
    #[serde(serialize_with = "plain_number")]
    duration: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    fps: Option<f64>,
    width: Option<u32>,
    height: Option<u32>,
    seed: Option<i64>,
    /// Where the vendor says it, in its own unit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    credits: Option<f64>,
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        let Figures { duration, fps, width, height, seed, credits } = *figures;
        Self { duration, fps, width, height, seed, credits }
    }
}
