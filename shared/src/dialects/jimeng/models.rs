//! Jimeng's models, each called by its `req_key`, and the names that stand for several:
//! <https://www.volcengine.com/docs/85621>.
//!
//! Jimeng never says how long a video is or how many frames it has a second, so what
//! stands here is also what is reported.

use crate::api::Size;
use crate::dialects::facts::{FIRST_KNOWN, Group};
use crate::dialects::translate::{
    Choice, ImageForm, Input, Model, Numbers, Opt, OptKind, Resolution,
};

/// The frames a second of every video; it has one more than its seconds hold.
pub(super) const FPS: u32 = 24;

const P720: &[Resolution] = &[Resolution::new("720p", 720)];
const P1080: &[Resolution] = &[Resolution::new("1080p", 1080)];
const RATIOS: &[&str] = &["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"];
/// S2.0 Pro alone has the last.
const ALL_RATIOS: &[&str] = &["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21"];
const TEXT: &[Input] = &[Input::Text];
const FIRST: &[Input] = &[Input::FirstFrame];
const FIRST_AND_LAST: &[Input] = &[Input::FirstAndLastFrame];

pub(super) const MODELS: &[Model] = &[
    Model { name: "jimeng_vgfm_t2v_l20", title: "Jimeng S2.0 Pro, text", ..S20 },
    Model {
        name: "jimeng_vgfm_i2v_l20",
        title: "Jimeng S2.0 Pro, image",
        inputs: Choice::Only(FIRST),
        ratio_with: FIRST,
        needs_ratio: true,
        ..S20
    },
    v30("jimeng_t2v_v30", "Jimeng 3.0, text, 720p", TEXT, P720),
    v30("jimeng_t2v_v30_1080p", "Jimeng 3.0, text, 1080p", TEXT, P1080),
    v30("jimeng_i2v_first_v30", "Jimeng 3.0, first frame, 720p", FIRST, P720),
    // Only the text key ends in a p.
    v30("jimeng_i2v_first_v30_1080", "Jimeng 3.0, first frame, 1080p", FIRST, P1080),
    v30("jimeng_i2v_first_tail_v30", "Jimeng 3.0, two frames, 720p", FIRST_AND_LAST, P720),
    v30("jimeng_i2v_first_tail_v30_1080", "Jimeng 3.0, two frames, 1080p", FIRST_AND_LAST, P1080),
    Model {
        options: &[FRAMES, CAMERA],
        ..v30("jimeng_i2v_recamera_v30", "Jimeng 3.0, camera moves", FIRST, P720)
    },
    v30("jimeng_ti2v_v30_pro", "Jimeng 3.0 Pro", &[Input::Text, Input::FirstFrame], P1080),
    UNKNOWN,
];

/// The names that are no keys.
pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "jimeng_v30",
        title: "Jimeng 3.0",
        models: &[
            "jimeng_t2v_v30",
            "jimeng_t2v_v30_1080p",
            "jimeng_i2v_first_v30",
            "jimeng_i2v_first_v30_1080",
            "jimeng_i2v_first_tail_v30",
            "jimeng_i2v_first_tail_v30_1080",
            "jimeng_i2v_recamera_v30",
        ],
    },
    Group {
        name: "jimeng_v30_1080p",
        title: "Jimeng 3.0, 1080p",
        models: &[
            "jimeng_t2v_v30_1080p",
            "jimeng_i2v_first_v30_1080",
            "jimeng_i2v_first_tail_v30_1080",
        ],
    },
    Group { name: "jimeng_v30_pro", title: "Jimeng 3.0 Pro", models: &["jimeng_ti2v_v30_pro"] },
];

/// One of the models 3.0.
const fn v30(
    name: &'static str,
    title: &'static str,
    inputs: &'static [Input],
    resolution: &'static [Resolution],
) -> Model {
    Model {
        name,
        title,
        inputs: Choice::Only(inputs),
        most_images: 2,
        longest_prompt: Some(800),
        seconds: Numbers::Only(&[5, 10]),
        default_seconds: Some(5),
        ratios: Choice::Only(RATIOS),
        default_ratio: Some("16:9"),
        ratio_with: TEXT,
        resolutions: Choice::Only(resolution),
        options: &[FRAMES],
        ..UNKNOWN
    }
}

/// S2.0 Pro has no choice of seconds, and no field for it.
const S20: Model = Model {
    longest_prompt: Some(150),
    seconds: Numbers::Only(&[5]),
    ratios: Choice::Only(ALL_RATIOS),
    default_ratio: None,
    options: &[],
    ..v30("jimeng_vgfm_*", "", TEXT, P720)
};

/// A key that is not listed.
const UNKNOWN: Model = Model {
    name: "*",
    title: "",
    known_since: FIRST_KNOWN,
    is_retired: false,
    inputs: Choice::Known(&[Input::Text, Input::FirstFrame, Input::FirstAndLastFrame]),
    most_images: usize::MAX,
    image_form: ImageForm { data_url: false, webp: false, largest: Some((4_700_000, "4.7 MB")) },
    longest_prompt: None,
    seconds: Numbers::AtLeast(1),
    default_seconds: None,
    ratios: Choice::Guessed(ALL_RATIOS),
    default_ratio: None,
    ratio_with: Input::ALL,
    needs_ratio: false,
    resolutions: Choice::Known(&[]),
    // The key is the resolution.
    resolution_field: None,
    fps: Some(FPS),
    has_sound: None,
    // Any seed, or a certain one.
    seed: Some(Numbers::Range(-1, 2_147_483_647)),
    options: &[&[
        Opt::new("frames", OptKind::Whole(Numbers::AtLeast(1))),
        Opt::text("template_id"),
        Opt::text("camera_strength"),
    ]],
};

const FRAMES: &[Opt] = &[Opt::new("frames", OptKind::Whole(Numbers::Only(&[121, 241])))];
const CAMERA: &[Opt] = &[
    Opt::known_word(
        "template_id",
        &[
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
        ],
    )
    .required(),
    Opt::word("camera_strength", &["weak", "medium", "strong"]).required(),
];

/// The quality class that a size asks for, where there is a model for it.
pub(super) fn class_of(size: Size) -> Option<u32> {
    /// The sizes of videos of class 1080; but for 16:9 the short side is another.
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
