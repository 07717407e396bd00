//! Sizes, ratios and resolutions.

use super::*;

#[test]
fn a_size_is_a_ratio_and_a_resolution() {
    let (text, image) = ("text2video", "img2video");
    check(&[
        (
            "viduq1",
            json!({"size":"1920x1080"}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"1080p"}),
            &[],
            "a size is a ratio and a resolution",
        ),
        (
            "viduq2",
            json!({"width":960,"height":720}),
            text,
            json!({"aspect_ratio":"4:3","resolution":"720p"}),
            &[],
            "q2 knows 4:3",
        ),
        (
            "viduq2",
            json!({"size":"720x1280"}),
            text,
            json!({"aspect_ratio":"9:16","resolution":"720p"}),
            &[],
            "upright",
        ),
        (
            "viduq2-turbo",
            json!({"size":"1280x720","image":A}),
            image,
            json!({"aspect_ratio":null,"resolution":"720p"}),
            &["size"],
            "the image brings the ratio",
        ),
        (
            "viduq2",
            json!({"size":"1280x720","metadata":{"resolution":"1080p","aspect_ratio":"1:1"}}),
            text,
            json!({"aspect_ratio":"1:1","resolution":"1080p"}),
            &["size", "size"],
            "metadata wins and says so",
        ),
        (
            "viduq1",
            json!({"size":"1920x1080","metadata":{"resolution":"1080p","aspect_ratio":"16:9"}}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"1080p"}),
            &[],
            "the same said twice",
        ),
        (
            "viduq2",
            json!({"size":"1366x768"}),
            text,
            json!({"aspect_ratio":"16:9","resolution":"720p"}),
            &["size"],
            "the ratio is right, the resolution is the next one below",
        ),
        (
            "viduq9",
            json!({"duration":60,"size":"640x360"}),
            text,
            json!({"duration":60,"resolution":"360p"}),
            &[],
            "an unknown model has no hard rules",
        ),
    ]);
}
