//! What a model's row does to a request, and in which words: they are the same at every vendor.

mod elsewhere;
mod refusals;
mod warnings;

use http::HeaderMap;
use serde_json::{Value, json};

use super::*;
use crate::api::{ApiError, Warning, request};

const SMALL: Resolution = Resolution::new("small", 720);
const FULL: Resolution = Resolution::new("1080p", 1080);
const MODELS: &[Model] = &[
    STRICT,
    Model { name: "text-1", inputs: Choice::Only(&[Input::Text]), ..STRICT },
    Model {
        name: "frames-1",
        inputs: Choice::Only(&[Input::FirstAndLastFrame]),
        ratio_with: &[Input::FirstAndLastFrame],
        needs_ratio: true,
        ..STRICT
    },
    Model { name: "last-1", inputs: Choice::Only(&[Input::LastFrame]), ..STRICT },
    Model { name: "references-1", inputs: Choice::Known(&[Input::References]), ..STRICT },
    Model {
        name: "plain-1",
        seconds: Numbers::About(2, 8),
        resolutions: Choice::Only(&[]),
        fps: None,
        seed: None,
        options: &[],
        ..STRICT
    },
    Model { name: "strict*", longest_prompt: Some(20), ..OPEN },
    OPEN,
];
const STRICT: Model = Model {
    name: "strict-1",
    title: "Strict 1",
    known_since: 0,
    is_retired: false,
    inputs: Choice::Only(&[Input::Text, Input::FirstFrame]),
    most_images: 3,
    image_form: ImageForm { data_url: false, webp: false, largest: Some((8, "8 bytes")) },
    longest_prompt: Some(10),
    seconds: Numbers::Only(&[5, 10]),
    default_seconds: Some(5),
    ratios: Choice::Only(&["16:9", "1:1"]),
    default_ratio: Some("16:9"),
    ratio_with: &[Input::Text],
    needs_ratio: false,
    resolutions: Choice::Only(&[SMALL]),
    resolution_field: Some("quality"),
    fps: Some(24),
    has_sound: None,
    seed: Some(Numbers::Range(0, 9)),
    options: &[
        &[
            Opt::word("sound", &["on", "off"]),
            Opt::known_word("style", &["general"]),
            Opt::flag("loop"),
            Opt::new(
                "shots",
                OptKind::Objects(Some(1), &[Opt::new("text", OptKind::Text(Some(4)))]),
            ),
            Opt::new("masks", OptKind::Objects(None, &[Opt::new("images", OptKind::Images)])),
        ],
        &[
            Opt::new("scale", OptKind::Number(0.0, 1.0)),
            Opt::new("frames", OptKind::Whole(Numbers::Only(&[1, 2]))),
            Opt::new("mask", OptKind::Image).only_with(&[Input::FirstFrame]),
        ],
    ],
};
const OPEN: Model = Model {
    name: "*",
    inputs: Choice::Known(&[Input::Text]),
    longest_prompt: None,
    seconds: Numbers::AtLeast(1),
    ratios: Choice::Guessed(&["16:9"]),
    resolutions: Choice::Known(&[SMALL, FULL]),
    options: &[&[Opt::text("move").required()]],
    ..STRICT
};

const A: &str = "https://i.example/a.png";
const B: &str = "https://i.example/b.png";
const PNG: &str = "iVBORw0KGgo=";

/// What is sent for a minimal request to which something is added.
fn translate(model: &str, added: &Value) -> Result<(Value, Vec<Warning>), ApiError> {
    let mut body = json!({ "model": model, "prompt": "a tide" });
    body.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
    let request = request::read(&HeaderMap::new(), body.to_string().as_bytes())?;
    let mut reader = Reader::new(request.generation, MODELS);
    reader.own_images(&["images", "files"])?;
    reader.last_frame()?;
    reader.read_input(false)?;
    let mut sent = json!({
        "prompt": reader.prompt()?,
        "seconds": reader.seconds(Some("duration"))?,
        "seed": reader.seed()?,
        "ratio": reader.ratio()?,
        "quality": reader.resolution(&[SMALL, FULL])?,
    });
    reader.fps();
    sent.as_object_mut().unwrap().extend(reader.options()?);
    sent["images"] = reader.encoded_images()?.into();
    sent.as_object_mut().unwrap().retain(|_, value| !value.is_null() && *value != json!([]));
    let translation = reader.finish("Somebody's endpoint", "endpoint".to_owned(), &sent);
    let warnings = [request.warnings, translation.warnings].concat();
    Ok((serde_json::from_slice(&translation.body).expect("JSON"), warnings))
}

#[test]
fn what_a_row_allows_is_sent_as_it_was_meant() {
    let data_url = format!("data:image/png;base64,{PNG}");
    let rows = [
        ("strict-1", json!({}), json!({"prompt":"a tide"}), "nothing is made up"),
        (
            "strict-1",
            json!({"prompt":"0123456789"}),
            json!({"prompt":"0123456789"}),
            "a prompt as long as it may be",
        ),
        (
            "plain-1",
            json!({"duration":2}),
            json!({"prompt":"a tide","seconds":2}),
            "the shortest video",
        ),
        (
            "references-1",
            json!({"images":[A,A,B]}),
            json!({"prompt":"a tide","images":[A,A,B]}),
            "as many images as it may be",
        ),
        (
            "strict-1",
            json!({"seed":9,"metadata":{"scale":1,"shots":[{"text":"4444"}]}}),
            json!({"prompt":"a tide","seed":9,"scale":1.0,"shots":[{"text":"4444"}]}),
            "the ends of what is allowed",
        ),
        (
            "strict-1",
            json!({"metadata":{"scale":"0.5","frames":"2","loop":true,"style":"new"}}),
            json!({"prompt":"a tide","scale":0.5,"frames":2,"loop":true,"style":"new"}),
            "numbers may be text, and a known word may be followed by a new one",
        ),
        (
            "strict-1",
            json!({"image":data_url,"metadata":{"mask":data_url,"masks":[{"images":[data_url],"x":1}]}}),
            json!({"prompt":"a tide","images":[PNG],"mask":PNG,"masks":[{"images":[PNG],"x":1}]}),
            "images in the model's form, wherever they are",
        ),
        (
            "strict-2",
            json!({"duration":60,"metadata":{"aspect_ratio":"2:1","quality":"8k","move":"x"}}),
            json!({"prompt":"a tide","seconds":60,"ratio":"2:1","quality":"8k","move":"x"}),
            "a family has no hard rules",
        ),
    ];
    for (model, added, sent, reason) in rows {
        assert_eq!(translate(model, &added).expect(reason), (sent, Vec::new()), "{reason}");
    }
}

#[test]
fn inputs_and_resolutions_have_the_words_that_programs_know() {
    let words = ["text", "first_frame", "first_and_last_frame", "last_frame", "references"];
    assert_eq!(
        [
            Input::Text,
            Input::FirstFrame,
            Input::FirstAndLastFrame,
            Input::LastFrame,
            Input::References,
        ]
        .map(Input::as_str),
        words
    );
    for (class, name) in [(720, "720p"), (1080, "1080p"), (2160, "4k")] {
        assert_eq!(Resolution::new("any", class).common_name(), name);
    }
}

#[test]
fn an_image_that_is_too_large_is_told_how_large_it_may_be() {
    let error = translate("strict-1", &json!({"image":"iVBORw0KGgoA"})).expect_err("nine bytes");
    assert_eq!((error.status().as_u16(), error.body.param.as_deref()), (413, Some("image")));
    assert_eq!(error.body.message, "`image` has 9 bytes; strict-1 takes images up to 8 bytes.");
}
