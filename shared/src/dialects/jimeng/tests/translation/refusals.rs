//! What is refused before it costs anything, and by which name.

use super::*;

#[test]
fn what_jimeng_surely_refuses_is_refused_by_name() {
    let (text, image, tail) =
        ("jimeng_t2v_v30", "jimeng_i2v_first_v30", "jimeng_i2v_first_tail_v30");
    let (old_text, old_image, camera, pro, any) = (
        "jimeng_vgfm_t2v_l20",
        "jimeng_vgfm_i2v_l20",
        "jimeng_i2v_recamera_v30",
        "jimeng_ti2v_v30_pro",
        "jimeng_v30",
    );
    check_refused(&[
        (text, json!({"prompt":"潮".repeat(801)}), "prompt", "800 characters"),
        (old_text, json!({"prompt":"潮".repeat(151)}), "prompt", "150 characters"),
        (
            text,
            json!({"metadata":{"prompt":"潮".repeat(801)}}),
            "metadata.prompt",
            "however it is said",
        ),
        (text, json!({"metadata":{"prompt":" "}}), "metadata.prompt", "blank"),
        (text, json!({"metadata":{"req_key":""}}), "metadata.req_key", "empty"),
        (text, json!({"metadata":{"req_key":"k".repeat(257)}}), "metadata.req_key", "257 bytes"),
        (text, json!({"duration":7}), "duration", "five or ten"),
        (text, json!({"duration":5.5}), "duration", "never rounded"),
        (old_text, json!({"duration":10}), "duration", "S2.0 makes five"),
        ("jimeng_t2v_v40", json!({"duration":5.5}), "duration", "whole seconds at least"),
        (text, json!({"metadata":{"frames":120}}), "metadata.frames", "121 or 241"),
        (
            "jimeng_t2v_v40",
            json!({"metadata":{"frames":i64::MIN}}),
            "metadata.frames",
            "some at least",
        ),
        (text, json!({"seed":-2}), "seed", "below any seed"),
        (text, json!({"seed":2_147_483_648_u32}), "seed", "31 bits"),
        (text, json!({"metadata":{"seed":-2}}), "metadata.seed", "however it is said"),
        (text, json!({"size":"1000x700"}), "size", "no such ratio"),
        (
            text,
            json!({"width":630,"height":1470}),
            "width",
            "9:21 is S2.0's; the field that was given is named",
        ),
        (
            text,
            json!({"size":"1280x720","resolution":"1080p"}),
            "resolution",
            "size and resolution say different things",
        ),
        (text, json!({"metadata":{"aspect_ratio":"9:21"}}), "metadata.aspect_ratio", "likewise"),
        (old_image, json!({"image":A}), "metadata.aspect_ratio", "required"),
        (
            old_image,
            json!({"image":A,"metadata":{"aspect_ratio":""}}),
            "metadata.aspect_ratio",
            "empty is none",
        ),
        (text, json!({"image":A}), "image", "the key makes videos of text"),
        (text, json!({"metadata":{"image_urls":[A]}}), "metadata.image_urls[0]", "likewise"),
        (image, json!({}), "image", "no first frame"),
        (image, json!({"images":[A,B]}), "images", "a frame too many"),
        (image, json!({"image":A,"metadata":{"image_tail":B}}), "metadata.image_tail", "likewise"),
        (pro, json!({"image":A,"metadata":{"image_tail":B}}), "metadata.image_tail", "likewise"),
        (any, json!({"images":[A,B,A]}), "images", "likewise"),
        (tail, json!({"image":A}), "metadata.image_tail", "no last frame"),
        (
            any,
            json!({"metadata":{"image_tail":B}}),
            "metadata.image_tail",
            "a last frame without a first",
        ),
        (
            any,
            json!({"images":[A,B],"metadata":{"image_tail":A}}),
            "metadata.image_tail",
            "two last frames",
        ),
        (tail, json!({"images":[A,PNG]}), "images", "an address and bytes"),
        (tail, json!({"image":A,"metadata":{"image_tail":PNG}}), "metadata.image_tail", "likewise"),
        (
            tail,
            json!({"metadata":{"image_urls":[A],"binary_data_base64":[PNG]}}),
            "metadata.binary_data_base64",
            "likewise",
        ),
        (image, json!({"image":WEBP}), "image", "WebP"),
        (image, json!({"metadata":{"image_urls":["x!"]}}), "metadata.image_urls[0]", "no image"),
        (
            camera,
            json!({"metadata":{"template_id":"crane_push","camera_strength":"weak"}}),
            "image",
            "nothing to move around",
        ),
        (
            camera,
            json!({"image":A,"metadata":{"camera_strength":"weak"}}),
            "metadata.template_id",
            "half a move",
        ),
        (
            any,
            json!({"image":A,"metadata":{"template_id":"crane_push"}}),
            "metadata.camera_strength",
            "the other half",
        ),
        (
            camera,
            json!({"image":A,"metadata":{"template_id":"crane_push","camera_strength":"wild"}}),
            "metadata.camera_strength",
            "weak, medium, strong",
        ),
        (text, json!({"metadata":{"req_key":5}}), "metadata.req_key", "a wrong type"),
        (text, json!({"metadata":{"frames":"many"}}), "metadata.frames", "a wrong type"),
        (text, json!({"metadata":{"seed":1.5}}), "metadata.seed", "a wrong type"),
        (text, json!({"metadata":{"image_urls":A}}), "metadata.image_urls", "a wrong type"),
        (text, json!({"metadata":{"aspect_ratio":1}}), "metadata.aspect_ratio", "a wrong type"),
    ]);
}
