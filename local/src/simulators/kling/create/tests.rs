//! What is taken and what is refused, a row for each reason.

use serde_json::{Value, json};

use super::super::models::Endpoint::{self, NewImage, NewOmni, NewText, OldImage, OldText};
use super::super::refusal::Code::{self, *};
use super::*;

const PICTURE: &str = "https://img.example.com/a.jpg";
const PIXELS: &str = "iVBORw0KGgo=";

/// Of the new design the model is beside the body, here as a member `model`.
fn read(endpoint: Endpoint, body: &Value) -> Result<Generation, Refusal> {
    let mut body = body.clone();
    match body.as_object_mut().and_then(|map| map.remove("model")) {
        Some(model) => new::read(endpoint, model.as_str().unwrap(), body.to_string().as_bytes()),
        None => old::read(endpoint, body.to_string().as_bytes()),
    }
}

#[test]
fn a_good_body_is_taken() {
    let prompt = json!({"type": "prompt", "text": "x"});
    let first = json!({"type": "first_frame", "url": PICTURE});
    let last = json!({"type": "last_frame", "url": PIXELS});
    let rows = [
        (OldText, json!({"prompt": "x"}), 5, Quality::Standard, "the least that is required"),
        (
            OldText,
            json!({
                "model_name": "kling-v3", "prompt": "x", "negative_prompt": "y", "cfg_scale": 0.7,
                "mode": "4k", "aspect_ratio": "9:16", "duration": "15", "sound": "on",
                "multi_shot": true, "shot_type": "customize",
                "multi_prompt": [{"index": 1, "prompt": "one", "duration": "15"}],
                "watermark_info": {"enabled": true}, "external_task_id": "vg-1",
                "callback_url": "http://127.0.0.1:1/v1/callbacks/kling/t",
            }),
            15,
            Quality::Highest,
            "all that text takes",
        ),
        (
            OldImage,
            json!({
                "model_name": "kling-v1", "image": PICTURE, "image_tail": PICTURE,
                "prompt": "x", "negative_prompt": "y", "duration": "5", "mode": "pro",
                "external_task_id": "vg-1", "callback_url": "http://127.0.0.1:1/",
            }),
            5,
            Quality::High,
            "the example of the documentation",
        ),
        (
            OldText,
            json!({"prompt": "x", "camera_control": {"type": "simple", "config": {"zoom": -10, "pan": 0}}}),
            5,
            Quality::Standard,
            "a camera along one axis",
        ),
        (
            OldText,
            json!({"prompt": "x", "camera_control": {"type": "down_back"}}),
            5,
            Quality::Standard,
            "a camera that knows its way",
        ),
        (
            OldImage,
            json!({
                "image": PIXELS, "static_mask": PICTURE,
                "dynamic_masks": [{"mask": PIXELS, "trajectories": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}],
            }),
            5,
            Quality::Standard,
            "an image needs no prompt",
        ),
        (
            OldImage,
            json!({"model_name": "kling-v1-6", "image_tail": PIXELS, "mode": "pro"}),
            5,
            Quality::High,
            "a last frame alone",
        ),
        (
            OldImage,
            json!({"model_name": "kling-v2-6", "image": PICTURE, "mode": "pro", "sound": "on", "voice_list": [{"voice_id": "v"}]}),
            5,
            Quality::High,
            "a voice",
        ),
        (
            OldImage,
            json!({"model_name": "kling-v3", "image": PICTURE, "element_list": [{"element_id": 1}]}),
            5,
            Quality::Standard,
            "an element",
        ),
        (
            NewText,
            json!({"model": "kling-3.0", "prompt": "x", "settings": {
                "resolution": "4k", "aspect_ratio": "1:1", "duration": 3, "audio": "native", "multi_shot": false,
            }, "options": {"callback_url": "", "external_task_id": "", "watermark_info": {"enabled": false}}}),
            3,
            Quality::Highest,
            "all that text takes in the new design; what is empty is absent",
        ),
        (
            NewImage,
            json!({"model": "kling-2.6", "contents": [prompt, first, last], "settings": {"resolution": "1080p", "duration": 10}}),
            10,
            Quality::High,
            "two frames",
        ),
        (
            NewImage,
            json!({"model": "kling-2.6", "contents": [prompt, first, {"type": "voice", "voice_id": "v", "id": "1"}],
                "settings": {"resolution": "1080p", "audio": "native"}}),
            5,
            Quality::High,
            "a voice needs sound",
        ),
        (
            NewOmni,
            json!({"model": "kling-o1", "contents": [prompt]}),
            5,
            Quality::Standard,
            "text alone",
        ),
        (
            NewOmni,
            json!({"model": "kling-3.0-omni", "contents": [prompt, first, last, {"type": "element", "element_id": "163", "id": "e"}],
                "settings": {"audio": "original", "aspect_ratio": "16:9"}}),
            5,
            Quality::Standard,
            "frames and an element",
        ),
        (
            NewText,
            json!({"model": "kling-2.5-turbo", "prompt": "an unforbidden place"}),
            5,
            Quality::Standard,
            "a part of another word is no word",
        ),
    ];
    for (endpoint, body, seconds, quality, reason) in rows {
        match read(endpoint, &body) {
            Ok(read) => assert_eq!((read.seconds, read.quality), (seconds, quality), "{reason}"),
            Err(refusal) => panic!("{reason}: {refusal:?}"),
        }
    }
}

/// Each row changes one member of a body that is taken; `null` takes it out.
#[test]
fn a_bad_body_is_refused_by_name() {
    let good = |endpoint| match endpoint {
        OldText => json!({"model_name": "kling-v2-6", "prompt": "x"}),
        OldImage => json!({"model_name": "kling-v2-6", "image": PICTURE}),
        NewText => json!({"model": "kling-3.0", "prompt": "x"}),
        NewImage => json!({"model": "kling-3.0", "contents": [
            {"type": "prompt", "text": "x"}, {"type": "first_frame", "url": PICTURE},
        ]}),
        NewOmni => json!({"model": "kling-o1", "contents": [{"type": "prompt", "text": "x"}]}),
    };
    let none = Value::Null;
    let long = || json!("x".repeat(2501));
    let rows = [
        (OldText, "fps", json!(24), InvalidParameter, "fps"),
        (OldText, "seed", json!(1), InvalidParameter, "seed"),
        (OldText, "image", json!(PICTURE), InvalidParameter, "image"),
        (OldText, "voice_list", json!([]), InvalidParameter, "voice_list"),
        (OldText, "settings", json!({}), InvalidParameter, "settings"),
        (
            OldText,
            "camera_control",
            json!({"type": "down_back"}),
            InvalidParameter,
            "camera_control",
        ),
        (OldText, "cfg_scale", json!(0.5), InvalidParameter, "cfg_scale"),
        (OldText, "multi_shot", json!(true), InvalidParameter, "multi_shot"),
        (OldText, "duration", json!(5), InvalidParameter, "duration"),
        (OldText, "duration", json!("7"), InvalidParameter, "duration value '7' is invalid"),
        (OldText, "duration", json!("5.0"), InvalidParameter, "duration"),
        (OldText, "mode", json!("4k"), InvalidParameter, "mode"),
        (OldText, "mode", json!("1080p"), InvalidParameter, "mode"),
        (OldText, "aspect_ratio", json!("4:3"), InvalidParameter, "aspect_ratio"),
        (OldText, "sound", json!(true), InvalidParameter, "sound"),
        (OldText, "sound", json!("on"), InvalidParameter, "sound"),
        (OldText, "prompt", none.clone(), InvalidParameter, "prompt"),
        (OldText, "prompt", json!(""), InvalidParameter, "prompt"),
        (OldText, "prompt", long(), InvalidParameter, "prompt"),
        (OldText, "negative_prompt", long(), InvalidParameter, "negative_prompt"),
        (OldText, "callback_url", json!("/v1"), InvalidParameter, "callback_url"),
        (OldText, "watermark_info", json!(true), InvalidParameter, "watermark_info"),
        (OldText, "external_task_id", json!(1), InvalidParameter, "external_task_id"),
        (OldText, "model_name", json!("kling-v9"), NoSuchResource, "model"),
        (OldText, "model_name", json!("kling-2.6"), NoSuchResource, "model"),
        (OldText, "model_name", json!("kling-v2-1"), InvalidParameter, "model_name"),
        (OldText, "prompt", json!("a Forbidden, city"), ContentSafety, "risk control"),
        (OldImage, "aspect_ratio", json!("16:9"), InvalidParameter, "aspect_ratio"),
        (OldImage, "image", none.clone(), InvalidParameter, "image"),
        (
            OldImage,
            "image",
            json!("data:image/png;base64,iVBORw0KGgo="),
            InvalidParameter,
            "base64",
        ),
        (OldImage, "image", json!("UklGRgAAAABXRUJQ"), InvalidParameter, "format"),
        (OldImage, "image", json!("ftp://a/b.png"), InvalidParameter, "base64"),
        (OldImage, "image", json!([PICTURE]), InvalidParameter, "image"),
        (OldImage, "image_tail", json!(PICTURE), InvalidParameter, "image_tail"),
        (OldImage, "element_list", json!([]), InvalidParameter, "element_list"),
        (OldImage, "voice_list", json!([{}]), InvalidParameter, "voice_list"),
        (
            OldImage,
            "dynamic_masks",
            json!([{"mask": PICTURE, "trajectories": []}]),
            InvalidParameter,
            "trajectories",
        ),
        (NewText, "model", json!("kling-o1"), NoSuchResource, "model"),
        (NewText, "model", json!("kling-v3"), NoSuchResource, "model"),
        (NewText, "negative_prompt", json!("y"), InvalidParameter, "negative_prompt"),
        (NewText, "contents", json!([]), InvalidParameter, "contents"),
        (NewText, "duration", json!(5), InvalidParameter, "duration"),
        (NewText, "settings", json!({"duration": "5"}), InvalidParameter, "settings.duration"),
        (NewText, "settings", json!({"duration": 2}), InvalidParameter, "settings.duration"),
        (
            NewText,
            "settings",
            json!({"resolution": "pro"}),
            InvalidParameter,
            "settings.resolution",
        ),
        (NewText, "settings", json!({"aspect_ratio": "4:3"}), InvalidParameter, "aspect_ratio"),
        (NewText, "settings", json!({"audio": "original"}), InvalidParameter, "settings.audio"),
        (NewText, "settings", json!({"mode": "pro"}), InvalidParameter, "settings.mode"),
        (NewText, "options", json!({"seed": 1}), InvalidParameter, "options.seed"),
        (NewText, "prompt", json!("x".repeat(3073)), InvalidParameter, "prompt"),
        (NewText, "prompt", json!("forbidden"), ContentSafety, "risk control"),
        (NewImage, "prompt", json!("x"), InvalidParameter, "prompt"),
        (NewImage, "contents", none.clone(), InvalidParameter, "contents"),
        (
            NewImage,
            "contents",
            json!([{"type": "prompt", "text": "x"}]),
            InvalidParameter,
            "first_frame",
        ),
        (
            NewImage,
            "contents",
            json!([{"type": "first_frame", "url": PICTURE}]),
            InvalidParameter,
            "prompt",
        ),
        (
            NewImage,
            "contents",
            json!([{"type": "voice", "voice_id": "v", "id": "1"}]),
            InvalidParameter,
            "contents.type",
        ),
        (
            NewImage,
            "contents",
            json!([{"type": "prompt", "url": "x"}]),
            InvalidParameter,
            "contents.prompt",
        ),
        (
            NewImage,
            "contents",
            json!([{"type": "prompt", "text": "x"}, {"type": "prompt", "text": "y"}]),
            InvalidParameter,
            "contents.prompt",
        ),
        (NewImage, "settings", json!({"aspect_ratio": "16:9"}), InvalidParameter, "aspect_ratio"),
        (NewOmni, "model", json!("kling-3.0"), NoSuchResource, "model"),
        (NewOmni, "settings", json!({"duration": 7}), InvalidParameter, "settings.duration"),
        (NewOmni, "settings", json!({"resolution": "4k"}), InvalidParameter, "resolution"),
        (NewOmni, "settings", json!({"multi_shot": true}), InvalidParameter, "multi_shot"),
        (
            NewOmni,
            "contents",
            json!([{"type": "prompt", "text": "x"}, {"type": "last_frame", "url": PICTURE}]),
            InvalidParameter,
            "first_frame",
        ),
    ];
    for (endpoint, member, value, code, named) in rows {
        let mut body = good(endpoint);
        if value.is_null() {
            body.as_object_mut().unwrap().remove(member);
        } else {
            body[member] = value;
        }
        check_refusal(endpoint, &body, code, named);
    }
}

#[test]
fn members_that_do_not_go_together_are_refused() {
    let prompt = json!({"type": "prompt", "text": "x"});
    let first = json!({"type": "first_frame", "url": PICTURE});
    let last = json!({"type": "last_frame", "url": PICTURE});
    let camera = json!({"type": "simple", "config": {"zoom": 1}});
    let rows = [
        (
            OldImage,
            json!({"image": PICTURE, "image_tail": PICTURE, "camera_control": camera}),
            "exclude each other",
        ),
        (
            OldImage,
            json!({"image": PICTURE, "static_mask": PICTURE, "camera_control": camera}),
            "exclude each other",
        ),
        (
            OldText,
            json!({"prompt": "x", "duration": "10", "camera_control": camera}),
            "camera_control",
        ),
        (
            OldText,
            json!({"prompt": "x", "mode": "pro", "camera_control": camera}),
            "camera_control",
        ),
        (
            OldText,
            json!({"prompt": "x", "camera_control": {"type": "simple", "config": {"zoom": 1, "pan": 1}}}),
            "camera_control",
        ),
        (
            OldText,
            json!({"prompt": "x", "camera_control": {"type": "down_back", "config": {"zoom": 1}}}),
            "camera_control",
        ),
        (
            OldImage,
            json!({"image": PICTURE, "image_tail": PICTURE, "duration": "10"}),
            "image_tail",
        ),
        (
            OldImage,
            json!({"model_name": "kling-v2-master", "image": PICTURE, "image_tail": PICTURE}),
            "image_tail",
        ),
        (OldText, json!({"model_name": "kling-v2-master", "prompt": "x", "mode": "std"}), "mode"),
        (
            OldImage,
            json!({"model_name": "kling-v2-6", "image": PICTURE, "image_tail": PICTURE, "mode": "pro", "sound": "on"}),
            "sound",
        ),
        (
            OldText,
            json!({"model_name": "kling-v3", "prompt": "x", "multi_shot": true, "shot_type": "customize"}),
            "multi_prompt",
        ),
        (
            NewImage,
            json!({"model": "kling-3.0-turbo", "contents": [prompt, first, last]}),
            "contents.type",
        ),
        (
            NewImage,
            json!({"model": "kling-2.5-turbo", "contents": [prompt, first, last]}),
            "settings.resolution",
        ),
        (
            NewText,
            json!({"model": "kling-2.6", "prompt": "x", "settings": {"audio": "native"}}),
            "settings.resolution",
        ),
        (
            NewImage,
            json!({"model": "kling-2.6", "contents": [prompt, first, last], "settings": {"resolution": "1080p", "audio": "native"}}),
            "settings.audio",
        ),
    ];
    for (endpoint, body, named) in rows {
        check_refusal(endpoint, &body, InvalidParameter, named);
    }
}

#[test]
fn a_body_that_is_no_object_is_a_bad_request() {
    for body in ["", "{", "[]", "null", "\"text\""] {
        let refusal = old::read(OldText, body.as_bytes()).unwrap_err();
        assert_eq!(refusal.code, InvalidRequest, "{body}");
        let refusal = new::read(NewText, "kling-3.0", body.as_bytes()).unwrap_err();
        assert_eq!(refusal.code, InvalidRequest, "{body}");
    }
}

fn check_refusal(endpoint: Endpoint, body: &Value, code: Code, named: &str) {
    let shown: String = body.to_string().chars().take(200).collect();
    match read(endpoint, body) {
        Ok(_) => panic!("{endpoint:?} takes {shown}"),
        Err(refusal) => {
            assert_eq!(refusal.code, code, "{endpoint:?} {shown}");
            assert!(refusal.message.contains(named), "{refusal:?} {shown}");
        }
    }
}
