//! Frames and references: in whichever field and form they come.

use super::*;

#[test]
fn images_choose_the_endpoint_and_are_sent_in_one_form() {
    let png = format!("data:image/png;base64,{PNG}");
    let (image, frames, references) = ("img2video", "start-end2video", "reference2video");
    check(&[
        (
            "viduq1",
            json!({"image":A}),
            image,
            json!({"images":[A]}),
            &[],
            "one image is the first frame",
        ),
        (
            "viduq1",
            json!({"images":[A,B]}),
            frames,
            json!({"images":[A,B]}),
            &[],
            "two are first and last",
        ),
        (
            "viduq1",
            json!({"image":A,"images":[B,C]}),
            references,
            json!({"images":[A,B,C]}),
            &[],
            "three are references",
        ),
        (
            "viduq1",
            json!({"image":A,"metadata":{"image_tail":B}}),
            frames,
            json!({"images":[A,B]}),
            &[],
            "another vendor's name for the last frame",
        ),
        (
            "viduq1",
            json!({"image":A,"metadata":{"images":[B,C]}}),
            frames,
            json!({"images":[B,C]}),
            &["image"],
            "the vendor's own field wins",
        ),
        (
            "viduq1",
            json!({"image":PNG}),
            image,
            json!({"images":[png]}),
            &[],
            "raw base64 needs its prefix here",
        ),
        (
            "viduq1",
            json!({"image":png}),
            image,
            json!({"images":[png]}),
            &[],
            "a data URL stays one",
        ),
        (
            "viduq2",
            json!({"image":A}),
            references,
            json!({"images":[A]}),
            &["image"],
            "this model has references only",
        ),
        (
            "viduq2",
            json!({"metadata":{"subjects":[{"name":"cat","images":[PNG]}]}}),
            references,
            json!({"subjects":[{"name":"cat","images":[png]}],"images":null}),
            &[],
            "subjects instead of images",
        ),
    ]);
}
