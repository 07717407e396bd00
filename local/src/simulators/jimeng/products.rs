//! What Jimeng's products take: each has a `req_key`.

use std::ops::RangeInclusive;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Product {
    /// S2.0 Pro: from a text, from an image.
    OldText,
    OldImage,
    /// 3.0, in 720p and 1080p.
    Text,
    First,
    FirstAndTail,
    /// 3.0, in 720p only.
    Recamera,
    /// 3.0 Pro: from a text or from an image.
    Pro,
}

impl Product {
    pub(super) fn of(req_key: &str) -> Option<Self> {
        Some(match req_key {
            "jimeng_vgfm_t2v_l20" => Self::OldText,
            "jimeng_vgfm_i2v_l20" => Self::OldImage,
            "jimeng_t2v_v30" | "jimeng_t2v_v30_1080p" => Self::Text,
            "jimeng_i2v_first_v30" | "jimeng_i2v_first_v30_1080" => Self::First,
            "jimeng_i2v_first_tail_v30" | "jimeng_i2v_first_tail_v30_1080" => Self::FirstAndTail,
            "jimeng_i2v_recamera_v30" => Self::Recamera,
            "jimeng_ti2v_v30_pro" => Self::Pro,
            _ => return None,
        })
    }

    fn is_old(self) -> bool {
        matches!(self, Self::OldText | Self::OldImage)
    }

    pub(super) fn images(self) -> RangeInclusive<usize> {
        match self {
            Self::OldText | Self::Text => 0..=0,
            Self::OldImage | Self::First | Self::Recamera => 1..=1,
            Self::FirstAndTail => 2..=2,
            Self::Pro => 0..=1,
        }
    }

    pub(super) fn takes_images(self) -> bool {
        !matches!(self, Self::OldText | Self::Text)
    }

    pub(super) fn needs_prompt(self, images: usize) -> bool {
        match self {
            Self::OldImage => false,
            Self::Pro => images == 0,
            _ => true,
        }
    }

    /// In characters.
    pub(super) fn longest_prompt(self) -> usize {
        if self.is_old() { 150 } else { 800 }
    }

    pub(super) fn takes_frames(self) -> bool {
        !self.is_old()
    }

    /// An image of 3.0 brings its ratio; Pro takes the member and overlooks it then.
    pub(super) fn takes_aspect_ratio(self) -> bool {
        matches!(self, Self::OldText | Self::OldImage | Self::Text | Self::Pro)
    }

    pub(super) fn needs_aspect_ratio(self) -> bool {
        self == Self::OldImage
    }

    pub(super) fn has_aspect_ratio(self, ratio: &str) -> bool {
        match ratio {
            "16:9" | "4:3" | "1:1" | "3:4" | "9:16" | "21:9" => true,
            "9:21" => self.is_old(),
            _ => false,
        }
    }

    pub(super) fn moves_camera(self) -> bool {
        self == Self::Recamera
    }
}

pub(super) const TEMPLATES: [&str; 11] = [
    "hitchcock_dolly_in",
    "hitchcock_dolly_out",
    "robo_arm",
    "dynamic_orbit",
    "central_orbit",
    "crane_push",
    "quick_pull_back",
    "counterclockwise_swivel",
    "clockwise_swivel",
    "handheld",
    "rapid_push_pull",
];

pub(super) const STRENGTHS: [&str; 3] = ["weak", "medium", "strong"];
