//! The frames: in whichever field and form they come.

use super::*;

#[test]
fn images_are_first_and_last_frame_without_their_prefix() {
    let png = format!("data:image/png;base64,{PNG}");
    let image = "image2video";
    check(&[
        (
            "kling-v2-6",
            json!({"image":A}),
            image,
            json!({"image":A,"image_tail":null}),
            &[],
            "one image is the first frame",
        ),
        (
            "kling-v2-6",
            json!({"images":[A,B]}),
            image,
            json!({"image":A,"image_tail":B}),
            &[],
            "two are first and last",
        ),
        (
            "kling-v2-6",
            json!({"image":A,"images":[B]}),
            image,
            json!({"image":A,"image_tail":B}),
            &[],
            "however they are given",
        ),
        (
            "kling-v2-6",
            json!({"image":A,"metadata":{"image":B}}),
            image,
            json!({"image":B}),
            &["image"],
            "metadata wins and says so",
        ),
        (
            "kling-v2-6",
            json!({"image":A,"metadata":{"image":A}}),
            image,
            json!({"image":A}),
            &[],
            "the same said twice",
        ),
        (
            "kling-v2-6",
            json!({"images":[A,B],"metadata":{"image_tail":B}}),
            image,
            json!({"image":A,"image_tail":B}),
            &[],
            "the same said twice",
        ),
        (
            "kling-v1-6",
            json!({"metadata":{"image_tail":B}}),
            image,
            json!({"image":null,"image_tail":B}),
            &[],
            "a last frame alone: 1.6 could, the vendor decides",
        ),
        (
            "kling-v2-6",
            json!({"image":png}),
            image,
            json!({"image":PNG}),
            &[],
            "the prefix of a data URL is what Kling refuses",
        ),
        (
            "kling-v2-6",
            json!({"image":PNG,"metadata":{"image_tail":png}}),
            image,
            json!({"image":PNG,"image_tail":PNG}),
            &[],
            "raw base64 stays as it is",
        ),
        (
            "kling-3.0",
            json!({"image":png}),
            "image-to-video/kling-3.0",
            json!({"contents.1.url":PNG}),
            &[],
            "the same in the new design",
        ),
        (
            "kling-v1",
            json!({"image":A,"metadata":{"static_mask":png,"dynamic_masks":[{"mask":png,"trajectories":[{"x":1,"y":2},{"x":3,"y":4}]}]}}),
            image,
            json!({"static_mask":PNG,"dynamic_masks":[{"mask":PNG,"trajectories":[{"x":1,"y":2},{"x":3,"y":4}]}]}),
            &[],
            "masks are images",
        ),
    ]);
}
