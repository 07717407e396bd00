//! What is refused: by which name, and in which words.

use serde_json::json;

use super::{A, B, translate};

#[test]
fn what_a_row_excludes_is_refused_by_name_and_in_the_same_words() {
    let strict = "strict-1";
    let rows = [
        (
            strict,
            json!({"duration":7}),
            "duration",
            "strict-1 makes videos of 5 or 10 seconds, not 7.",
        ),
        (
            strict,
            json!({"duration":5.5}),
            "duration",
            "strict-1 makes videos of 5 or 10 seconds, not 5.5.",
        ),
        (
            strict,
            json!({"metadata":{"duration":"7"}}),
            "metadata.duration",
            "strict-1 makes videos of 5 or 10 seconds, not 7.",
        ),
        (
            "plain-1",
            json!({"duration":1}),
            "duration",
            "plain-1 makes videos of 2 or more whole seconds, not 1.",
        ),
        (
            "new",
            json!({"duration":5.5,"metadata":{"move":"x"}}),
            "duration",
            "new makes videos of 1 or more whole seconds, not 5.5.",
        ),
        (
            strict,
            json!({"prompt":"01234567890"}),
            "prompt",
            "`prompt` has 11 characters; strict-1 takes up to 10.",
        ),
        (
            strict,
            json!({"metadata":{"prompt":"01234567890"}}),
            "metadata.prompt",
            "`metadata.prompt` has 11 characters; strict-1 takes up to 10.",
        ),
        (strict, json!({"seed":10}), "seed", "`seed` must be 0 to 9, not 10."),
        (
            strict,
            json!({"metadata":{"seed":-1}}),
            "metadata.seed",
            "`metadata.seed` must be 0 to 9, not -1.",
        ),
        (
            strict,
            json!({"metadata":{"aspect_ratio":"9".repeat(41)}}),
            "metadata.aspect_ratio",
            "strict-1 makes 16:9 or 1:1, not 9999999999999999999999999999999999999999….",
        ),
        (strict, json!({"size":"960x720"}), "size", "strict-1 makes 16:9 or 1:1, not 960x720."),
        (
            strict,
            json!({"metadata":{"aspect_ratio":"4:3"}}),
            "metadata.aspect_ratio",
            "strict-1 makes 16:9 or 1:1, not 4:3.",
        ),
        (
            strict,
            json!({"size":"1920x1080"}),
            "size",
            "strict-1 makes small (720p), not 1920x1080.",
        ),
        (
            strict,
            json!({"metadata":{"quality":"1080p"}}),
            "metadata.quality",
            "strict-1 makes small (720p), not 1080p.",
        ),
        (
            strict,
            json!({"images":[A,B]}),
            "images",
            "strict-1 makes videos of text alone or a first frame, not of a first and a last frame.",
        ),
        (
            strict,
            json!({"images":[A,B,A]}),
            "images",
            "strict-1 makes videos of text alone or a first frame, not of 3 images.",
        ),
        (strict, json!({"images":[A,B,A,B]}), "images", "strict-1 takes up to 3 images, not 4."),
        (
            "text-1",
            json!({"image":A}),
            "image",
            "text-1 makes videos of text alone, not of a first frame.",
        ),
        (
            "frames-1",
            json!({}),
            "image",
            "frames-1 makes videos of a first and a last frame, not of text alone.",
        ),
        (
            "frames-1",
            json!({"image":A}),
            "metadata.image_tail",
            "frames-1 makes videos of a first and a last frame, not of a first frame.",
        ),
        (
            "frames-1",
            json!({"images":[A,B]}),
            "metadata.aspect_ratio",
            "frames-1 needs `metadata.aspect_ratio` or `size`.",
        ),
        (
            strict,
            json!({"metadata":{"image_tail":A}}),
            "metadata.image_tail",
            "`metadata.image_tail` is a last frame; it needs one `image` before it, not 0.",
        ),
        (
            "frames-1",
            json!({"images":[A,B],"metadata":{"image_tail":A}}),
            "metadata.image_tail",
            "`metadata.image_tail` is a last frame; it needs one `image` before it, not 2.",
        ),
        (
            strict,
            json!({"metadata":{"images":[A],"files":[A]}}),
            "metadata.files",
            "strict-1 takes `metadata.images` or `metadata.files`, not both.",
        ),
        (
            strict,
            json!({"image":"UklGRgAAAABXRUJQ"}),
            "image",
            "`image` is WebP; strict-1 takes PNG and JPEG.",
        ),
        (
            strict,
            json!({"metadata":{"sound":"loud"}}),
            "metadata.sound",
            "`metadata.sound` must be on or off, not \"loud\".",
        ),
        (
            strict,
            json!({"metadata":{"scale":2}}),
            "metadata.scale",
            "`metadata.scale` must be 0 to 1, not 2.",
        ),
        (
            strict,
            json!({"metadata":{"frames":3}}),
            "metadata.frames",
            "`metadata.frames` must be 1 or 2, not 3.",
        ),
        (
            strict,
            json!({"metadata":{"shots":[{},{}]}}),
            "metadata.shots",
            "`metadata.shots` takes up to 1, not 2.",
        ),
        (
            strict,
            json!({"metadata":{"shots":["x"]}}),
            "metadata.shots[0]",
            "`metadata.shots[0]` must be an object.",
        ),
        (
            strict,
            json!({"metadata":{"shots":[{"text":"01234"}]}}),
            "metadata.shots[0].text",
            "`metadata.shots[0].text` has 5 characters; strict-1 takes up to 4.",
        ),
        (
            strict,
            json!({"metadata":{"shots":[{"text":1}]}}),
            "metadata.shots[0].text",
            "`metadata.shots[0].text` must be a string.",
        ),
        (
            strict,
            json!({"metadata":{"masks":[{"images":A}]}}),
            "metadata.masks[0].images",
            "`metadata.masks[0].images` must be a list of strings.",
        ),
        (
            strict,
            json!({"metadata":{"masks":[{"images":[1]}]}}),
            "metadata.masks[0].images[0]",
            "`metadata.masks[0].images[0]` must be a string.",
        ),
        ("new", json!({}), "metadata.move", "new needs `metadata.move`."),
        ("new", json!({"metadata":{"move":""}}), "metadata.move", "new needs `metadata.move`."),
        (
            "strict-2",
            json!({"prompt":"012345678901234567890"}),
            "prompt",
            "`prompt` has 21 characters; strict-2 takes up to 20.",
        ),
    ];
    for (model, added, param, message) in rows {
        let error = translate(model, &added).expect_err(message);
        assert_eq!(error.status(), 400, "{message}");
        assert_eq!(
            (error.body.param.as_deref(), error.body.message.as_str()),
            (Some(param), message)
        );
    }
}
