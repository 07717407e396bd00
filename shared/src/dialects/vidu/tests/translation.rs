//! The rules of translation, one a row with its reason.

use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{at, vidu};
use crate::api::{ApiError, Warning, request};
use crate::dialects::contract::{Dialect, SubmitContext};
use crate::dialects::testing;
use crate::task::{RETENTION, TaskId};

const CALLBACK_URL: &str = "https://gw.example.com/v1/callbacks/vidu/token";

/// What Vidu is sent for a client's body: endpoint, body and warnings, or the error.
fn translate(body: &Value) -> Result<(String, Value, Vec<Warning>), ApiError> {
    let request = request::read(&HeaderMap::new(), body.to_string().as_bytes())?;
    let task_id: TaskId = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().unwrap();
    let context = SubmitContext { task_id: &task_id, callback_url: CALLBACK_URL, now: at(0) };
    let submission = vidu("key").submit(request.generation, &context)?;
    let path = format!("/ent/v2/{}", submission.endpoint);
    assert_eq!(submission.request.uri().path(), path);
    let body = serde_json::from_slice(submission.request.body()).expect("JSON");
    Ok((submission.endpoint, body, submission.warnings))
}

#[test]
fn only_an_off_peak_task_may_take_two_days() {
    let rows = [(json!({}), 24), (json!({"off_peak": false}), 24), (json!({"off_peak": true}), 50)];
    for (options, hours) in rows {
        let body = json!({ "model": "viduq1", "prompt": "a tide", "metadata": options });
        let request = request::read(&HeaderMap::new(), body.to_string().as_bytes()).unwrap();
        let task_id = testing::task_id();
        let context = SubmitContext { task_id: &task_id, callback_url: CALLBACK_URL, now: at(0) };
        let submission = vidu("key").submit(request.generation, &context).unwrap();
        assert_eq!(submission.deadline, SignedDuration::from_hours(hours), "{options}");
        assert!(submission.deadline < RETENTION, "{options}");
    }
}

#[test]
fn the_request_of_the_public_documentation_is_sent_word_for_word() {
    let body = json!({"model":"viduq1","prompt":"An astronaut in a spacesuit walking on the moon, high quality, cinematic","size":"1920x1080",
        "image":"https://prod-ss-images.s3.cn-northwest-1.amazonaws.com.cn/vidu-maas/template/image2video.png","duration":5,
        "metadata":{"duration":5,"seed":0,"resolution":"1080p","movement_amplitude":"auto","bgm":false,"payload":"","callback_url":"https://your-callback-url.com/webhook"}});
    let (endpoint, sent, _) = translate(&body).unwrap();
    assert_eq!(endpoint, "img2video");
    assert_eq!(
        sent,
        json!({
            "model": "viduq1",
            "images": ["https://prod-ss-images.s3.cn-northwest-1.amazonaws.com.cn/vidu-maas/template/image2video.png"],
            "prompt": "An astronaut in a spacesuit walking on the moon, high quality, cinematic",
            "duration": 5,
            "seed": 0,
            "resolution": "1080p",
            "movement_amplitude": "auto",
            "bgm": false,
            "payload": "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b",
            "callback_url": CALLBACK_URL,
        })
    );
}

/// Model, what is added to a minimal request, endpoint, what is sent, what is warned about, why.
type Rule<'a> = (&'a str, Value, &'a str, Value, &'a [&'a str], &'a str);

/// One rule a row: what is added to a minimal request, what then is in the
/// body that Vidu gets (`null`: the field is not sent), and which fields are warned about.
fn check_translation(
    model: &str,
    added: Value,
    endpoint: &str,
    sent: Value,
    warned: &[&str],
    reason: &str,
) {
    let mut body = json!({ "model": model, "prompt": "a tide" });
    body.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
    let (got_endpoint, got, warnings) =
        translate(&body).unwrap_or_else(|error| panic!("{reason}: {error:?}"));
    assert_eq!(got_endpoint, endpoint, "{reason}");
    for (field, expected) in sent.as_object().unwrap() {
        assert_eq!(got.get(field).unwrap_or(&Value::Null), expected, "{field}: {reason}");
    }
    let params: Vec<_> = warnings.iter().map(|warning| warning.param.as_str()).collect();
    assert_eq!(params, warned, "{reason}");
}

#[test]
fn every_field_is_translated_or_warned_about() {
    let (a, b, c) =
        ("https://i.example/a.png", "https://i.example/b.png", "https://i.example/c.png");
    let png = "data:image/png;base64,iVBORw0KGgo=";
    let (text, image, frames, references) =
        ("text2video", "img2video", "start-end2video", "reference2video");
    let rows: &[Rule] = &[
        (
            "viduq1",
            json!({}),
            text,
            json!({"images":null,"duration":null,"seed":null,"resolution":null,"aspect_ratio":null,"payload":"0198a1b2c3d47e5f8a9b0c1d2e3f4a5b"}),
            &[],
            "what is absent stays the vendor's choice; our id finds the task",
        ),
        (
            "viduq1",
            json!({"image":a}),
            image,
            json!({"images":[a]}),
            &[],
            "one image is the first frame",
        ),
        (
            "viduq1",
            json!({"images":[a,b]}),
            frames,
            json!({"images":[a,b]}),
            &[],
            "two are first and last",
        ),
        (
            "viduq1",
            json!({"image":a,"images":[b,c]}),
            references,
            json!({"images":[a,b,c]}),
            &[],
            "three are references",
        ),
        (
            "viduq1",
            json!({"image":a,"metadata":{"image_tail":b}}),
            frames,
            json!({"images":[a,b]}),
            &[],
            "another vendor's name for the last frame",
        ),
        (
            "viduq1",
            json!({"image":a,"metadata":{"images":[b,c]}}),
            frames,
            json!({"images":[b,c]}),
            &["image"],
            "the vendor's own field wins",
        ),
        (
            "viduq1",
            json!({"image":"iVBORw0KGgo="}),
            image,
            json!({"images":[png]}),
            &[],
            "raw base64 needs its prefix here",
        ),
        (
            "viduq1",
            json!({"image":png}),
            image,
            json!({"images":[png]}),
            &[],
            "a data URL stays one",
        ),
        (
            "viduq2",
            json!({"image":a}),
            references,
            json!({"images":[a]}),
            &["image"],
            "this model has references only",
        ),
        (
            "viduq2",
            json!({"metadata":{"subjects":[{"name":"cat","images":["iVBORw0KGgo="]}]}}),
            references,
            json!({"subjects":[{"name":"cat","images":[png]}],"images":null}),
            &[],
            "subjects instead of images",
        ),
        (
            "viduq1",
            json!({"size":"1920x1080"}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"1080p"}),
            &[],
            "a size is a ratio and a resolution",
        ),
        (
            "viduq2",
            json!({"width":960,"height":720}),
            text,
            json!({"aspect_ratio":"4:3","resolution":"720p"}),
            &[],
            "q2 knows 4:3",
        ),
        (
            "viduq2",
            json!({"size":"720x1280"}),
            text,
            json!({"aspect_ratio":"9:16","resolution":"720p"}),
            &[],
            "upright",
        ),
        (
            "viduq2-turbo",
            json!({"size":"1280x720","image":a}),
            image,
            json!({"aspect_ratio":null,"resolution":"720p"}),
            &["size"],
            "the image brings the ratio",
        ),
        (
            "viduq2",
            json!({"size":"1280x720","metadata":{"resolution":"1080p","aspect_ratio":"1:1"}}),
            text,
            json!({"aspect_ratio":"1:1","resolution":"1080p"}),
            &["size", "size"],
            "metadata wins and says so",
        ),
        (
            "viduq1",
            json!({"size":"1920x1080","metadata":{"resolution":"1080p","aspect_ratio":"16:9"}}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"1080p"}),
            &[],
            "the same said twice",
        ),
        (
            "viduq2",
            json!({"size":"1366x768"}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"720p"}),
            &["size"],
            "the ratio is right, the resolution is the next one below",
        ),
        ("viduq2", json!({"duration":8}), text, json!({"duration":8}), &[], "a whole number"),
        ("viduq2", json!({"duration":"8.0"}), text, json!({"duration":8}), &[], "the same"),
        (
            "viduq2",
            json!({"duration":5.5,"metadata":{"duration":"6"}}),
            text,
            json!({"duration":6}),
            &["duration"],
            "metadata wins and says so",
        ),
        ("viduq2", json!({"seed":7}), text, json!({"seed":7}), &[], "seeds are sent"),
        (
            "viduq2",
            json!({"seed":7,"metadata":{"seed":8}}),
            text,
            json!({"seed":8}),
            &["seed"],
            "metadata wins and says so",
        ),
        (
            "viduq2",
            json!({"fps":24}),
            text,
            json!({}),
            &["fps"],
            "there is no frame rate to choose",
        ),
        (
            "viduq1",
            json!({"metadata":{"style":"anime","movement_amplitude":"large","bgm":true}}),
            text,
            json!({"style":"anime","movement_amplitude":"large","bgm":true}),
            &[],
            "the options of text2video",
        ),
        (
            "viduq1",
            json!({"image":a,"metadata":{"style":"anime","aspect_ratio":"1:1"}}),
            image,
            json!({"style":null,"aspect_ratio":null}),
            &["metadata.aspect_ratio", "metadata.style"],
            "not taken with a first frame",
        ),
        (
            "viduq3-pro",
            json!({"image":a,"metadata":{"audio":true,"voice_id":"v","is_rec":true,"audio_type":"All"}}),
            image,
            json!({"audio":true,"voice_id":"v","is_rec":true,"audio_type":"All"}),
            &[],
            "the options of sound",
        ),
        (
            "viduq3-pro",
            json!({"images":[a,b],"metadata":{"voice_id":"v"}}),
            frames,
            json!({"voice_id":null}),
            &["metadata.voice_id"],
            "not taken with two frames",
        ),
        (
            "viduq2",
            json!({"metadata":{"off_peak":true,"watermark":false,"wm_position":3,"wm_url":"https://w.example/w.png","meta_data":"{}"}}),
            text,
            json!({"off_peak":true,"watermark":false,"wm_position":3,"wm_url":"https://w.example/w.png","meta_data":"{}"}),
            &[],
            "options of all endpoints",
        ),
        (
            "viduq1",
            json!({"metadata":{"negative_prompt":"rain","image_urls":[a],"mode":"pro"}}),
            text,
            json!({"negative_prompt":null,"image_urls":null,"mode":null}),
            &["metadata.image_urls", "metadata.mode", "metadata.negative_prompt"],
            "other vendors' fields would be refused",
        ),
        (
            "viduq1",
            json!({"metadata":{"prompt":"a storm"}}),
            text,
            json!({"prompt":"a storm"}),
            &["prompt"],
            "metadata wins and says so",
        ),
        (
            "viduq1",
            json!({"metadata":{"payload":"order 17","callback_url":"https://c.example/"}}),
            text,
            json!({"payload":"0198a1b2c3d47e5f8a9b0c1d2e3f4a5b","callback_url":CALLBACK_URL}),
            &[],
            "the client's note is ours to keep, and so is the callback",
        ),
        (
            "viduq2",
            json!({"duration":1,"images":[a,a,a,a,a,a,a]}),
            references,
            json!({"duration":1,"images":[a,a,a,a,a,a,a]}),
            &[],
            "the shortest video and the most references",
        ),
        (
            "viduq9",
            json!({"duration":60,"size":"640x360"}),
            text,
            json!({"duration":60,"resolution":"360p"}),
            &[],
            "an unknown model has no hard rules",
        ),
    ];
    for (model, added, endpoint, sent, warned, reason) in rows {
        check_translation(model, added.clone(), endpoint, sent.clone(), warned, reason);
    }
}

#[test]
fn what_vidu_surely_refuses_is_refused_by_name() {
    let a = "https://i.example/a.png";
    let rows = [
        ("viduq1", json!({"duration":7}), "duration", "q1 makes five seconds"),
        ("viduq1", json!({"metadata":{"duration":7}}), "metadata.duration", "however it is said"),
        ("vidu2.0", json!({"duration":5}), "duration", "four or eight"),
        ("viduq2", json!({"duration":5.5}), "duration", "whole seconds"),
        ("viduq2", json!({"metadata":{"duration":0}}), "metadata.duration", "some time"),
        ("viduq1", json!({"size":"1280x720"}), "size", "q1 makes 1080p"),
        (
            "viduq1",
            json!({"metadata":{"resolution":"720p"}}),
            "metadata.resolution",
            "however it is said",
        ),
        ("viduq2", json!({"size":"1920x800"}), "size", "no such ratio"),
        ("viduq2", json!({"size":"2520x1080"}), "size", "no such ratio"),
        (
            "viduq1",
            json!({"width":1440,"height":1080}),
            "width",
            "q1 does not know 4:3; the field that was given is named",
        ),
        ("viduq1", json!({"images":[a,a,a,a,a,a,a,a]}), "images", "eight images"),
        (
            "viduq1",
            json!({"metadata":{"image_tail":a}}),
            "metadata.image_tail",
            "a last frame without a first",
        ),
        ("viduq1", json!({"metadata":{"image_tail":"x!"}}), "metadata.image_tail", "no image"),
        ("viduq1", json!({"metadata":{"images":["x!"]}}), "metadata.images[0]", "no image"),
        (
            "viduq2",
            json!({"image":a,"metadata":{"subjects":[]}}),
            "metadata.subjects",
            "both kinds of reference",
        ),
        ("viduq2", json!({"metadata":{"subjects":["cat"]}}), "metadata.subjects[0]", "no object"),
        (
            "viduq2",
            json!({"metadata":{"subjects":[{"images":["x!"]}]}}),
            "metadata.subjects[0].images[0]",
            "no image",
        ),
        ("viduq1", json!({"metadata":{"bgm":"yes"}}), "metadata.bgm", "a wrong type"),
        ("viduq1", json!({"metadata":{"seed":1.5}}), "metadata.seed", "a wrong type"),
        ("viduq1", json!({"metadata":{"style":1}}), "metadata.style", "a wrong type"),
    ];
    for (model, added, param, reason) in rows {
        let mut body = json!({ "model": model, "prompt": "a tide" });
        body.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
        let error = translate(&body).expect_err(reason);
        assert_eq!(error.status(), 400, "{reason}");
        assert_eq!(error.body.param.as_deref(), Some(param), "{reason}");
    }
}
