//! Kling's models: <https://kling.ai/document-api/guides/capability-map/video>.
//!
//! Two designs live side by side, chosen by the model's name: the old one names the
//! model in the body, the new one in the path. A name of the new design is its
//! endpoint, so only these exist; every other name goes to the old design.

use crate::dialects::facts::FIRST_KNOWN;
use crate::dialects::translate::{
    Choice, ImageForm, Input, Model, Numbers, Opt, OptKind, Resolution,
};

/// The place where a model is named, which decides its endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Design {
    /// In the body, with an endpoint for text and one for images.
    Old,
    /// In the path, likewise.
    New,
    /// In the path, with one endpoint for both.
    Omni,
}

impl Design {
    pub(super) fn of(model: &str) -> Self {
        match model {
            "kling-3.0" | "kling-3.0-turbo" | "kling-2.6" | "kling-2.5-turbo" => Self::New,
            "kling-3.0-omni" | "kling-o1" => Self::Omni,
            _ => Self::Old,
        }
    }
}

pub(super) const MODES: &[Resolution] = &[STD, PRO, Resolution::new("4k", 2160)];
pub(super) const RESOLUTIONS: &[Resolution] = &[P720, P1080, Resolution::new("4k", 2160)];
const STD: Resolution = Resolution::new("std", 720);
const PRO: Resolution = Resolution::new("pro", 1080);
const P720: Resolution = Resolution::new("720p", 720);
const P1080: Resolution = Resolution::new("1080p", 1080);

const RATIOS: &[&str] = &["16:9", "9:16", "1:1"];
const FIVE_OR_TEN: Numbers = Numbers::Only(&[5, 10]);

pub(super) const MODELS: &[Model] = &[
    Model { name: "kling-v1", title: "Kling 1.0", is_retired: true, ..OLD },
    Model {
        name: "kling-v1-5",
        title: "Kling 1.5",
        is_retired: true,
        inputs: Choice::Known(Input::FRAMES),
        ..OLD
    },
    Model { name: "kling-v1-6", title: "Kling 1.6", is_retired: true, ..OLD },
    Model {
        name: "kling-v2-master",
        title: "Kling 2.0 Master",
        is_retired: true,
        resolutions: Choice::Only(&[]),
        ..OLD_2
    },
    Model {
        name: "kling-v2-1",
        title: "Kling 2.1",
        is_retired: true,
        inputs: Choice::Known(Input::FRAMES),
        ..OLD_2
    },
    Model {
        name: "kling-v2-1-master",
        title: "Kling 2.1 Master",
        is_retired: true,
        resolutions: Choice::Only(&[]),
        ..OLD_2
    },
    Model { name: "kling-v2-5-turbo", title: "Kling 2.5 Turbo", ..OLD_2 },
    Model { name: "kling-v2-6", title: "Kling 2.6", has_sound: Some(true), ..OLD_2 },
    Model {
        name: "kling-v3",
        title: "Kling 3.0",
        seconds: Numbers::Range(3, 15),
        resolutions: Choice::Only(MODES),
        has_sound: Some(true),
        ..OLD
    },
    Model { name: "kling-v2*", options: &[OLD_OPTIONS], ..UNKNOWN },
    UNKNOWN,
    Model {
        name: "kling-3.0",
        title: "Kling 3.0 (new design)",
        longest_prompt: Some(3072),
        seconds: Numbers::Range(3, 15),
        resolutions: Choice::Only(RESOLUTIONS),
        options: &[&[Opt::word("audio", &["native", "off"])], MULTI_SHOT, WATERMARK],
        ..NEW
    },
    Model {
        name: "kling-3.0-turbo",
        title: "Kling 3.0 Turbo",
        inputs: Choice::Only(&[Input::Text, Input::FirstFrame]),
        longest_prompt: Some(3072),
        seconds: Numbers::Range(3, 15),
        ..NEW
    },
    Model {
        name: "kling-3.0-omni",
        title: "Kling 3.0 Omni",
        longest_prompt: Some(3072),
        seconds: Numbers::Range(3, 15),
        resolutions: Choice::Only(RESOLUTIONS),
        options: &[&[Opt::word("audio", &["native", "original", "off"])], MULTI_SHOT, WATERMARK],
        ..NEW
    },
    Model {
        name: "kling-o1",
        title: "Kling O1",
        has_sound: None,
        options: &[&[Opt::word("audio", &["original", "off"])], WATERMARK],
        ..NEW
    },
    Model {
        name: "kling-2.6",
        title: "Kling 2.6 (new design)",
        options: &[&[Opt::word("audio", &["native", "off"])], WATERMARK],
        ..NEW
    },
    Model {
        name: "kling-2.5-turbo",
        title: "Kling 2.5 Turbo (new design)",
        has_sound: Some(false),
        ..NEW
    },
];

/// Whatever is called by a name that is not listed.
const UNKNOWN: Model = Model {
    name: "*",
    title: "",
    known_since: FIRST_KNOWN,
    is_retired: false,
    inputs: Choice::Known(&[
        Input::Text,
        Input::FirstFrame,
        Input::FirstAndLastFrame,
        Input::LastFrame,
    ]),
    most_images: 2,
    image_form: ImageForm { data_url: false, webp: false, largest: Some((10 << 20, "10 MB")) },
    longest_prompt: Some(2500),
    seconds: Numbers::AtLeast(1),
    default_seconds: None,
    ratios: Choice::Known(RATIOS),
    default_ratio: None,
    ratio_with: &[Input::Text],
    needs_ratio: false,
    resolutions: Choice::Known(MODES),
    resolution_field: Some("mode"),
    fps: None,
    has_sound: None,
    seed: None,
    options: &[OLD_OPTIONS, CFG_SCALE],
};

const OLD: Model = Model {
    seconds: FIVE_OR_TEN,
    default_seconds: Some(5),
    ratios: Choice::Only(RATIOS),
    default_ratio: Some("16:9"),
    resolutions: Choice::Only(&[STD, PRO]),
    has_sound: Some(false),
    ..UNKNOWN
};

/// The models 2.x.
const OLD_2: Model = Model { options: &[OLD_OPTIONS], ..OLD };

/// The new design has no negative prompt, no camera and no masks: the prompt says it all.
const NEW: Model = Model {
    inputs: Choice::Only(&[Input::Text, Input::FirstFrame, Input::FirstAndLastFrame]),
    image_form: ImageForm { data_url: false, webp: false, largest: Some((50 << 20, "50 MB")) },
    default_ratio: None,
    resolutions: Choice::Only(&[P720, P1080]),
    resolution_field: Some("resolution"),
    has_sound: Some(true),
    options: &[WATERMARK],
    ..OLD
};

const OLD_OPTIONS: &[Opt] = &[
    Opt::new("negative_prompt", OptKind::Text(Some(2500))),
    Opt::word("sound", &["on", "off"]),
    Opt::object("camera_control"),
    Opt::flag("multi_shot"),
    Opt::known_word("shot_type", &["customize", "intelligence"]),
    // `[{"index":1,"prompt":"…","duration":"3"}]`
    Opt::new(
        "multi_prompt",
        OptKind::Objects(Some(6), &[Opt::new("prompt", OptKind::Text(Some(512)))]),
    ),
    Opt::object("watermark_info"),
    Opt::new("static_mask", OptKind::Image).only_with(Input::FRAMES),
    // `[{"mask":"…","trajectories":[{"x":1,"y":2}]}]`
    Opt::new("dynamic_masks", OptKind::Objects(Some(6), &[Opt::new("mask", OptKind::Image)]))
        .only_with(Input::FRAMES),
    Opt::new("voice_list", OptKind::Objects(Some(2), &[])).only_with(Input::FRAMES),
    Opt::new("element_list", OptKind::Objects(Some(3), &[])).only_with(Input::FRAMES),
];

/// The models 2.x let nobody choose how closely the prompt is followed.
const CFG_SCALE: &[Opt] = &[Opt::new("cfg_scale", OptKind::Number(0.0, 1.0))];
const MULTI_SHOT: &[Opt] = &[Opt::flag("multi_shot")];
const WATERMARK: &[Opt] = &[Opt::object("watermark_info")];
