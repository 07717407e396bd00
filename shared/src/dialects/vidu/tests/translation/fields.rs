//! Field by field: what is sent, and what is warned about.

use super::*;

#[test]
fn every_field_is_translated_or_warned_about() {
    let (text, image, frames, references) =
        ("text2video", "img2video", "start-end2video", "reference2video");
    check(&[
        (
            "viduq1",
            json!({}),
            text,
            json!({"images":null,"duration":null,"seed":null,"resolution":null,"aspect_ratio":null,"payload":"0198a1b2c3d47e5f8a9b0c1d2e3f4a5b"}),
            &[],
            "what is absent stays the vendor's choice; our id finds the task",
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
            json!({"image":A,"metadata":{"style":"anime","aspect_ratio":"1:1"}}),
            image,
            json!({"style":null,"aspect_ratio":null}),
            &["metadata.aspect_ratio", "metadata.style"],
            "not taken with a first frame",
        ),
        (
            "viduq3-pro",
            json!({"image":A,"metadata":{"audio":true,"voice_id":"v","is_rec":true,"audio_type":"All"}}),
            image,
            json!({"audio":true,"voice_id":"v","is_rec":true,"audio_type":"All"}),
            &[],
            "the options of sound",
        ),
        (
            "viduq3-pro",
            json!({"images":[A,B],"metadata":{"voice_id":"v"}}),
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
            json!({"metadata":{"negative_prompt":"rain","image_urls":[A],"mode":"pro"}}),
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
            json!({"duration":1,"images":[A,A,A,A,A,A,A]}),
            references,
            json!({"duration":1,"images":[A,A,A,A,A,A,A]}),
            &[],
            "the shortest video and the most references",
        ),
    ]);
}
