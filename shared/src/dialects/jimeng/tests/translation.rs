//! From the unified request to Jimeng's.

mod fields;
mod images;
mod refusals;
mod sizes;

use super::*;
use crate::dialects::testing::translation::{
    self, A, B, PNG, Refusal, Rule, Translated, WEBP, check_refused_fields, check_rules, request,
};
use crate::task::whole;

const JPEG: &str = "/9j/4AAQ";

/// What Jimeng is sent for a client's body, where it belongs.
fn translate(body: &Value) -> Translated {
    let (sent, submission) = translation::translate(&jimeng(), body)?;
    let query = "Action=CVSync2AsyncSubmitTask&Version=2022-08-31";
    assert_eq!(submission.request.uri().query(), Some(query));
    assert_eq!(sent["req_key"], submission.endpoint.as_str());
    Ok((sent, submission))
}

fn check(rows: &[Rule<'_>]) {
    check_rules(translate, rows);
}

fn check_refused(rows: &[Refusal<'_>]) {
    check_refused_fields(translate, rows);
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

#[test]
fn the_model_is_the_name_that_was_asked_for_and_not_its_key() {
    let rows = [
        ("jimeng_v30", json!({}), "jimeng_v30"),
        ("jimeng_t2v_v30", json!({}), "jimeng_t2v_v30"),
        ("jimeng_v30", json!({"metadata":{"req_key":"jimeng_v30_pro"}}), "jimeng_v30_pro"),
    ];
    for (model, added, expected) in rows {
        let (_, submission) = translate(&request(model, &added)).unwrap();
        assert_eq!(submission.model, expected);
    }
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
        let (_, submission) = translate(&request(model, &added)).expect(reason);
        let figures = Figures { duration, seed, ..Figures::default() };
        assert_eq!(submission.figures, figures, "{reason}");
        assert_eq!(submission.meaning.seconds, duration.and_then(whole), "{reason}");
    }
}
