//! The hard rules of the models we know: <https://kling.ai/document-api/guides/capability-map/video>.
//!
//! A name of the new design is its endpoint, so only these exist. Every other
//! name goes to the old design, and one that we do not know has no rules.

use std::fmt;

/// A model that is named in the path.
#[derive(Debug)]
pub(super) struct NewModel {
    pub(super) name: &'static str,
    /// Whether text and images have one endpoint, and not one each.
    pub(super) omni: bool,
    pub(super) longest_prompt: usize,
    pub(super) durations: Durations,
    pub(super) resolutions: &'static [&'static str],
    pub(super) last_frame: bool,
    /// None when there is no choice.
    pub(super) audio: Option<&'static [&'static str]>,
    pub(super) multi_shot: bool,
}

const NEW: [NewModel; 6] = [
    NewModel {
        name: "kling-3.0",
        omni: false,
        longest_prompt: 3072,
        durations: Durations::ThreeToFifteen,
        resolutions: &["720p", "1080p", "4k"],
        last_frame: true,
        audio: Some(&["native", "off"]),
        multi_shot: true,
    },
    NewModel {
        name: "kling-3.0-turbo",
        omni: false,
        longest_prompt: 3072,
        durations: Durations::ThreeToFifteen,
        resolutions: &["720p", "1080p"],
        last_frame: false,
        audio: None,
        multi_shot: false,
    },
    NewModel {
        name: "kling-3.0-omni",
        omni: true,
        longest_prompt: 3072,
        durations: Durations::ThreeToFifteen,
        resolutions: &["720p", "1080p", "4k"],
        last_frame: true,
        audio: Some(&["native", "original", "off"]),
        multi_shot: true,
    },
    NewModel {
        name: "kling-o1",
        omni: true,
        longest_prompt: 2500,
        durations: Durations::FiveOrTen,
        resolutions: &["720p", "1080p"],
        last_frame: true,
        audio: Some(&["original", "off"]),
        multi_shot: false,
    },
    NewModel {
        name: "kling-2.6",
        omni: false,
        longest_prompt: 2500,
        durations: Durations::FiveOrTen,
        resolutions: &["720p", "1080p"],
        last_frame: true,
        audio: Some(&["native", "off"]),
        multi_shot: false,
    },
    NewModel {
        name: "kling-2.5-turbo",
        omni: false,
        longest_prompt: 2500,
        durations: Durations::FiveOrTen,
        resolutions: &["720p", "1080p"],
        last_frame: true,
        audio: None,
        multi_shot: false,
    },
];

impl NewModel {
    /// None for every name of the old design.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        NEW.iter().find(|model| model.name == name)
    }
}

/// A model that is named in the body.
pub(super) struct OldModel<'a>(pub(super) &'a str);

impl OldModel<'_> {
    pub(super) fn durations(&self) -> Option<Durations> {
        match self.0 {
            "kling-v3" => Some(Durations::ThreeToFifteen),
            _ if self.is_known() => Some(Durations::FiveOrTen),
            _ => None,
        }
    }

    pub(super) fn modes(&self) -> Option<&'static [&'static str]> {
        match self.0 {
            "kling-v3" => Some(&["std", "pro", "4k"]),
            "kling-v2-master" | "kling-v2-1-master" => Some(&[]),
            _ if self.is_known() => Some(&["std", "pro"]),
            _ => None,
        }
    }

    /// How closely the prompt is followed cannot be chosen at the models 2.x.
    pub(super) fn has_cfg_scale(&self) -> bool {
        !self.0.starts_with("kling-v2")
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(
            self.0,
            "kling-v1"
                | "kling-v1-5"
                | "kling-v1-6"
                | "kling-v2-master"
                | "kling-v2-1"
                | "kling-v2-1-master"
                | "kling-v2-5-turbo"
                | "kling-v2-6"
                | "kling-v3"
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durations {
    FiveOrTen,
    ThreeToFifteen,
}

impl Durations {
    pub(super) fn allow(self, seconds: i64) -> bool {
        match self {
            Self::FiveOrTen => matches!(seconds, 5 | 10),
            Self::ThreeToFifteen => (3..=15).contains(&seconds),
        }
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FiveOrTen => "5 or 10",
            Self::ThreeToFifteen => "3 to 15",
        })
    }
}
