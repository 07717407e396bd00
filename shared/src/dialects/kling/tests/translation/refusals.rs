//! What is refused before it costs anything, and by which name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[test]
fn what_kling_surely_refuses_is_refused_by_name() {
    let too_long = "x".repeat(2501);
    check_refused(&[
        ("kling-v1", json!({"duration":7}), "duration", "five or ten seconds"),
        (
            "kling-v2-6",
            json!({"metadata":{"duration":"3"}}),
            "metadata.duration",
            "however it is said",
        ),
        ("kling-v3", json!({"duration":2}), "duration", "three to fifteen"),
        ("kling-v3", json!({"duration":16}), "duration", "three to fifteen"),
        ("kling-3.0-turbo", json!({"duration":16}), "duration", "likewise"),
        ("kling-2.5-turbo", json!({"duration":6}), "duration", "five or ten"),
        ("kling-o1", json!({"duration":15}), "duration", "five or ten"),
        ("kling-v9", json!({"duration":5.5}), "duration", "whole seconds, whatever the model"),
        ("kling-v9", json!({"metadata":{"duration":0}}), "metadata.duration", "some time"),
        ("kling-v2-6", json!({"size":"3840x2160"}), "size", "no 4k"),
        ("kling-3.0-turbo", json!({"size":"3840x2160"}), "size", "no 4k"),
        (
            "kling-v3",
            json!({"width":1440,"height":1080}),
            "width",
            "no such ratio; the field that was given",
        ),
        (
            "kling-v3",
            json!({"metadata":{"aspect_ratio":"4:3"}}),
            "metadata.aspect_ratio",
            "no such ratio",
        ),
        ("kling-v2-6", json!({"metadata":{"mode":"4k"}}), "metadata.mode", "only v3"),
        ("kling-2.6", json!({"metadata":{"resolution":"4k"}}), "metadata.resolution", "only 3.0"),
        ("kling-v3", json!({"metadata":{"sound":"loud"}}), "metadata.sound", "on or off"),
        ("kling-3.0", json!({"metadata":{"audio":"original"}}), "metadata.audio", "native or off"),
        ("kling-v3", json!({"metadata":{"cfg_scale":1.5}}), "metadata.cfg_scale", "from 0 to 1"),
        ("kling-v3", json!({"prompt":too_long}), "prompt", "2500 characters"),
        (
            "kling-v3",
            json!({"metadata":{"prompt":too_long}}),
            "metadata.prompt",
            "however it is said",
        ),
        ("kling-2.6", json!({"prompt":too_long}), "prompt", "2500 here, too"),
        ("kling-3.0", json!({"prompt":"x".repeat(3073)}), "prompt", "3072"),
        (
            "kling-v3",
            json!({"metadata":{"negative_prompt":too_long}}),
            "metadata.negative_prompt",
            "2500",
        ),
        (
            "kling-v3",
            json!({"metadata":{"multi_prompt":[{"prompt":"x".repeat(513)}]}}),
            "metadata.multi_prompt[0].prompt",
            "512",
        ),
        ("kling-v3", json!({"images":[A,A,B]}), "images", "three images"),
        (
            "kling-v3",
            json!({"images":[A,A],"metadata":{"image_tail":B}}),
            "metadata.image_tail",
            "three images",
        ),
        ("kling-v3", json!({"metadata":{"image_tail":"x!"}}), "metadata.image_tail", "no image"),
        ("kling-v3", json!({"image":WEBP}), "image", "no WebP"),
        ("kling-3.0", json!({"images":[A,WEBP]}), "images", "no WebP"),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"static_mask":WEBP}}),
            "metadata.static_mask",
            "no WebP",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"dynamic_masks":[{"mask":WEBP}]}}),
            "metadata.dynamic_masks[0].mask",
            "no WebP",
        ),
        ("kling-3.0-turbo", json!({"images":[A,B]}), "images", "no last frame"),
        (
            "kling-3.0",
            json!({"metadata":{"image_tail":B}}),
            "metadata.image_tail",
            "a last frame without a first",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"image_tail":B,"camera_control":{}}}),
            "metadata.camera_control",
            "two ways to move",
        ),
        (
            "kling-v1",
            json!({"images":[A,B],"metadata":{"static_mask":B}}),
            "metadata.static_mask",
            "two ways to move",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"dynamic_masks":[],"camera_control":{}}}),
            "metadata.camera_control",
            "two ways to move",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"voice_list":[{},{},{}]}}),
            "metadata.voice_list",
            "two voices",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"element_list":["cat"]}}),
            "metadata.element_list[0]",
            "no object",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"dynamic_masks":[{"mask":1}]}}),
            "metadata.dynamic_masks[0].mask",
            "a wrong type",
        ),
        ("kling-v3", json!({"metadata":{"mode":1}}), "metadata.mode", "a wrong type"),
        (
            "kling-v3",
            json!({"metadata":{"multi_shot":"yes"}}),
            "metadata.multi_shot",
            "a wrong type",
        ),
        (
            "kling-v3",
            json!({"metadata":{"camera_control":"down_back"}}),
            "metadata.camera_control",
            "a wrong type",
        ),
        (
            "kling-v3",
            json!({"metadata":{"watermark_info":true}}),
            "metadata.watermark_info",
            "a wrong type",
        ),
        ("kling-3.0", json!({"metadata":{"duration":"soon"}}), "metadata.duration", "a wrong type"),
    ]);
}

#[test]
fn an_image_beyond_the_limit_is_too_large_and_the_limit_is_told() {
    let image = |bytes: usize| {
        let mut file = vec![0; bytes];
        file[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
        STANDARD.encode(file)
    };
    let limit = 10 << 20;
    let rows = [
        ("kling-v3", json!({"image":image(limit)}), None, "exactly the limit"),
        ("kling-v3", json!({"image":image(limit + 1)}), Some("image"), "a byte more"),
        (
            "kling-v3",
            json!({"image":A,"metadata":{"image_tail":image(limit + 1)}}),
            Some("metadata.image_tail"),
            "the last frame",
        ),
        ("kling-3.0", json!({"image":image(limit + 1)}), None, "the new design takes 50 MB"),
    ];
    for (model, added, param, reason) in rows {
        let result = translate(&request(model, &added));
        let Some(param) = param else {
            assert!(result.is_ok(), "{reason}");
            continue;
        };
        let error = result.expect_err(reason);
        assert_eq!(error.status(), 413, "{reason}");
        assert_eq!(error.body.param.as_deref(), Some(param), "{reason}");
        assert!(error.body.message.contains("10 MB"), "{reason}: {}", error.body.message);
    }
}
