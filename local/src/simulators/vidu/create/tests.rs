//! What is taken and what is refused, a row for each reason.

use serde_json::json;

use super::Endpoint::{Image, Reference, StartEnd, Text};
use super::Reason::*;
use super::*;

const PICTURE: &str = "https://img.example.com/a.jpg";
const PIXELS: &str = "data:image/png;base64,iVBORw0KGgo=";

#[test]
fn a_good_body_is_taken() {
    let rows = [
        (Text, json!({"model": "viduq1", "prompt": "x"}), "the least that is required"),
        (
            Text,
            json!({
                "model": "viduq2", "prompt": "x", "duration": 10, "seed": 7, "resolution": "540p",
                "aspect_ratio": "4:3", "movement_amplitude": "large", "style": "anime",
                "bgm": true, "audio": false, "payload": "p", "off_peak": true, "watermark": true,
                "wm_position": 4, "wm_url": PICTURE, "meta_data": "{}",
                "callback_url": "http://127.0.0.1:1/v1/callbacks/vidu/t",
            }),
            "all that text takes",
        ),
        (
            Image,
            json!({"model": "viduq2-turbo", "images": [PICTURE], "voice_id": "v", "is_rec": true, "audio_type": "all"}),
            "an image needs no prompt",
        ),
        (
            StartEnd,
            json!({"model": "viduq1", "images": [PIXELS, "data:image/png;base64,iVBORw0KGgp="]}),
            "base64 with bits behind the last byte",
        ),
        (
            Reference,
            json!({"model": "viduq2", "images": vec![PICTURE; 7], "prompt": "x"}),
            "seven images",
        ),
        (
            Reference,
            json!({"model": "viduq2-pro", "prompt": "@cat runs", "videos": [PICTURE], "subjects": [
                {"name": "cat", "images": [PICTURE, PIXELS], "voice_id": "v"}, {"id": "1"},
            ]}),
            "subjects instead of images",
        ),
        (
            Text,
            json!({"model": "viduq1", "prompt": "an unforbidden place"}),
            "a part of another word is no word",
        ),
    ];
    for (endpoint, body, reason) in rows {
        let read = Generation::read(endpoint, body.to_string().as_bytes());
        assert!(read.is_ok(), "{reason}: {:?}", read.unwrap_err());
    }
}

#[test]
fn defaults_are_filled_in_as_the_model_has_them() {
    let rows = [
        (
            Text,
            json!({"model": "viduq1", "prompt": "x", "seed": 0}),
            (5, Resolution::P1080, Some(AspectRatio::Wide), None),
            "one duration, one resolution; seed 0 is any seed",
        ),
        (
            Reference,
            json!({"model": "viduq3", "prompt": "x", "images": [PICTURE]}),
            (5, Resolution::P720, Some(AspectRatio::Wide), Some(true)),
            "the third generation speaks",
        ),
        (
            Image,
            json!({"model": "vidu2.0", "images": [PICTURE]}),
            (4, Resolution::P360, None, None),
            "an image brings its own aspect ratio",
        ),
        (
            Image,
            json!({"model": "vidu2.0", "images": [PICTURE], "duration": 8}),
            (8, Resolution::P720, None, None),
            "the longer duration has another default",
        ),
    ];
    for (endpoint, body, expected, reason) in rows {
        let read = Generation::read(endpoint, body.to_string().as_bytes()).unwrap();
        let found = (read.duration, read.resolution, read.aspect_ratio, read.audio);
        assert_eq!(found, expected, "{reason}");
        assert_eq!(read.seed, None, "{reason}");
    }
}

/// Each row changes one member of a body that is taken; `null` takes it out.
#[test]
fn a_bad_body_is_refused_by_name() {
    let good = |endpoint| match endpoint {
        Text => json!({"model": "vidu1.5", "prompt": "x"}),
        Image => json!({"model": "viduq2-pro", "images": [PICTURE]}),
        StartEnd => json!({"model": "viduq2-pro", "images": [PICTURE, PIXELS]}),
        Reference => json!({"model": "viduq2-pro", "prompt": "x", "images": [PICTURE]}),
    };
    let gif = "data:image/gif;base64,AAAA";
    let torn = "data:image/png;base64,A";
    let empty = "data:image/png;base64,";
    let rows = [
        (Text, "fps", json!(24), FieldUnwanted),
        (Text, "images", json!([PICTURE]), FieldUnwanted),
        (Text, "voice_id", json!("v"), FieldUnwanted),
        (Image, "aspect_ratio", json!("16:9"), FieldUnwanted),
        (Image, "style", json!("anime"), FieldUnwanted),
        (Image, "subjects", json!([]), FieldUnwanted),
        (StartEnd, "aspect_ratio", json!("16:9"), FieldUnwanted),
        (StartEnd, "is_rec", json!(true), FieldUnwanted),
        (Reference, "style", json!("anime"), FieldUnwanted),
        (Text, "model", Value::Null, FieldLacking),
        (Text, "model", json!(""), FieldLacking),
        (Text, "prompt", Value::Null, FieldLacking),
        (Reference, "prompt", json!(""), FieldLacking),
        (Image, "images", Value::Null, FieldLacking),
        (Text, "prompt", json!("x".repeat(5001)), FieldInvalid),
        (Text, "duration", json!("4"), FieldInvalid),
        (Text, "duration", json!(4.0), FieldInvalid),
        (Text, "duration", json!(5), FieldInvalid),
        (StartEnd, "duration", json!(9), FieldInvalid),
        (Text, "seed", json!(-1), FieldInvalid),
        (Text, "resolution", json!("1920x1080"), FieldInvalid),
        (Text, "resolution", json!("540p"), FieldInvalid),
        (Text, "aspect_ratio", json!("21:9"), FieldInvalid),
        (Text, "aspect_ratio", json!("4:3"), FieldInvalid),
        (Text, "movement_amplitude", json!("huge"), FieldInvalid),
        (Text, "style", json!("noir"), FieldInvalid),
        (Text, "bgm", json!("true"), FieldInvalid),
        (Text, "wm_position", json!(5), FieldInvalid),
        (Text, "wm_url", json!("logo.png"), FieldInvalid),
        (Text, "callback_url", json!("/v1"), FieldInvalid),
        (Text, "payload", json!("x".repeat(1_048_577)), FieldInvalid),
        (Image, "images", json!(PICTURE), FieldInvalid),
        (Reference, "videos", json!(["a.mp4"]), FieldInvalid),
        (Image, "images", json!([]), FieldItemCountOutOfRange),
        (Image, "images", json!([PICTURE, PIXELS]), FieldItemCountOutOfRange),
        (StartEnd, "images", json!([PICTURE]), FieldItemCountOutOfRange),
        (Reference, "images", json!(vec![PICTURE; 8]), FieldItemCountOutOfRange),
        (Image, "images", json!(["iVBORw0KGgo="]), ImageFormatInvalid),
        (Image, "images", json!(["ftp://a/b.png"]), ImageFormatInvalid),
        (Image, "images", json!([gif]), ImageFormatInvalid),
        (Image, "images", json!([torn]), ImageFormatInvalid),
        (Image, "images", json!([empty]), ImageFormatInvalid),
        (Text, "model", json!("viduq9"), ModelUnavailable),
        (Text, "model", json!("viduq2-pro"), ModelUnavailable),
        (Reference, "model", json!("viduq3-pro"), ModelUnavailable),
        (Text, "prompt", json!("a Forbidden, city"), TaskPromptPolicyViolation),
    ];
    for (endpoint, member, value, reason) in rows {
        let mut body = good(endpoint);
        if value.is_null() {
            body.as_object_mut().unwrap().remove(member);
        } else {
            body[member] = value;
        }
        // The one message that does not name the member.
        let image = reason == ImageFormatInvalid;
        let named = if image { "invalid image format" } else { member };
        check_refusal(endpoint, &body, reason, named);
    }
}

#[test]
fn members_that_do_not_go_together_are_refused() {
    let rows = [
        (
            Text,
            json!({"model": "vidu1.5", "prompt": "x", "duration": 8, "resolution": "1080p"}),
            FieldInvalid,
            "field resolution is invalid",
        ),
        (
            Reference,
            json!({"model": "viduq2", "prompt": "x", "images": [PICTURE], "subjects": []}),
            FieldUnwanted,
            "field images is unwanted",
        ),
        (
            Reference,
            json!({"model": "viduq2", "prompt": "x", "images": [PICTURE], "videos": [PICTURE]}),
            FieldInvalid,
            "field videos is invalid",
        ),
    ];
    for (endpoint, body, reason, message) in rows {
        check_refusal(endpoint, &body, reason, message);
    }
}

#[test]
fn a_bad_subject_is_refused_by_name() {
    let rows = [
        (json!([]), FieldItemCountOutOfRange, "subjects count"),
        (json!([{"images": [PICTURE]}]), FieldLacking, "field subjects.name"),
        (json!([{"name": "cat"}]), FieldLacking, "field subjects.images"),
        (
            json!([{"name": "cat", "images": vec![PICTURE; 4]}]),
            FieldItemCountOutOfRange,
            "subjects.images",
        ),
        (json!([{"name": "cat", "images": ["AAAA"]}]), ImageFormatInvalid, "image"),
        (json!([{"id": "1", "age": 3}]), FieldUnwanted, "field subjects.age"),
    ];
    for (subjects, reason, message) in rows {
        let body = json!({"model": "viduq2", "prompt": "x", "subjects": subjects});
        check_refusal(Reference, &body, reason, message);
    }
}

#[test]
fn a_body_that_is_no_object_is_a_bad_request() {
    for body in ["", "{", "[]", "null", "\"text\""] {
        let refusal = Generation::read(Text, body.as_bytes()).unwrap_err();
        assert_eq!(refusal.reason, BadRequest, "{body}");
    }
    let body = json!({"model": "viduq1", "prompt": null});
    check_refusal(Text, &body, FieldInvalid, "field prompt");
}

fn check_refusal(endpoint: Endpoint, body: &Value, reason: Reason, message: &str) {
    let refusal = Generation::read(endpoint, body.to_string().as_bytes()).unwrap_err();
    let shown: String = body.to_string().chars().take(200).collect();
    assert_eq!(refusal.reason, reason, "{endpoint:?} {shown}");
    assert!(refusal.message.contains(message), "{refusal:?} {shown}");
}
