//! From the unified request to Kling's.

mod fields;
mod images;
mod refusals;
mod sizes;

use super::*;
use crate::dialects::testing::translation::{
    self, A, B, CALLBACK_URL, PNG, Refusal, Rule, Translated, WEBP, check_refused_fields,
    check_rules, request, warned,
};

/// What Kling is sent for a client's body, where it belongs.
fn translate(body: &Value) -> Translated {
    translate_for(&with_key(), body)
}

fn translate_for(kling: &Kling, body: &Value) -> Translated {
    let (sent, submission) = translation::translate(kling, body)?;
    let path = submission.request.uri().path();
    assert_eq!(
        path.strip_prefix("/v1/videos").unwrap_or(path),
        format!("/{}", submission.endpoint)
    );
    Ok((sent, submission))
}

fn check(rows: &[Rule<'_>]) {
    check_rules(translate, rows);
}

fn check_refused(rows: &[Refusal<'_>]) {
    check_refused_fields(translate, rows);
}

#[test]
fn the_request_of_the_public_documentation_is_sent_word_for_word() {
    let body = json!({"model":"kling-v1","prompt":"An astronaut on the moon","size":"1920x1080",
        "image":"https://example.com/image.jpg","duration":5,
        "metadata":{"seed":20231234,"negative_prompt":"blurry","image_tail":"https://example.com/tail.jpg"}});
    let (sent, submission) = translate(&body).unwrap();
    assert_eq!(submission.request.uri().path(), "/v1/videos/image2video");
    assert_eq!(
        sent,
        json!({
            "model_name": "kling-v1",
            "prompt": "An astronaut on the moon",
            "image": "https://example.com/image.jpg",
            "image_tail": "https://example.com/tail.jpg",
            "negative_prompt": "blurry",
            "duration": "5",
            "mode": "pro",
            "external_task_id": TASK_ID,
            "callback_url": CALLBACK_URL,
        })
    );
    let params = warned(&submission);
    assert_eq!(params, ["metadata.seed", "size"], "no seed at Kling; the image has the ratio");
}

#[test]
fn the_new_design_has_its_model_in_the_path() {
    let options = json!({"callback_url": CALLBACK_URL, "external_task_id": TASK_ID});
    let prompt = json!({"type":"prompt","text":"a tide"});
    let (first, last) =
        (json!({"type":"first_frame","url":A}), json!({"type":"last_frame","url":B}));
    let rows = [
        (
            "kling-3.0",
            json!({"size":"1280x720","duration":5,"metadata":{"audio":"off","multi_shot":false}}),
            "/text-to-video/kling-3.0",
            json!({"prompt":"a tide","options":options,
                "settings":{"resolution":"720p","aspect_ratio":"16:9","duration":5,"audio":"off","multi_shot":false}}),
        ),
        (
            "kling-2.6",
            json!({"images":[A,B],"duration":10,"metadata":{"resolution":"1080p"}}),
            "/image-to-video/kling-2.6",
            json!({"contents":[prompt,first,last],"options":options,
                "settings":{"resolution":"1080p","duration":10}}),
        ),
        (
            "kling-3.0-turbo",
            json!({"image":A}),
            "/image-to-video/kling-3.0-turbo",
            json!({"contents":[prompt,first],"options":options}),
        ),
        (
            "kling-2.5-turbo",
            json!({}),
            "/text-to-video/kling-2.5-turbo",
            json!({"prompt":"a tide","options":options}),
        ),
        (
            "kling-3.0-omni",
            json!({"size":"3840x2160"}),
            "/omni-video/kling-3.0-omni",
            json!({"contents":[prompt],"options":options,
                "settings":{"resolution":"4k","aspect_ratio":"16:9"}}),
        ),
        (
            "kling-o1",
            json!({"image":A,"metadata":{"image_tail":B,"watermark_info":{"enabled":true}}}),
            "/omni-video/kling-o1",
            json!({"contents":[prompt,first,last],
                "options":{"callback_url":CALLBACK_URL,"external_task_id":TASK_ID,"watermark_info":{"enabled":true}}}),
        ),
    ];
    for (model, added, path, sent) in rows {
        let (got, submission) = translate(&request(model, &added)).unwrap();
        assert_eq!((submission.request.uri().path(), got), (path, sent), "{model}");
        assert_eq!(submission.warnings, [], "{model}");
    }
}

#[test]
fn a_key_pair_opens_the_old_design_only() {
    let pair = kling(json!({ "access_key": "ak", "secret_key": "sk" }));
    for model in [
        "kling-3.0",
        "kling-3.0-turbo",
        "kling-2.6",
        "kling-2.5-turbo",
        "kling-3.0-omni",
        "kling-o1",
    ] {
        let error = translate_for(&pair, &request(model, &json!({}))).expect_err(model);
        assert_eq!(error.status(), 502, "{model}: its operator can mend it, its client cannot");
        assert_eq!(error.code().as_str(), "vendor_credentials_refused", "{model}");
        assert_eq!(error.body.param.as_deref(), Some("model"), "{model}");
        assert!(error.body.message.contains("API key"), "{model}: {}", error.body.message);
    }
    // Every other name is the old design's, whoever it belongs to.
    for model in ["kling-v1", "kling-v3", "kling-3.1", "kling-v2-6-pro", "kling"] {
        let (sent, submission) = translate_for(&pair, &request(model, &json!({}))).expect(model);
        assert_eq!(submission.request.uri().path(), "/v1/videos/text2video", "{model}");
        assert_eq!(sent["model_name"], model);
    }
}
