//! What is published of a model is what a request for it is held to: every published value is
//! taken without a warning, and each value beside it is refused or passed on as its row says.

mod options;
mod published;

use serde_json::{Value, json};
use shared::dialects::translate::{Choice, Numbers};
use shared::dialects::{Capability, facts};
use shared::task::Vendor;

use published::{PNG, Told, URL, all};

#[test]
fn every_model_has_a_name_for_people_and_rules_of_its_own() {
    let models = all();
    assert!(models.len() > 35, "{}", models.len());
    let mut titles: Vec<_> = models.iter().map(|it| it.json["name"].as_str().unwrap()).collect();
    let count = titles.len();
    titles.sort_unstable();
    titles.dedup();
    let same = models.iter().filter(|it| it.json["name"] == it.json["id"]);
    assert_eq!(same.map(|it| it.name).collect::<Vec<_>>(), [""; 0], "each has a title");
    // A group of one is called as its one model is.
    assert_eq!(titles.len(), count - 1, "{titles:?}");
    for model in &models {
        assert_eq!(model.json["filmgate"]["vendor"], model.vendor.as_str());
        let status = &model.json["filmgate"]["status"];
        assert!(*status == "known" || *status == "retired", "{}", model.json);
    }
}

#[test]
fn a_model_that_no_row_names_is_passed_on_with_what_holds_for_all() {
    let passed_on = json!(Capability::of("viduq9-max").expect("Vidu's"));
    assert_eq!(passed_on["filmgate"]["status"], "passed_on");
    for member in ["supported_durations", "supported_resolutions", "supported_aspect_ratios"] {
        assert_eq!(passed_on[member], Value::Null, "{member}");
    }
    assert!(passed_on["filmgate"]["options"]["bgm"].is_object(), "no other option is sent");
    assert!(Capability::of("sora-2").is_none());
    let hidden = json!(Capability::of("viduq1").expect("Vidu's").under("my-video"));
    assert!(!hidden.to_string().contains("viduq1"), "{hidden}");
}

#[test]
fn every_published_input_makes_a_request() {
    for model in all() {
        for input in model.inputs() {
            model.assert_fine(&model.request(input));
        }
    }
}

#[test]
fn every_published_duration_is_taken_and_its_neighbours_are_not() {
    for model in all() {
        let input = model.easiest(&model.inputs());
        let durations = model.json["supported_durations"].as_array().expect("a list");
        let durations: Vec<i64> = durations.iter().filter_map(Value::as_i64).collect();
        for duration in &durations {
            model.assert_fine(&model.with(input, "duration", *duration));
        }
        let default = model.json["filmgate"]["defaults"]["duration"].as_i64();
        assert!(default.is_none_or(|default| durations.contains(&default)), "{}", model.json);
        for duration in durations.iter().flat_map(|it| [it - 1, it + 1]) {
            if duration > 0 && !durations.contains(&duration) {
                let is_open =
                    matches!(model.rows[0].seconds, Numbers::About(_, most) if duration > most);
                let body = model.with(input, "duration", duration);
                model.assert_beside(&body, "duration", !is_open);
            }
        }
        model.assert_beside(&model.with(input, "duration", 5.5), "duration", true);
    }
}

#[test]
fn every_published_ratio_is_taken_and_others_as_the_row_says() {
    for model in all() {
        let ratios = model.texts("/supported_aspect_ratios");
        let with = model.texts("/filmgate/aspect_ratio_with");
        assert_eq!(ratios.is_empty(), with.is_empty(), "{}", model.json);
        for input in &with {
            for ratio in &ratios {
                model.assert_fine(&model.with(input, "metadata.aspect_ratio", *ratio));
            }
            let others = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21", "7:5"];
            for ratio in others.iter().filter(|ratio| !ratios.contains(ratio)) {
                let is_closed = matches!(model.rows[0].ratios, Choice::Only(_));
                let body = model.with(input, "metadata.aspect_ratio", *ratio);
                model.assert_beside(&body, "metadata.aspect_ratio", is_closed);
            }
        }
        for input in model.inputs().iter().filter(|input| !with.contains(input)) {
            let body = model.with(input, "metadata.aspect_ratio", "16:9");
            let told = Told::Warned(vec!["metadata.aspect_ratio".to_owned()]);
            assert_eq!(model.told(&body), told, "{body}");
        }
        let default = model.json["filmgate"]["defaults"]["aspect_ratio"].as_str();
        assert!(default.is_none_or(|default| ratios.contains(&default)), "{}", model.json);
    }
}

#[test]
fn every_published_size_is_taken_and_what_lies_between_is_not() {
    for model in all() {
        let sizes = model.texts("/supported_sizes");
        for input in model.texts("/filmgate/aspect_ratio_with") {
            for size in &sizes {
                model.assert_fine(&without_ratio(model.with(input, "size", *size)));
            }
            let body = without_ratio(model.with(input, "size", "1000x700"));
            model.assert_beside(&body, "size", true);
            // A ratio of the model's, and no resolution of anybody's.
            let body = without_ratio(model.with(input, "size", "1440x810"));
            assert_ne!(model.told(&body), Told::Fine, "{body}");
        }
        if sizes.is_empty() {
            let input = model.easiest(&model.inputs());
            let body = model.with(input, "size", "1280x720");
            assert_ne!(model.told(&body), Told::Fine, "{body}");
        }
    }
}

#[test]
fn every_published_resolution_is_taken_and_others_as_the_row_says() {
    for model in all() {
        let resolutions = model.texts("/supported_resolutions");
        let input = model.easiest(&model.inputs());
        for resolution in &resolutions {
            model.assert_fine(&model.with(input, "resolution", *resolution));
        }
        let others = ["360p", "480p", "540p", "720p", "1080p", "1440p", "4k"];
        for resolution in others.iter().filter(|other| !resolutions.contains(other)) {
            let is_open = matches!(model.rows[0].resolutions, Choice::Known(_));
            let body = model.with(input, "resolution", *resolution);
            assert_eq!(model.told(&body) == Told::Fine, is_open, "{body}");
        }
        let default = model.json["filmgate"]["defaults"]["resolution"].as_str();
        assert_eq!(default, resolutions.first().copied(), "{}", model.json);
    }
}

/// A size says the ratio.
fn without_ratio(mut body: Value) -> Value {
    body["metadata"].as_object_mut().expect("metadata").remove("aspect_ratio");
    body
}

#[test]
fn every_published_limit_is_the_last_good_value() {
    for model in all() {
        let input = model.easiest(&model.inputs());
        if let Some(longest) = model.json["filmgate"]["prompt_max"].as_u64() {
            let longest = usize::try_from(longest).expect("it fits");
            model.assert_fine(&model.with(input, "prompt", "字".repeat(longest)));
            let body = model.with(input, "prompt", "字".repeat(longest + 1));
            model.assert_beside(&body, "prompt", true);
        }
        let most = model.json["filmgate"]["n_max"].as_u64().expect("a number");
        model.assert_fine(&model.with(input, "n", most));
        model.assert_beside(&model.with(input, "n", most + 1), "n", true);

        let warned = |field: &str| Told::Warned(vec![field.to_owned()]);
        let seeded = model.told(&model.with(input, "seed", 7));
        assert_eq!(seeded == Told::Fine, model.json["seed"] == true, "{}: {seeded:?}", model.name);
        match model.json["filmgate"]["fps"].as_u64() {
            Some(fps) => {
                model.assert_fine(&model.with(input, "fps", fps));
                assert_eq!(model.told(&model.with(input, "fps", fps + 1)), warned("fps"));
            }
            None => assert_eq!(model.told(&model.with(input, "fps", 24)), warned("fps")),
        }
    }
}

#[test]
fn as_many_images_of_such_kinds_are_taken_as_are_published() {
    for model in all() {
        let most = model.json["filmgate"]["images"]["max"].as_u64().expect("a number");
        let most = usize::try_from(most).expect("it fits");
        let one_more = model.with("text", "images", vec![URL; most + 1]);
        let is_open = model
            .rows
            .iter()
            .any(|row| matches!(row.inputs, Choice::Known(_)) && row.most_images > most);
        let told = model.told(&one_more);
        assert_eq!(matches!(told, Told::Refused(_)), !is_open, "{one_more}: {told:?}");
        if most == 0 {
            continue;
        }
        let input = *model.inputs().iter().find(|input| **input != "text").expect("an image");
        let types = model.texts("/filmgate/images/types");
        for (media_type, bytes) in
            [("image/png", PNG), ("image/jpeg", "/9j/4AAQ"), ("image/webp", "UklGRgAAAABXRUJQ")]
        {
            let image = format!("data:{media_type};base64,{bytes}");
            let body = model.request(input).to_string().replace(URL, &image);
            let told = model.told(&serde_json::from_str(&body).expect("JSON"));
            assert_eq!(told == Told::Fine, types.contains(&media_type), "{body}: {told:?}");
        }
    }
}

#[test]
fn a_group_stands_for_the_models_that_are_chosen_for_it() {
    for vendor in Vendor::ALL {
        for group in facts(vendor).groups {
            let model = all().into_iter().find(|it| it.name == group.name).expect("it is listed");
            let moves = json!({ "template_id": "crane_push", "camera_strength": "weak" });
            let mut met = Vec::new();
            for input in model.inputs() {
                let plain = model.request(input);
                let large = model.with(input, "size", "1920x1080");
                let moved = model.with(input, "metadata", moves.clone());
                let submitted = [plain, large, moved].map(|body| model.submit(&body).ok());
                met.extend(submitted.into_iter().flatten().map(|submission| submission.endpoint));
            }
            met.sort_unstable();
            met.dedup();
            let mut models = group.models.to_vec();
            models.sort_unstable();
            assert_eq!(met, models, "{}", group.name);
        }
    }
}
