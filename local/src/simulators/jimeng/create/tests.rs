//! What is taken and what is refused, a row for each reason.

use serde_json::{Value, json};

use super::*;

const PICTURE: &str = "https://img.example.com/a.jpg";
const PNG: &str = "iVBORw0KGgo=";

fn read(body: &Value) -> Result<Generation, Refusal> {
    Generation::read(body.to_string().as_bytes())
}

#[test]
fn a_good_body_is_taken() {
    let rows = [
        (json!({"req_key":"jimeng_t2v_v30","prompt":"x"}), "the least that is required"),
        (
            json!({"req_key":"jimeng_t2v_v30_1080p","prompt":"潮".repeat(800),"seed":-1,
                "frames":241,"aspect_ratio":"21:9"}),
            "all that text takes",
        ),
        (
            json!({"req_key":"jimeng_vgfm_t2v_l20","prompt":"x","seed":2_147_483_647,
                "aspect_ratio":"9:21"}),
            "all that the older text takes",
        ),
        (
            json!({"req_key":"jimeng_vgfm_i2v_l20","image_urls":[PICTURE],"aspect_ratio":"16:9"}),
            "an image needs no prompt there",
        ),
        (
            json!({"req_key":"jimeng_i2v_first_v30_1080","prompt":"x","image_urls":[PICTURE]}),
            "a first frame by address",
        ),
        (
            json!({"req_key":"jimeng_i2v_first_tail_v30","prompt":"x",
                "binary_data_base64":[PNG,"/9j/4AAQ"]}),
            "two frames inline",
        ),
        (
            json!({"req_key":"jimeng_i2v_recamera_v30","prompt":"x","image_urls":[PICTURE],
                "template_id":"robo_arm","camera_strength":"medium","frames":121}),
            "a camera move",
        ),
        (
            json!({"req_key":"jimeng_ti2v_v30_pro","binary_data_base64":[PNG],
                "aspect_ratio":"1:1"}),
            "Pro needs no prompt with an image, and overlooks the ratio",
        ),
        (
            json!({"req_key":"jimeng_t2v_v30","prompt":"an unforbidden place"}),
            "a part of another word is no word",
        ),
    ];
    for (body, reason) in rows {
        assert!(read(&body).is_ok(), "{reason}");
    }
}

/// Each row changes one member of a body that is taken; `null` takes it out.
#[test]
fn a_bad_body_is_refused_by_name() {
    let good = |req_key: &str| match req_key {
        "jimeng_t2v_v30" | "jimeng_vgfm_t2v_l20" => json!({"prompt":"x"}),
        "jimeng_vgfm_i2v_l20" => json!({"image_urls":[PICTURE],"aspect_ratio":"1:1"}),
        "jimeng_i2v_recamera_v30" => json!({"prompt":"x","image_urls":[PICTURE],
            "template_id":"robo_arm","camera_strength":"weak"}),
        _ => json!({"prompt":"x","image_urls":[PICTURE]}),
    };
    let (text, first) = ("jimeng_t2v_v30", "jimeng_i2v_first_v30");
    let (old_text, old_image) = ("jimeng_vgfm_t2v_l20", "jimeng_vgfm_i2v_l20");
    let (camera, pro) = ("jimeng_i2v_recamera_v30", "jimeng_ti2v_v30_pro");
    let data_url = "data:image/png;base64,iVBORw0KGgo=";
    let two = json!([PICTURE, PICTURE]);
    let rows = [
        (text, "req_key", json!(null), "req_key", "no key"),
        (text, "req_key", json!("jimeng_v30"), "req_key", "a name that others made up"),
        (text, "req_key", json!("jimeng_i2v_first_v30_1080p"), "req_key", "a p too many"),
        (text, "prompt", json!(null), "prompt", "no prompt"),
        (text, "prompt", json!(" "), "prompt", "blank"),
        (text, "prompt", json!("潮".repeat(801)), "prompt", "too long"),
        (old_text, "prompt", json!("潮".repeat(151)), "prompt", "too long for the older line"),
        (text, "prompt", json!(5), "prompt", "a number"),
        (first, "prompt", json!(null), "prompt", "3.0 needs one with an image, too"),
        (text, "image_urls", json!([PICTURE]), "image_urls", "text takes no image"),
        (first, "image_urls", json!(null), "image_urls", "no image"),
        (first, "image_urls", json!([]), "image_urls", "an empty list"),
        (first, "image_urls", two, "image_urls", "an image too many"),
        (first, "image_urls", json!(PICTURE), "image_urls", "no list"),
        (first, "image_urls", json!([PNG]), "image_urls", "no address"),
        (first, "binary_data_base64", json!([PNG]), "image_urls and binary_data_base64", "both"),
        (text, "seed", json!(-2), "seed", "too small"),
        (text, "seed", json!(2_147_483_648_u32), "seed", "too large"),
        (text, "seed", json!("7"), "seed", "a string"),
        (text, "frames", json!(120), "frames", "a frame too few"),
        (text, "frames", json!("121"), "frames", "a string"),
        (old_text, "frames", json!(121), "frames", "no such member there"),
        (text, "aspect_ratio", json!(""), "aspect_ratio", "empty"),
        (text, "aspect_ratio", json!("9:21"), "aspect_ratio", "the older line's"),
        (first, "aspect_ratio", json!("16:9"), "aspect_ratio", "the image brings it"),
        (old_image, "aspect_ratio", json!(null), "aspect_ratio", "required"),
        (camera, "template_id", json!(null), "template_id", "half a move"),
        (camera, "template_id", json!("spin"), "template_id", "no such move"),
        (camera, "camera_strength", json!(null), "camera_strength", "half a move"),
        (camera, "camera_strength", json!("wild"), "camera_strength", "no such strength"),
        (first, "template_id", json!("robo_arm"), "template_id", "no camera to move"),
        (pro, "negative_prompt", json!("x"), "negative_prompt", "no such member"),
        (text, "duration", json!(5), "duration", "no such member"),
        (text, "callback_url", json!(PICTURE), "callback_url", "no such member"),
    ];
    for (req_key, member, value, named, reason) in rows {
        let mut body = good(req_key);
        body["req_key"] = json!(req_key);
        assert!(read(&body).is_ok(), "{req_key}");
        body[member] = value;
        if body[member].is_null() {
            body.as_object_mut().unwrap().remove(member);
        }
        assert_eq!(read(&body), Err(Refusal::input(named)), "{reason}");
    }
    for image in [data_url, "aGVsbG8=", "UklGRgAAAABXRUJQ", "", "?"] {
        let body = json!({"req_key":first,"prompt":"x","binary_data_base64":[image]});
        assert_eq!(read(&body), Err(Refusal::input("binary_data_base64")), "{image}");
    }
    for body in ["", "[]", "{", "5"] {
        assert!(Generation::read(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_forbidden_prompt_is_refused_without_more_words() {
    let body = json!({"req_key":"jimeng_t2v_v30","prompt":"A Forbidden, city"});
    assert_eq!(read(&body), Err(Refusal::Service(Code::BlockedWords, String::new())));
}
