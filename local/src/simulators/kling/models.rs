//! What Kling's models can do. Retired ones are served, too: Kling's own documentation goes on
//! using `kling-v1`, and what it answers to such a name today is not known. Prices are not Kling's.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Design {
    Old,
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Endpoint {
    OldText,
    OldImage,
    NewText,
    NewImage,
    NewOmni,
}

impl Endpoint {
    pub(super) fn design(self) -> Design {
        match self {
            Self::OldText | Self::OldImage => Design::Old,
            Self::NewText | Self::NewImage | Self::NewOmni => Design::New,
        }
    }
}

/// A quality by the old design's words; the new one calls `std` 720p and `pro` 1080p.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub(super) enum Quality {
    #[default]
    #[serde(rename = "std")]
    Standard,
    #[serde(rename = "pro")]
    High,
    #[serde(rename = "4k")]
    Highest,
}

impl Quality {
    /// Tenths of a unit.
    pub(super) fn price_of_a_second(self) -> u32 {
        match self {
            Self::Standard => 3,
            Self::High => 5,
            Self::Highest => 10,
        }
    }
}

pub(super) struct OldModel {
    pub(super) has_text: bool,
    pub(super) last_frame: LastFrame,
    pub(super) durations: Durations,
    pub(super) modes: &'static [Quality],
    pub(super) has_cfg_scale: bool,
    pub(super) has_sound: bool,
    pub(super) has_camera: bool,
    pub(super) has_shots: bool,
    pub(super) has_voices: bool,
    pub(super) has_elements: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LastFrame {
    Never,
    /// In five seconds, whatever the mode.
    Short,
    /// In `pro`, after a first frame.
    Pro,
    /// In `pro`, also without a first frame.
    ProAlone,
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Durations {
    FiveOrTen,
    ThreeToFifteen,
}

impl Durations {
    pub(super) fn allow(self, seconds: u32) -> bool {
        match self {
            Self::FiveOrTen => matches!(seconds, 5 | 10),
            Self::ThreeToFifteen => (3..=15).contains(&seconds),
        }
    }
}

pub(super) fn old(name: &str) -> Option<OldModel> {
    use Quality::{High, Highest, Standard};
    let early = OldModel {
        has_text: true,
        last_frame: LastFrame::Pro,
        durations: Durations::FiveOrTen,
        modes: &[Standard, High],
        has_cfg_scale: true,
        has_sound: false,
        has_camera: false,
        has_shots: false,
        has_voices: false,
        has_elements: false,
    };
    let second = |model: OldModel| OldModel { has_cfg_scale: false, ..model };
    Some(match name {
        "kling-v1" => OldModel { last_frame: LastFrame::Short, has_camera: true, ..early },
        "kling-v1-5" => OldModel { has_text: false, ..early },
        "kling-v1-6" => OldModel { last_frame: LastFrame::ProAlone, ..early },
        "kling-v2-master" | "kling-v2-1-master" => {
            second(OldModel { last_frame: LastFrame::Never, modes: &[], ..early })
        }
        "kling-v2-1" => second(OldModel { has_text: false, ..early }),
        "kling-v2-5-turbo" => second(early),
        "kling-v2-6" => second(OldModel { has_sound: true, has_voices: true, ..early }),
        "kling-v3" => OldModel {
            last_frame: LastFrame::Always,
            durations: Durations::ThreeToFifteen,
            modes: &[Standard, High, Highest],
            has_sound: true,
            has_shots: true,
            has_elements: true,
            ..early
        },
        _ => return None,
    })
}

pub(super) struct NewModel {
    pub(super) longest_prompt: usize,
    pub(super) durations: Durations,
    pub(super) resolutions: &'static [Quality],
    /// Whether two frames, like sound, need 1080p and do not go together.
    pub(super) is_frugal: bool,
    pub(super) audio: &'static [&'static str],
    pub(super) has_multi_shot: bool,
    pub(super) has_last_frame: bool,
}

/// None where there is no such path.
pub(super) fn new(endpoint: Endpoint, name: &str) -> Option<NewModel> {
    use Quality::{High, Highest, Standard};
    let third = NewModel {
        longest_prompt: 3072,
        durations: Durations::ThreeToFifteen,
        resolutions: &[Standard, High, Highest],
        is_frugal: false,
        audio: &["native", "off"],
        has_multi_shot: true,
        has_last_frame: true,
    };
    let second = NewModel {
        longest_prompt: 2500,
        durations: Durations::FiveOrTen,
        resolutions: &[Standard, High],
        is_frugal: true,
        has_multi_shot: false,
        ..third
    };
    let is_omni = matches!(name, "kling-3.0-omni" | "kling-o1");
    if is_omni != (endpoint == Endpoint::NewOmni) {
        return None;
    }
    Some(match name {
        "kling-3.0" => third,
        "kling-3.0-turbo" => NewModel {
            resolutions: &[Standard, High],
            audio: &[],
            has_multi_shot: false,
            has_last_frame: false,
            ..third
        },
        "kling-2.6" => second,
        "kling-2.5-turbo" => NewModel { audio: &[], ..second },
        "kling-3.0-omni" => NewModel { audio: &["native", "original", "off"], ..third },
        "kling-o1" => NewModel { is_frugal: false, audio: &["original", "off"], ..second },
        _ => return None,
    })
}
