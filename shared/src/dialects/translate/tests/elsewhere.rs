//! Fields that other APIs have at the top level, by the names that they have for them.

use serde_json::json;

use super::{A, B, translate};

#[test]
fn what_other_apis_have_at_the_top_level_is_taken_there() {
    let rows = [
        (json!({"seconds":"5"}), json!({"seconds":5}), "seconds as text"),
        (json!({"seconds":5,"duration":5}), json!({"seconds":5}), "both say the same"),
        (json!({"aspect_ratio":"1:1"}), json!({"ratio":"1:1"}), "a ratio"),
        (
            json!({"aspect_ratio":"16:9","size":"1280x720"}),
            json!({"ratio":"16:9","quality":"small"}),
            "a ratio and a size that has it",
        ),
        (json!({"resolution":"720p"}), json!({"quality":"small"}), "by the vendor's word for it"),
        (json!({"resolution":" 720 "}), json!({"quality":"small"}), "without its letter"),
        (
            json!({"resolution":"720P","size":"1280x720"}),
            json!({"ratio":"16:9","quality":"small"}),
            "a resolution and a size that has it",
        ),
        (json!({"resolution":""}), json!({}), "nothing asked for"),
        (json!({"sound":"on"}), json!({"sound":"on"}), "an option of the vendor's"),
        (json!({"loop":"true"}), json!({"loop":true}), "a flag as a form has it"),
        (json!({"scale":"0.5"}), json!({"scale":0.5}), "a number likewise"),
        (json!({"options":{"sound":"on"}}), json!({"sound":"on"}), "in the other object"),
        (
            json!({"options":{"sound":"on"},"metadata":{"sound":"on","loop":true}}),
            json!({"sound":"on","loop":true}),
            "in both objects",
        ),
        (json!({"input_reference":A}), json!({"images":[A]}), "an address"),
        (json!({"input_reference":{"image_url":A}}), json!({"images":[A]}), "an object"),
        (json!({"input_reference":[A]}), json!({"images":[A]}), "a list of one"),
        (
            json!({"input_references":[{"type":"image_url","image_url":{"url":A}}]}),
            json!({"images":[A]}),
            "a list of objects",
        ),
        (
            json!({"frame_images":[{"image_url":{"url":A},"frame_type":"first_frame"}]}),
            json!({"images":[A]}),
            "a frame",
        ),
        (json!({"input_reference":A,"image":A}), json!({"images":[A]}), "one image twice"),
    ];
    for (added, expected, reason) in rows {
        let (mut sent, warnings) = translate("strict-1", &added).expect(reason);
        sent.as_object_mut().unwrap().remove("prompt");
        assert_eq!((sent, warnings.as_slice()), (expected, &[][..]), "{reason}");
    }
}

#[test]
fn frames_are_sent_in_their_order_whatever_order_they_came_in() {
    let frame = |image, kind| json!({"image_url":{"url":image},"frame_type":kind});
    let added = json!({
        "frame_images": [frame(B, "last_frame"), frame(A, "first_frame")], "aspect_ratio": "1:1",
    });
    let (sent, _) = translate("frames-1", &added).expect("two frames");
    assert_eq!(sent["images"], json!([A, B]));
}

#[test]
fn contradictions_at_the_top_level_are_refused_and_name_the_field() {
    let frame = |kind| json!({"image_url":{"url":A},"frame_type":kind});
    let rows = [
        (json!({"seconds":"5","duration":10}), "seconds"),
        (json!({"seconds":"5s"}), "seconds"),
        (json!({"seconds":"7"}), "seconds"),
        (json!({"aspect_ratio":"1:1","size":"1280x720"}), "aspect_ratio"),
        (json!({"aspect_ratio":"2:1"}), "aspect_ratio"),
        (json!({"resolution":"1080p","size":"1280x720"}), "resolution"),
        (json!({"resolution":"1080p"}), "resolution"),
        (json!({"resolution":"best"}), "resolution"),
        (json!({"sound":"loud"}), "sound"),
        (json!({"options":{"sound":"on"},"metadata":{"sound":"off"}}), "options.sound"),
        (json!({"input_reference":A,"image":B}), "input_reference"),
        (json!({"input_reference":{"file_id":"file-1"}}), "input_reference.file_id"),
        (json!({"input_reference":{}}), "input_reference"),
        (json!({"input_reference":[A,7]}), "input_reference[1]"),
        (json!({"input_reference":{"image_url":"x!"}}), "input_reference.image_url"),
        (json!({"frame_images":[{"image_url":{"url":A}}]}), "frame_images[0].frame_type"),
        (json!({"frame_images":[frame("first_frame"), frame("first_frame")]}), "frame_images[1]"),
        (
            json!({"frame_images":[frame("last_frame")],"metadata":{"image_tail":B}}),
            "frame_images[0].image_url",
        ),
    ];
    for (added, param) in rows {
        let error = translate("strict-1", &added).expect_err(param);
        assert_eq!(error.status(), 400, "{added}");
        assert_eq!(error.body.param.as_deref(), Some(param), "{added}: {}", error.body.message);
    }
}

#[test]
fn what_the_vendor_does_not_have_is_warned_about_by_the_name_it_was_given_by() {
    let rows = [
        (json!({"colour":"red"}), "colour"),
        (json!({"metadata":{"colour":"red"}}), "metadata.colour"),
        (json!({"options":{"colour":"red"}}), "metadata.colour"),
        (json!({"sound":"on","metadata":{"sound":"off"}}), "sound"),
        (json!({"aspect_ratio":"1:1","metadata":{"aspect_ratio":"16:9"}}), "aspect_ratio"),
        (json!({"resolution":"720p","metadata":{"quality":"small"}}), "resolution"),
        (json!({"metadata":{"resolution":"720p"}}), "metadata.resolution"),
    ];
    for (added, param) in rows {
        let (_, warnings) = translate("strict-1", &added).expect(param);
        let params: Vec<_> = warnings.iter().map(|warning| warning.param.as_str()).collect();
        assert_eq!(params, [param], "{added}");
    }
}
