//! Field by field: what is sent, and what is warned about.

use super::*;

#[test]
fn every_field_is_translated_or_warned_about() {
    let (text, image) = ("jimeng_t2v_v30", "jimeng_i2v_first_v30");
    let old_text = "jimeng_vgfm_t2v_l20";
    let (camera, pro, new) = ("jimeng_i2v_recamera_v30", "jimeng_ti2v_v30_pro", "jimeng_t2v_v40");
    let moves = json!({"template_id":"dynamic_orbit","camera_strength":"strong"});
    let longest = "潮".repeat(800);
    check(&[
        (
            text,
            json!({}),
            text,
            json!({"prompt":"a tide","seed":null,"frames":null,"aspect_ratio":null,"image_urls":null,"binary_data_base64":null}),
            &[],
            "what is absent stays the vendor's choice",
        ),
        (
            text,
            json!({"prompt":longest}),
            text,
            json!({"prompt":longest}),
            &[],
            "characters count, not bytes",
        ),
        (
            text,
            json!({"metadata":{"req_key":"k".repeat(256)}}),
            &"k".repeat(256),
            json!({}),
            &["model"],
            "the longest name",
        ),
        (
            text,
            json!({"metadata":{"prompt":"a storm"}}),
            text,
            json!({"prompt":"a storm"}),
            &["prompt"],
            "metadata wins and says so",
        ),
        (
            text,
            json!({"duration":5}),
            text,
            json!({"frames":121,"duration":null}),
            &[],
            "24 a second and one more",
        ),
        (text, json!({"duration":"10"}), text, json!({"frames":241}), &[], "ten seconds"),
        (pro, json!({"duration":10.0}), pro, json!({"frames":241}), &[], "ten seconds"),
        (
            old_text,
            json!({"duration":5}),
            old_text,
            json!({"frames":null}),
            &[],
            "S2.0 has no choice and no field",
        ),
        (
            text,
            json!({"metadata":{"frames":"241"}}),
            text,
            json!({"frames":241}),
            &[],
            "the vendor's own",
        ),
        (
            text,
            json!({"duration":5,"metadata":{"frames":241}}),
            text,
            json!({"frames":241}),
            &["duration"],
            "metadata wins and says so",
        ),
        (
            text,
            json!({"duration":10,"metadata":{"frames":241}}),
            text,
            json!({"frames":241}),
            &[],
            "the same said twice",
        ),
        (
            text,
            json!({"duration":7,"metadata":{"frames":121}}),
            text,
            json!({"frames":121}),
            &["duration"],
            "what is not used is not refused",
        ),
        (
            old_text,
            json!({"metadata":{"frames":121}}),
            old_text,
            json!({"frames":null}),
            &["metadata.frames"],
            "S2.0 has no frames",
        ),
        (text, json!({"seed":0}), text, json!({"seed":0}), &[], "a seed like any other"),
        (text, json!({"seed":-1}), text, json!({"seed":-1}), &[], "any seed"),
        (
            text,
            json!({"seed":7,"metadata":{"seed":8}}),
            text,
            json!({"seed":8}),
            &["seed"],
            "metadata wins and says so",
        ),
        (text, json!({"fps":24}), text, json!({"fps":null}), &[], "what every video has"),
        (text, json!({"fps":60}), text, json!({"fps":null}), &["fps"], "what none has"),
        (text, json!({"fps":23.976}), text, json!({}), &["fps"], "close is not equal"),
        (camera, json!({"image":A,"metadata":moves}), camera, moves.clone(), &[], "both parts"),
        (
            image,
            json!({"image":A,"metadata":moves}),
            image,
            json!({"template_id":null,"camera_strength":null}),
            &["metadata.camera_strength", "metadata.template_id"],
            "the key says no camera move",
        ),
        (
            text,
            json!({"metadata":{"negative_prompt":"rain","mode":"pro","resolution":"720p","req_json":"{}","duration":5}}),
            text,
            json!({"negative_prompt":null,"mode":null,"resolution":null,"req_json":null,"duration":null}),
            &[
                "metadata.duration",
                "metadata.mode",
                "metadata.negative_prompt",
                "metadata.req_json",
                "metadata.resolution",
            ],
            "other vendors' fields",
        ),
        (
            text,
            json!({"metadata":{"payload":"order 17","callback_url":"https://c.example/"}}),
            text,
            json!({"payload":null,"callback_url":null}),
            &[],
            "the gateway sees to both",
        ),
        (
            new,
            json!({"images":[A,B],"duration":60,"metadata":{"aspect_ratio":"2:1","template_id":"spin"}}),
            new,
            json!({"image_urls":[A,B],"frames":1441,"aspect_ratio":"2:1","template_id":"spin"}),
            &[],
            "an unknown key has no hard rules",
        ),
    ]);
}
