//! Sizes and ratios; the key is the resolution.

use super::*;

#[test]
fn a_size_is_a_ratio_and_agrees_with_the_key_or_is_warned_about() {
    let (text, image) = ("jimeng_t2v_v30", "jimeng_i2v_first_v30");
    let (old_text, old_image) = ("jimeng_vgfm_t2v_l20", "jimeng_vgfm_i2v_l20");
    let (pro, new) = ("jimeng_ti2v_v30_pro", "jimeng_t2v_v40");
    let (any, large) = ("jimeng_v30", "jimeng_t2v_v30_1080p");
    check(&[
        (any, json!({"resolution":"1080p"}), large, json!({}), &[], "a resolution chooses the key"),
        (
            any,
            json!({"resolution":"1080p","size":"1920x1080"}),
            large,
            json!({"aspect_ratio":"16:9"}),
            &[],
            "and a size that agrees",
        ),
        (text, json!({"resolution":"720p"}), text, json!({}), &[], "what the key is"),
        (text, json!({"resolution":"1080p"}), text, json!({}), &["resolution"], "what it is not"),
        (
            text,
            json!({"size":"1280x720"}),
            text,
            json!({"aspect_ratio":"16:9","size":null}),
            &[],
            "a size is a ratio",
        ),
        (
            text,
            json!({"width":720,"height":1280}),
            text,
            json!({"aspect_ratio":"9:16"}),
            &[],
            "upright",
        ),
        (
            text,
            json!({"size":"1366x768"}),
            text,
            json!({"aspect_ratio":"16:9"}),
            &["size"],
            "the ratio fits, the resolution does not",
        ),
        (
            text,
            json!({"size":"1920x1080"}),
            text,
            json!({"aspect_ratio":"16:9"}),
            &["size"],
            "the key is 720p",
        ),
        (
            text,
            json!({"width":1920,"height":1080}),
            text,
            json!({}),
            &["width"],
            "the field that was given is named",
        ),
        (
            "jimeng_t2v_v30_1080p",
            json!({"size":"2176x928"}),
            "jimeng_t2v_v30_1080p",
            json!({"aspect_ratio":"21:9"}),
            &[],
            "what 1080p is at 21:9",
        ),
        (
            pro,
            json!({"size":"1664x1248"}),
            pro,
            json!({"aspect_ratio":"4:3"}),
            &[],
            "what it is at 4:3",
        ),
        (
            old_text,
            json!({"metadata":{"aspect_ratio":"9:21"}}),
            old_text,
            json!({"aspect_ratio":"9:21"}),
            &[],
            "S2.0 alone is so narrow",
        ),
        (
            text,
            json!({"metadata":{"aspect_ratio":"1:1"}}),
            text,
            json!({"aspect_ratio":"1:1"}),
            &[],
            "the vendor's own",
        ),
        (
            text,
            json!({"size":"1280x720","metadata":{"aspect_ratio":"1:1"}}),
            text,
            json!({"aspect_ratio":"1:1"}),
            &["size"],
            "metadata wins and says so",
        ),
        (
            text,
            json!({"size":"1280x720","metadata":{"aspect_ratio":"16:9"}}),
            text,
            json!({"aspect_ratio":"16:9"}),
            &[],
            "the same said twice",
        ),
        (
            text,
            json!({"metadata":{"aspect_ratio":""}}),
            text,
            json!({"aspect_ratio":null}),
            &[],
            "an empty one would be refused, and asks for nothing",
        ),
        (
            text,
            json!({"size":"720x720","metadata":{"aspect_ratio":""}}),
            text,
            json!({"aspect_ratio":"1:1"}),
            &[],
            "likewise",
        ),
        (
            image,
            json!({"image":A,"size":"1280x720"}),
            image,
            json!({"aspect_ratio":null}),
            &["size"],
            "the image brings the ratio",
        ),
        (
            image,
            json!({"image":A,"metadata":{"aspect_ratio":"1:1"}}),
            image,
            json!({"aspect_ratio":null}),
            &["metadata.aspect_ratio"],
            "no field of this key",
        ),
        (
            pro,
            json!({"image":A,"metadata":{"aspect_ratio":"1:1"}}),
            pro,
            json!({"aspect_ratio":null}),
            &["metadata.aspect_ratio"],
            "nor of Pro with an image",
        ),
        (
            old_image,
            json!({"image":A,"size":"720x720"}),
            old_image,
            json!({"aspect_ratio":"1:1"}),
            &[],
            "S2.0 wants it with an image, too",
        ),
        (
            new,
            json!({"size":"1280x720"}),
            new,
            json!({"aspect_ratio":"16:9"}),
            &["size"],
            "its resolution is its own",
        ),
        (
            new,
            json!({"size":"1000x700"}),
            new,
            json!({"aspect_ratio":null}),
            &["size", "size"],
            "and its ratios are, too",
        ),
    ]);
}

#[test]
fn a_resolution_that_the_key_does_not_have_is_told_with_the_one_it_has() {
    let rows = [
        ("jimeng_t2v_v30", "jimeng_t2v_v30 makes 720p, not 1920x1080."),
        ("jimeng_t2v_v40", "jimeng_t2v_v40 chooses the resolution itself, 1920x1080 or another."),
    ];
    for (model, message) in rows {
        let (_, submission) = translate(&request(model, &json!({"size":"1920x1080"}))).unwrap();
        let told = submission.warnings.iter().map(|it| it.message.as_str()).collect::<Vec<_>>();
        assert_eq!(told, [message]);
    }
}
