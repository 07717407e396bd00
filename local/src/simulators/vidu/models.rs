//! What Vidu's models can do: which endpoints, durations, resolutions and aspect ratios.
//! Prices are not Vidu's.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Endpoint {
    Text,
    Image,
    StartEnd,
    Reference,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Resolution {
    #[serde(rename = "360p")]
    P360,
    #[serde(rename = "540p")]
    P540,
    #[serde(rename = "720p")]
    P720,
    #[serde(rename = "1080p")]
    P1080,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum AspectRatio {
    #[default]
    #[serde(rename = "16:9")]
    Wide,
    #[serde(rename = "9:16")]
    Tall,
    #[serde(rename = "1:1")]
    Square,
    #[serde(rename = "4:3")]
    Landscape,
    #[serde(rename = "3:4")]
    Portrait,
}

/// Whether the pair exists; an unknown model is at no endpoint.
pub(super) fn is_available(model: &str, endpoint: Endpoint) -> bool {
    use Endpoint::{Image, Reference, StartEnd, Text};
    match model {
        "viduq3-turbo" | "viduq1" | "vidu1.5" => true,
        "viduq3-pro" => matches!(endpoint, Text | Image | StartEnd),
        "viduq3" | "viduq3-mix" => endpoint == Reference,
        "viduq2" => matches!(endpoint, Text | Reference),
        "viduq2-pro" | "vidu2.0" => matches!(endpoint, Image | StartEnd | Reference),
        "viduq3-pro-fast" | "viduq2-turbo" | "viduq2-pro-fast" | "viduq1-classic" => {
            matches!(endpoint, Image | StartEnd)
        }
        _ => false,
    }
}

pub(super) fn default_duration(model: &str) -> u32 {
    match model {
        "vidu2.0" | "vidu1.5" => 4,
        _ => 5,
    }
}

/// The resolutions of a video that long, the default first; none when it cannot be that long.
pub(super) fn resolutions(model: &str, endpoint: Endpoint, duration: u32) -> &'static [Resolution] {
    use Endpoint::{Reference, StartEnd};
    use Resolution::{P360, P540, P720, P1080};
    match (model, endpoint, duration) {
        ("viduq3-pro" | "viduq3-turbo", _, 1..=16) => &[P720, P540, P1080],
        ("viduq3" | "viduq3-mix" | "viduq3-pro-fast", _, 1..=16) => &[P720, P1080],
        ("viduq2-pro" | "viduq2-turbo", StartEnd, 9..) => &[],
        ("viduq2" | "viduq2-pro" | "viduq2-turbo", _, 1..=10) => &[P720, P540, P1080],
        ("viduq2-pro-fast", _, 1..=10) => &[P720, P1080],
        ("viduq1" | "viduq1-classic", _, 5) => &[P1080],
        ("vidu2.0", Reference, 4) => &[P360, P720],
        ("vidu2.0", Reference, _) => &[],
        ("vidu2.0" | "vidu1.5", _, 4) => &[P360, P720, P1080],
        ("vidu2.0" | "vidu1.5", _, 8) => &[P720],
        _ => &[],
    }
}

pub(super) fn has_aspect_ratio(model: &str, aspect_ratio: AspectRatio) -> bool {
    match aspect_ratio {
        AspectRatio::Wide | AspectRatio::Tall | AspectRatio::Square => true,
        AspectRatio::Landscape | AspectRatio::Portrait => {
            model.starts_with("viduq2") || model.starts_with("viduq3")
        }
    }
}

/// Sound is on unless refused.
pub(super) fn speaks_by_default(model: &str) -> bool {
    model.starts_with("viduq3")
}

pub(super) fn credits(duration: u32, resolution: Resolution, off_peak: bool) -> u32 {
    let a_second = match resolution {
        Resolution::P360 => 4,
        Resolution::P540 => 6,
        Resolution::P720 => 8,
        Resolution::P1080 => 16,
    };
    duration * a_second / if off_peak { 2 } else { 1 }
}

/// Width and height; a resolution names the shorter side.
pub(super) fn size(resolution: Resolution, aspect_ratio: AspectRatio) -> (u32, u32) {
    let side = match resolution {
        Resolution::P360 => 360,
        Resolution::P540 => 540,
        Resolution::P720 => 720,
        Resolution::P1080 => 1080,
    };
    match aspect_ratio {
        AspectRatio::Wide => (side * 16 / 9, side),
        AspectRatio::Tall => (side, side * 16 / 9),
        AspectRatio::Square => (side, side),
        AspectRatio::Landscape => (side * 4 / 3, side),
        AspectRatio::Portrait => (side, side * 4 / 3),
    }
}
