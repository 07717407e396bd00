//! What is warned about: by which name, and in which words.

use serde_json::{Value, json};

use super::{A, B, translate};

/// Model, what is added to a minimal request, what is sent, what is warned about.
type Rule<'a> = (&'a str, Value, Value, &'a [(&'a str, &'a str)]);

#[test]
fn what_cannot_be_honoured_is_warned_about_in_the_same_words() {
    let (strict, image, size) = ("strict-1", json!({"image":A,"size":"1280x720"}), "1280x720");
    let rows: &[Rule<'_>] = &[
        (
            strict,
            json!({"duration":5.5,"metadata":{"duration":5}}),
            json!({"seconds":5}),
            &[("duration", "`metadata.duration` was used instead.")],
        ),
        (strict, json!({"duration":5,"metadata":{"duration":"5"}}), json!({"seconds":5}), &[]),
        (
            strict,
            json!({"metadata":{"prompt":"a storm"}}),
            json!({"prompt":"a storm"}),
            &[("prompt", "`metadata.prompt` was used instead.")],
        ),
        (
            strict,
            json!({"seed":1,"metadata":{"seed":2}}),
            json!({"seed":2}),
            &[("seed", "`metadata.seed` was used instead.")],
        ),
        // A last frame alone is an input of this one, but nobody here reads it.
        (
            "last-1",
            json!({"metadata":{"image_tail":A}}),
            json!({}),
            &[("image", "Somebody's endpoint has no `image`; it was left out.")],
        ),
        (
            "plain-1",
            json!({"seed":1,"metadata":{"seed":"any"}}),
            json!({}),
            &[
                ("seed", "plain-1 takes no seed; it was left out."),
                ("metadata.seed", "plain-1 takes no seed; it was left out."),
            ],
        ),
        (strict, json!({"fps":24}), json!({}), &[]),
        (
            strict,
            json!({"fps":60}),
            json!({}),
            &[("fps", "strict-1 makes 24 frames a second, not 60.")],
        ),
        (
            "plain-1",
            json!({"fps":24}),
            json!({}),
            &[("fps", "plain-1 chooses the frame rate itself.")],
        ),
        (
            "plain-1",
            json!({"size":size}),
            json!({"ratio":"16:9"}),
            &[("size", "plain-1 chooses the resolution itself, 1280x720 or another.")],
        ),
        (
            strict,
            image,
            json!({"images":[A],"quality":"small"}),
            &[("size", "strict-1 takes the aspect ratio from the image.")],
        ),
        (
            strict,
            json!({"size":size,"metadata":{"aspect_ratio":"1:1","quality":"small"}}),
            json!({"ratio":"1:1","quality":"small"}),
            &[("size", "`metadata.aspect_ratio` was used instead.")],
        ),
        (
            strict,
            json!({"size":"640x640"}),
            json!({"ratio":"1:1","quality":"small"}),
            &[("size", "strict-1 has no quality for 640x640; small was asked for.")],
        ),
        (
            "new",
            json!({"size":"1000x1000","metadata":{"move":"x"}}),
            json!({"quality":"small","move":"x"}),
            &[
                ("size", "No aspect ratio that we know fits 1000x1000."),
                ("size", "new has no quality for 1000x1000; small was asked for."),
            ],
        ),
        (
            strict,
            json!({"image":A,"metadata":{"images":[B]}}),
            json!({"images":[B]}),
            &[("image", "`metadata.images` was used instead.")],
        ),
        (
            "references-1",
            json!({"images":[A,B]}),
            json!({"images":[A,B]}),
            &[("image", "references-1 takes images as references, not as first or last frame.")],
        ),
        (
            strict,
            json!({"metadata":{"mask":A,"mode":1}}),
            json!({}),
            &[
                ("metadata.mask", "Somebody's endpoint has no `mask`; it was left out."),
                ("metadata.mode", "Somebody's endpoint has no `mode`; it was left out."),
            ],
        ),
        (strict, json!({"image":A,"metadata":{"images":[]}}), json!({"images":[A]}), &[]),
    ];
    for (model, added, sent, warned) in rows {
        let (got, warnings) =
            translate(model, added).unwrap_or_else(|error| panic!("{added}: {error:?}"));
        for (field, expected) in sent.as_object().unwrap() {
            assert_eq!(&got[field], expected, "{added}: {field}");
        }
        let warnings: Vec<_> =
            warnings.iter().map(|it| (it.param.as_str(), it.message.as_str())).collect();
        assert_eq!(warnings, *warned, "{added}");
    }
}
