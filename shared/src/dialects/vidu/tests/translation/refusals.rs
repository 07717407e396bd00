//! What is refused before it costs anything, and by which name.

use super::*;

#[test]
fn what_vidu_surely_refuses_is_refused_by_name() {
    check_refused(&[
        ("viduq1", json!({"duration":7}), "duration", "q1 makes five seconds"),
        ("viduq1", json!({"metadata":{"duration":7}}), "metadata.duration", "however it is said"),
        ("vidu2.0", json!({"duration":5}), "duration", "four or eight"),
        ("viduq2", json!({"duration":5.5}), "duration", "whole seconds"),
        ("viduq2", json!({"metadata":{"duration":0}}), "metadata.duration", "some time"),
        ("viduq1", json!({"size":"1280x720"}), "size", "q1 makes 1080p"),
        (
            "viduq1",
            json!({"metadata":{"resolution":"720p"}}),
            "metadata.resolution",
            "however it is said",
        ),
        ("viduq2", json!({"size":"1920x800"}), "size", "no such ratio"),
        ("viduq2", json!({"size":"2520x1080"}), "size", "no such ratio"),
        (
            "viduq1",
            json!({"width":1440,"height":1080}),
            "width",
            "q1 does not know 4:3; the field that was given is named",
        ),
        ("viduq1", json!({"images":[A,A,A,A,A,A,A,A]}), "images", "eight images"),
        (
            "viduq1",
            json!({"metadata":{"image_tail":A}}),
            "metadata.image_tail",
            "a last frame without a first",
        ),
        ("viduq1", json!({"metadata":{"image_tail":"x!"}}), "metadata.image_tail", "no image"),
        ("viduq1", json!({"metadata":{"images":["x!"]}}), "metadata.images[0]", "no image"),
        (
            "viduq2",
            json!({"image":A,"metadata":{"subjects":[]}}),
            "metadata.subjects",
            "both kinds of reference",
        ),
        ("viduq2", json!({"metadata":{"subjects":["cat"]}}), "metadata.subjects[0]", "no object"),
        (
            "viduq2",
            json!({"metadata":{"subjects":[{"images":["x!"]}]}}),
            "metadata.subjects[0].images[0]",
            "no image",
        ),
        ("viduq1", json!({"metadata":{"bgm":"yes"}}), "metadata.bgm", "a wrong type"),
        ("viduq1", json!({"metadata":{"seed":1.5}}), "metadata.seed", "a wrong type"),
        ("viduq1", json!({"metadata":{"style":1}}), "metadata.style", "a wrong type"),
    ]);
}
