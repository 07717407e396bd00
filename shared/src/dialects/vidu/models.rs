//! Vidu's models: <https://platform.vidu.com/docs/introduction>.
//!
//! Vidu has moved most limits before, so few are certain enough to refuse by.

use crate::dialects::facts::FIRST_KNOWN;
use crate::dialects::translate::{
    Choice, ImageForm, Input, Model, Numbers, Opt, OptKind, Resolution,
};

/// Every resolution that some model has.
pub(super) const RESOLUTIONS: &[Resolution] = &[P360, P540, P720, P1080];
const P360: Resolution = Resolution::new("360p", 360);
const P540: Resolution = Resolution::new("540p", 540);
const P720: Resolution = Resolution::new("720p", 720);
const P1080: Resolution = Resolution::new("1080p", 1080);

const TEXT_AND_FRAMES: &[Input] = &[Input::Text, Input::FirstFrame, Input::FirstAndLastFrame];
const FRAMES: &[Input] = &[Input::FirstFrame, Input::FirstAndLastFrame];
const FRAMES_AND_REFERENCES: &[Input] =
    &[Input::FirstFrame, Input::FirstAndLastFrame, Input::References];
const ALL_INPUTS: &[Input] =
    &[Input::Text, Input::FirstFrame, Input::FirstAndLastFrame, Input::References];
const UP_TO_1080P: Choice<Resolution> = Choice::Known(&[P720, P540, P1080]);
const FROM_720P: Choice<Resolution> = Choice::Known(&[P720, P1080]);

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "viduq3-pro",
        title: "Vidu Q3 Pro",
        inputs: Choice::Known(TEXT_AND_FRAMES),
        ..Q3
    },
    Model { name: "viduq3-turbo", title: "Vidu Q3 Turbo", ..Q3 },
    Model {
        name: "viduq3-pro-fast",
        title: "Vidu Q3 Pro Fast",
        inputs: Choice::Known(FRAMES),
        default_seconds: None,
        resolutions: FROM_720P,
        ..Q3
    },
    Model { name: "viduq3", title: "Vidu Q3", ..Q3_REFERENCES },
    Model { name: "viduq3-mix", title: "Vidu Q3 Mix", ..Q3_REFERENCES },
    Q3,
    Model {
        name: "viduq2",
        title: "Vidu Q2",
        inputs: Choice::Known(&[Input::Text, Input::References]),
        ..Q2
    },
    Model {
        name: "viduq2-pro",
        title: "Vidu Q2 Pro",
        inputs: Choice::Known(FRAMES_AND_REFERENCES),
        ..Q2
    },
    Model { name: "viduq2-turbo", title: "Vidu Q2 Turbo", inputs: Choice::Known(FRAMES), ..Q2 },
    Model {
        name: "viduq2-pro-fast",
        title: "Vidu Q2 Pro Fast",
        inputs: Choice::Known(FRAMES),
        default_seconds: None,
        resolutions: FROM_720P,
        ..Q2
    },
    Q2,
    Model { name: "viduq1", title: "Vidu Q1", ..Q1 },
    Model { name: "viduq1-classic", title: "Vidu Q1 Classic", inputs: Choice::Known(FRAMES), ..Q1 },
    Model {
        name: "vidu2.0",
        title: "Vidu 2.0",
        inputs: Choice::Known(FRAMES_AND_REFERENCES),
        ..V1_5
    },
    V1_5,
    UNKNOWN,
];

/// Whatever is called by a name that is not listed.
const UNKNOWN: Model = Model {
    name: "*",
    title: "",
    known_since: FIRST_KNOWN,
    is_retired: false,
    inputs: Choice::Known(ALL_INPUTS),
    most_images: 7,
    image_form: ImageForm { data_url: true, webp: true, largest: None },
    longest_prompt: None,
    seconds: Numbers::AtLeast(1),
    default_seconds: None,
    ratios: Choice::Known(&["16:9", "9:16", "1:1"]),
    default_ratio: Some("16:9"),
    // Beside frames the ratio is theirs.
    ratio_with: &[Input::Text, Input::References],
    needs_ratio: false,
    resolutions: Choice::Known(RESOLUTIONS),
    resolution_field: Some("resolution"),
    fps: None,
    has_sound: Some(true),
    seed: Some(Numbers::Any),
    options: &[OPTIONS],
};

const V1_5: Model = Model {
    name: "vidu1.5",
    title: "Vidu 1.5",
    seconds: Numbers::Only(&[4, 8]),
    default_seconds: Some(4),
    resolutions: Choice::Known(&[P360, P720, P1080]),
    ..UNKNOWN
};

const Q1: Model = Model {
    seconds: Numbers::Only(&[5]),
    default_seconds: Some(5),
    resolutions: Choice::Only(&[P1080]),
    ..UNKNOWN
};

const Q2: Model = Model {
    name: "viduq2*",
    seconds: Numbers::About(1, 10),
    default_seconds: Some(5),
    ratios: Choice::Known(&["16:9", "9:16", "1:1", "4:3", "3:4"]),
    resolutions: UP_TO_1080P,
    ..UNKNOWN
};

const Q3: Model = Model { name: "viduq3*", seconds: Numbers::About(1, 16), ..Q2 };

const Q3_REFERENCES: Model = Model {
    inputs: Choice::Known(&[Input::References]),
    default_seconds: None,
    resolutions: FROM_720P,
    ..Q3
};

/// Vidu refuses what its endpoint does not take.
const OPTIONS: &[Opt] = &[
    Opt::known_word("movement_amplitude", &["auto", "small", "medium", "large"]),
    Opt::flag("bgm"),
    Opt::flag("audio"),
    Opt::flag("off_peak"),
    Opt::flag("watermark"),
    Opt::new("wm_position", OptKind::Whole(Numbers::Any)),
    Opt::text("wm_url"),
    Opt::text("meta_data"),
    Opt::known_word("style", &["general", "anime"]).only_with(&[Input::Text]),
    Opt::text("voice_id").only_with(SPEECH),
    Opt::flag("is_rec").only_with(SPEECH),
    Opt::text("audio_type").only_with(SPEECH),
    // `[{"name":"cat","images":["…"]}]`
    Opt::new("subjects", OptKind::Objects(None, &[Opt::new("images", OptKind::Images)]))
        .only_with(&[Input::References]),
    Opt::new("videos", OptKind::Texts).only_with(&[Input::References]),
];
const SPEECH: &[Input] = &[Input::FirstFrame, Input::References];
