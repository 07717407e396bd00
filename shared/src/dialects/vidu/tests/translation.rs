//! From the unified request to Vidu's.

mod fields;
mod images;
mod refusals;
mod sizes;

use jiff::SignedDuration;

use super::*;
use crate::dialects::testing::translation::{
    self, A, B, CALLBACK_URL, PNG, Refusal, Rule, Translated, check_refused_fields, check_rules,
    request,
};
use crate::task::RETENTION;

const C: &str = "https://i.example/c.png";

/// What Vidu is sent for a client's body, where it belongs.
fn translate(body: &Value) -> Translated {
    let (sent, submission) = translation::translate(&vidu("key"), body)?;
    let path = format!("/ent/v2/{}", submission.endpoint);
    assert_eq!(submission.request.uri().path(), path);
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
    let body = json!({"model":"viduq1","prompt":"An astronaut in a spacesuit walking on the moon, high quality, cinematic","size":"1920x1080",
        "image":"https://prod-ss-images.s3.cn-northwest-1.amazonaws.com.cn/vidu-maas/template/image2video.png","duration":5,
        "metadata":{"duration":5,"seed":0,"resolution":"1080p","movement_amplitude":"auto","bgm":false,"payload":"","callback_url":"https://your-callback-url.com/webhook"}});
    let (sent, submission) = translate(&body).unwrap();
    assert_eq!(submission.endpoint, "img2video");
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
            "payload": TASK_ID,
            "callback_url": CALLBACK_URL,
        })
    );
}

#[test]
fn only_an_off_peak_task_may_take_two_days() {
    let rows = [(json!({}), 24), (json!({"off_peak": false}), 24), (json!({"off_peak": true}), 50)];
    for (options, hours) in rows {
        let body = request("viduq1", &json!({ "metadata": options }));
        let (_, submission) = translate(&body).unwrap();
        assert_eq!(submission.deadline, SignedDuration::from_hours(hours), "{options}");
        assert!(submission.deadline < RETENTION, "{options}");
    }
}
