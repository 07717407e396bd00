//! The rules of translation, one a row with its reason.

mod fields;
mod images;
mod refusals;

use http::HeaderMap;
use serde_json::{Value, json};

use super::{at, jimeng};
use crate::api::{ApiError, request};
use crate::dialects::contract::{Dialect, Submission, SubmitContext};
use crate::task::{Figures, TaskId};

const A: &str = "https://i.example/a.png";
const B: &str = "https://i.example/b.png";
const PNG: &str = "iVBORw0KGgo=";
const JPEG: &str = "/9j/4AAQ";

/// What Jimeng is sent for a client's body, and the rest of the submission.
fn translate(body: &Value) -> Result<(Value, Submission), ApiError> {
    let request = request::read(&HeaderMap::new(), body.to_string().as_bytes())?;
    let task_id: TaskId = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().unwrap();
    let callback_url = "https://gw.example.com/v1/callbacks/jimeng/token";
    let context = SubmitContext { task_id: &task_id, callback_url, now: at(0) };
    let submission = jimeng().submit(request.generation, &context)?;
    let query = "Action=CVSync2AsyncSubmitTask&Version=2022-08-31";
    assert_eq!(submission.request.uri().query(), Some(query));
    let sent: Value = serde_json::from_slice(submission.request.body()).expect("JSON");
    assert_eq!(sent["req_key"], submission.endpoint.as_str());
    Ok((sent, submission))
}

/// A minimal request and what is added to it.
fn body(model: &str, added: &Value) -> Value {
    let mut body = json!({ "model": model, "prompt": "a tide" });
    body.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
    body
}

/// The model says text, its `req_key` says image, and the image is said twice.
#[test]
fn the_request_of_the_public_documentation_is_sent_word_for_word() {
    let image = "https://h2.example.com/bs2/upload/raw_image_0.jpg";
    for image_urls in [json!([image]), json!([A])] {
        let body = json!({
            "model": "jimeng_vgfm_t2v_l20", "prompt": "An astronaut walking on the moon",
            "image": image, "size": "1920x1080", "duration": 5,
            "metadata": {
                "req_key": "jimeng_vgfm_i2v_l20", "image_urls": image_urls, "aspect_ratio": "16:9",
            },
        });
        let (sent, submission) = translate(&body).unwrap();
        assert_eq!(submission.endpoint, "jimeng_vgfm_i2v_l20");
        assert_eq!(
            sent,
            json!({
                "req_key": "jimeng_vgfm_i2v_l20",
                "prompt": "An astronaut walking on the moon",
                "image_urls": image_urls,
                "aspect_ratio": "16:9",
            })
        );
    }
}

/// Model, what is added to a minimal request, the key, what is sent, what is warned about, why.
type Rule<'a> = (&'a str, Value, &'a str, Value, &'a [&'a str], &'a str);

/// One rule a row: what is added to a minimal request, the `req_key` it goes to, what then is in
/// the body (`null`: the field is not sent), and which fields are warned about.
fn check(rows: &[Rule<'_>]) {
    for (model, added, req_key, fields, warned, reason) in rows {
        let (sent, submission) =
            translate(&body(model, added)).unwrap_or_else(|error| panic!("{reason}: {error:?}"));
        assert_eq!(submission.endpoint, *req_key, "{reason}");
        for (field, expected) in fields.as_object().unwrap() {
            assert_eq!(sent.get(field).unwrap_or(&Value::Null), expected, "{field}: {reason}");
        }
        let params: Vec<_> = submission.warnings.iter().map(|it| it.param.as_str()).collect();
        assert_eq!(params, *warned, "{reason}");
    }
}

#[test]
fn a_name_for_several_products_is_expanded_by_what_is_given() {
    let camera = json!({"template_id":"crane_push","camera_strength":"weak"});
    let v30 = "jimeng_v30";
    let large = "jimeng_v30_1080p";
    let pro = "jimeng_v30_pro";
    let both = json!([A, B]);
    let none = json!({});
    check(&[
        (v30, json!({}), "jimeng_t2v_v30", none.clone(), &[], "text"),
        (v30, json!({"image":A}), "jimeng_i2v_first_v30", none.clone(), &[], "a first frame"),
        (v30, json!({"images":both}), "jimeng_i2v_first_tail_v30", none.clone(), &[], "and a last"),
        (
            v30,
            json!({"image":A,"metadata":camera}),
            "jimeng_i2v_recamera_v30",
            json!({"template_id":"crane_push","camera_strength":"weak","image_urls":[A]}),
            &[],
            "a camera move",
        ),
        (large, json!({}), "jimeng_t2v_v30_1080p", none.clone(), &[], "the text key has a p"),
        (large, json!({"image":A}), "jimeng_i2v_first_v30_1080", none.clone(), &[], "no p"),
        (
            large,
            json!({"images":both}),
            "jimeng_i2v_first_tail_v30_1080",
            none.clone(),
            &[],
            "no p either",
        ),
        (
            large,
            json!({"image":A,"metadata":camera}),
            "jimeng_i2v_first_v30_1080",
            json!({"template_id":null,"camera_strength":null}),
            &["metadata.camera_strength", "metadata.template_id"],
            "camera moves exist in 720p only, and the name says 1080p",
        ),
        (pro, json!({}), "jimeng_ti2v_v30_pro", none.clone(), &[], "one key for text"),
        (pro, json!({"image":A}), "jimeng_ti2v_v30_pro", none.clone(), &[], "and for an image"),
        (
            v30,
            json!({"size":"1920x1080"}),
            "jimeng_t2v_v30_1080p",
            none.clone(),
            &[],
            "the size chooses",
        ),
        (v30, json!({"size":"1280x720"}), "jimeng_t2v_v30", none.clone(), &[], "the size agrees"),
        (
            v30,
            json!({"size":"1440x1440"}),
            "jimeng_t2v_v30_1080p",
            json!({"aspect_ratio":"1:1"}),
            &[],
            "as large as 1080p gets when square",
        ),
        (
            v30,
            json!({"size":"1080x1920","image":A}),
            "jimeng_i2v_first_v30_1080",
            json!({"aspect_ratio":null}),
            &["size"],
            "the size chooses the resolution, the image the ratio",
        ),
        (
            v30,
            json!({"size":"1920x1080","image":A,"metadata":camera}),
            "jimeng_i2v_recamera_v30",
            none.clone(),
            &["size", "size"],
            "no camera move in 1080p, nor with another ratio than the image's",
        ),
        (
            large,
            json!({"size":"1280x720"}),
            "jimeng_t2v_v30_1080p",
            none.clone(),
            &["size"],
            "the name says 1080p",
        ),
        (
            "jimeng_t2v_v30",
            json!({"image":A,"metadata":{"req_key":"jimeng_v30"}}),
            "jimeng_i2v_first_v30",
            none.clone(),
            &["model"],
            "also where it is the vendor's own field",
        ),
        (
            "jimeng_t2v_v30",
            json!({"metadata":{"req_key":"jimeng_t2v_v30"}}),
            "jimeng_t2v_v30",
            none,
            &[],
            "the same said twice",
        ),
    ]);
}

/// Jimeng never reports these, so the request is all there is to know them by.
#[test]
fn what_the_request_says_of_the_video_is_kept() {
    let rows = [
        ("jimeng_v30", json!({}), Some(5.0), None, "what comes of no wish"),
        ("jimeng_v30", json!({"duration":10,"seed":7}), Some(10.0), Some(7), "what was asked for"),
        ("jimeng_v30", json!({"metadata":{"frames":241}}), Some(10.0), None, "as frames"),
        ("jimeng_vgfm_t2v_l20", json!({"seed":-1}), Some(5.0), None, "any seed is no figure"),
        ("jimeng_t2v_v40", json!({}), None, None, "who knows"),
        ("jimeng_t2v_v40", json!({"metadata":{"frames":100}}), None, None, "no whole seconds"),
    ];
    for (model, added, duration, seed, reason) in rows {
        let (_, submission) = translate(&body(model, &added)).expect(reason);
        let figures = Figures { duration, seed, ..Figures::default() };
        assert_eq!(submission.figures, figures, "{reason}");
    }
}
