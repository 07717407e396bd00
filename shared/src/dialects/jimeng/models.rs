//! Jimeng's products, each called by its `req_key`, and the names that stand for several.
//!
//! <https://www.volcengine.com/docs/85621>. A key that is not listed here passes,
//! and has no rules that we know.

use std::ops::RangeInclusive;

use crate::api::Size;

/// The rules of a `req_key`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) input: Input,
    line: Line,
    /// The lines of its films, as a quality class: 720 or 1080.
    pub(super) class: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Text,
    FirstFrame,
    FirstAndLastFrame,
    CameraMove,
    TextOrFirstFrame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    S20Pro,
    V30,
}

/// Where the aspect ratio of a film comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ratio {
    Requested,
    Required,
    FromImage,
}

impl Product {
    pub(super) fn of(req_key: &str) -> Option<Self> {
        use Input::{CameraMove, FirstAndLastFrame, FirstFrame, Text, TextOrFirstFrame};
        use Line::{S20Pro, V30};
        let (line, input, class) = match req_key {
            "jimeng_vgfm_t2v_l20" => (S20Pro, Text, 720),
            "jimeng_vgfm_i2v_l20" => (S20Pro, FirstFrame, 720),
            "jimeng_t2v_v30" => (V30, Text, 720),
            "jimeng_t2v_v30_1080p" => (V30, Text, 1080),
            "jimeng_i2v_first_v30" => (V30, FirstFrame, 720),
            // Only the text key ends in a p.
            "jimeng_i2v_first_v30_1080" => (V30, FirstFrame, 1080),
            "jimeng_i2v_first_tail_v30" => (V30, FirstAndLastFrame, 720),
            "jimeng_i2v_first_tail_v30_1080" => (V30, FirstAndLastFrame, 1080),
            "jimeng_i2v_recamera_v30" => (V30, CameraMove, 720),
            "jimeng_ti2v_v30_pro" => (V30, TextOrFirstFrame, 1080),
            _ => return None,
        };
        Some(Self { input, line, class })
    }

    pub(super) fn images(self) -> RangeInclusive<usize> {
        match self.input {
            Input::Text => 0..=0,
            Input::FirstFrame | Input::CameraMove => 1..=1,
            Input::FirstAndLastFrame => 2..=2,
            Input::TextOrFirstFrame => 0..=1,
        }
    }

    /// In characters.
    pub(super) fn longest_prompt(self) -> usize {
        match self.line {
            Line::S20Pro => 150,
            Line::V30 => 800,
        }
    }

    /// Whether an image alone says too little.
    pub(super) fn needs_prompt(self, images: usize) -> bool {
        match self.input {
            Input::TextOrFirstFrame => images == 0,
            Input::FirstFrame => self.line == Line::V30,
            _ => true,
        }
    }

    /// The durations in seconds, the vendor's own choice first.
    pub(super) fn durations(self) -> &'static [i64] {
        match self.line {
            Line::S20Pro => &[5],
            Line::V30 => &[5, 10],
        }
    }

    /// Where there is no choice of duration there is no such field.
    pub(super) fn takes_frames(self) -> bool {
        self.line == Line::V30
    }

    pub(super) fn ratio(self, images: usize) -> Ratio {
        match (self.line, images) {
            (_, 0) => Ratio::Requested,
            (Line::S20Pro, _) => Ratio::Required,
            (Line::V30, _) => Ratio::FromImage,
        }
    }

    pub(super) fn ratios(self) -> &'static [&'static str] {
        match self.line {
            Line::S20Pro => &RATIOS,
            Line::V30 => &RATIOS[..6],
        }
    }
}

/// Every ratio that some product has; S2.0 Pro alone has the last.
pub(super) const RATIOS: [&str; 7] = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21"];

/// The quality class that a size asks for, where there is a product for it.
pub(super) fn class_of(size: Size) -> Option<u32> {
    /// What comes out of the products of class 1080; but for 16:9 the short side is another.
    const LARGE: [(u32, u32); 6] =
        [(2176, 928), (1920, 1088), (1664, 1248), (1440, 1440), (1248, 1664), (1088, 1920)];
    if LARGE.contains(&(size.width, size.height)) {
        return Some(1080);
    }
    size.class_among(&[720, 1080])
}

/// The `req_key` that a name stands for.
///
/// `jimeng_v30`, `jimeng_v30_1080p` and `jimeng_v30_pro` are no keys: what is
/// given decides which one is meant. `jimeng_v30` is 720p unless the size asks
/// for 1080p, and its camera moves are 720p whatever the size.
pub(super) fn expand(
    name: &str,
    images: usize,
    moves_camera: bool,
    class: Option<u32>,
) -> Option<&'static str> {
    let large = match name {
        "jimeng_v30" if moves_camera => return Some("jimeng_i2v_recamera_v30"),
        "jimeng_v30" => class == Some(1080),
        "jimeng_v30_1080p" => true,
        "jimeng_v30_pro" => return Some("jimeng_ti2v_v30_pro"),
        _ => return None,
    };
    Some(match (images, large) {
        (0, false) => "jimeng_t2v_v30",
        (0, true) => "jimeng_t2v_v30_1080p",
        (1, false) => "jimeng_i2v_first_v30",
        (1, true) => "jimeng_i2v_first_v30_1080",
        (_, false) => "jimeng_i2v_first_tail_v30",
        (_, true) => "jimeng_i2v_first_tail_v30_1080",
    })
}
