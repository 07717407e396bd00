//! The frames: in whichever field and form they come.

use super::*;

#[test]
fn images_are_sent_once_in_order_and_in_one_form() {
    let (image, tail) = ("jimeng_i2v_first_v30", "jimeng_i2v_first_tail_v30");
    let data_url = format!("data:image/png;base64,{PNG}");
    check(&[
        (
            image,
            json!({"image":A}),
            image,
            json!({"image_urls":[A],"binary_data_base64":null}),
            &[],
            "an address",
        ),
        (
            image,
            json!({"image":PNG}),
            image,
            json!({"binary_data_base64":[PNG],"image_urls":null}),
            &[],
            "raw base64",
        ),
        (
            image,
            json!({"image":data_url}),
            image,
            json!({"binary_data_base64":[PNG]}),
            &[],
            "raw again, without its prefix",
        ),
        (
            tail,
            json!({"images":[PNG,JPEG]}),
            tail,
            json!({"binary_data_base64":[PNG,JPEG]}),
            &[],
            "both inline",
        ),
        (
            tail,
            json!({"image":A,"images":[B]}),
            tail,
            json!({"image_urls":[A,B]}),
            &[],
            "in this order",
        ),
        (
            tail,
            json!({"image":A,"metadata":{"image_tail":B}}),
            tail,
            json!({"image_urls":[A,B]}),
            &[],
            "another vendor's name for the last frame",
        ),
        (
            tail,
            json!({"metadata":{"image_urls":[A],"image_tail":B}}),
            tail,
            json!({"image_urls":[A,B]}),
            &[],
            "likewise",
        ),
        (
            tail,
            json!({"images":[A,B],"metadata":{"image_tail":B}}),
            tail,
            json!({"image_urls":[A,B]}),
            &[],
            "the same said twice",
        ),
        (
            image,
            json!({"image":A,"metadata":{"image_urls":[A]}}),
            image,
            json!({"image_urls":[A]}),
            &[],
            "the same said twice is sent once",
        ),
        (
            tail,
            json!({"image":A,"metadata":{"image_urls":[A,B]}}),
            tail,
            json!({"image_urls":[A,B]}),
            &[],
            "said again, and one more",
        ),
        (
            image,
            json!({"image":A,"metadata":{"image_urls":[B]}}),
            image,
            json!({"image_urls":[B]}),
            &["image"],
            "the vendor's own field wins",
        ),
        (
            image,
            json!({"image":A,"metadata":{"binary_data_base64":[PNG]}}),
            image,
            json!({"binary_data_base64":[PNG],"image_urls":null}),
            &["image"],
            "likewise",
        ),
        (
            image,
            json!({"image":A,"metadata":{"image_urls":[]}}),
            image,
            json!({"image_urls":[A]}),
            &[],
            "an empty list asks for nothing",
        ),
        (
            image,
            json!({"metadata":{"binary_data_base64":[data_url]}}),
            image,
            json!({"binary_data_base64":[PNG]}),
            &[],
            "normalised wherever it stands",
        ),
    ]);
}

#[test]
fn an_image_beyond_the_limit_is_too_large_by_name() {
    // Three bytes are four characters.
    let image = |bytes: usize| format!("/9j/{}", "A".repeat((bytes - 3) / 3 * 4));
    let fits = json!({ "image": image(4_699_998) });
    assert!(translate(&request("jimeng_v30", &fits)).is_ok());
    let just_fits = format!("{}AAA=", image(4_699_998));
    assert!(translate(&request("jimeng_v30", &json!({ "image": just_fits }))).is_ok());
    for (added, param) in [
        (json!({ "image": image(4_700_001) }), "image"),
        (
            json!({ "image": JPEG, "metadata": { "image_tail": image(4_700_001) } }),
            "metadata.image_tail",
        ),
        (
            json!({ "metadata": { "binary_data_base64": [image(4_700_001)] } }),
            "metadata.binary_data_base64[0]",
        ),
    ] {
        let error = translate(&request("jimeng_v30", &added)).expect_err(param);
        assert_eq!((error.status().as_u16(), error.body.param.as_deref()), (413, Some(param)));
        assert!(error.body.message.contains("4.7 MB"), "{}", error.body.message);
    }
}
