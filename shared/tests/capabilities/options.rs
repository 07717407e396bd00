//! The vendors' own options, as their schemas say.

use serde_json::{Value, json};

use crate::published::{Told, all, some_value};

const CAMERA: (&str, &str) = ("template_id", "camera_strength");

#[test]
fn every_published_option_is_taken_with_its_values_and_no_other() {
    for model in all() {
        let options = model.json["filmgate"]["options"].as_object().expect("options");
        let names: Vec<_> = options.keys().map(String::as_str).collect();
        assert_eq!(model.texts("/allowed_passthrough_parameters"), names);
        let is_known = |name: &str| model.rows.iter().any(|row| row.takes(name));
        for (name, schema) in options {
            let all = model.inputs();
            let with = schema["with"]
                .as_array()
                .map_or(all.clone(), |with| with.iter().filter_map(Value::as_str).collect());
            let input = model.easiest(&with);
            let body = |value: Value| {
                let mut body = model.with(input, &format!("metadata.{name}"), value);
                if name == "subjects" {
                    // They bring their own images.
                    body.as_object_mut().expect("an object").remove("images");
                }
                // A camera's template needs a strength, and the other way round.
                for (one, other) in [CAMERA, (CAMERA.1, CAMERA.0)] {
                    if name == one && is_known(other) {
                        body["metadata"][other] = some_value(&options[other]);
                    }
                }
                body
            };
            for value in good(schema) {
                model.assert_fine(&body(value));
            }
            for value in bad(schema) {
                let body = body(value);
                let told = model.told(&body);
                let Told::Refused(param) = &told else { panic!("{body}: {told:?}") };
                assert!(param.starts_with(&format!("metadata.{name}")), "{body}: {param}");
            }
            // Some options are an input themselves.
            let is_input = ["subjects", "videos"].contains(&name.as_str());
            for input in all.iter().filter(|input| !with.contains(input) && !is_input) {
                let told =
                    model.told(&model.with(input, &format!("metadata.{name}"), some_value(schema)));
                assert_ne!(told, Told::Fine, "{} {name} with {input}", model.name);
            }
        }
        let input = model.easiest(&model.inputs());
        let unknown = model.with(input, "metadata.no_such_option", 1);
        assert_eq!(model.told(&unknown), Told::Warned(vec!["metadata.no_such_option".to_owned()]));
    }
}

/// Every value that a schema names, and the ends of what it leaves open.
fn good(schema: &Value) -> Vec<Value> {
    let mut values = vec![some_value(schema)];
    for member in ["enum", "examples"] {
        values.extend(schema[member].as_array().into_iter().flatten().cloned());
    }
    values.extend(["minimum", "maximum"].iter().filter_map(|member| schema.get(*member).cloned()));
    if let Some(longest) = length(schema, "maxLength") {
        values.push("字".repeat(longest).into());
    }
    if let Some(most) = length(schema, "maxItems") {
        values.push(vec![some_value(&schema["items"]); most].into());
    }
    if schema["type"] == "boolean" {
        values.push(false.into());
    }
    if !schema["examples"].is_null() {
        values.push("a word that only the vendor may know".into());
    }
    values
}

/// Values just outside of a schema.
fn bad(schema: &Value) -> Vec<Value> {
    let mut values = match schema["type"].as_str().expect("a type") {
        "string" => vec![json!(7)],
        "array" => vec![json!("x"), json!({})],
        "object" => vec![json!([])],
        _ => vec![json!("x")],
    };
    let one = |member: &str| schema.get(member).and_then(Value::as_f64);
    if schema["type"] == "integer" {
        values.push(json!(1.5));
    }
    let step = if schema["type"] == "integer" { 1.0 } else { 0.25 };
    values.extend(one("minimum").map(|least| json!(least - step)));
    values.extend(one("maximum").map(|most| json!(most + step)));
    if let Some(allowed) = schema["enum"].as_array() {
        let number = |value: &Value| value.as_i64().map(|number| json!(number + 1));
        values.extend(allowed.iter().filter_map(number).filter(|it| !allowed.contains(it)));
        values.extend((schema["type"] == "string").then(|| json!("no-such-word")));
    }
    if let Some(longest) = length(schema, "maxLength") {
        values.push("字".repeat(longest + 1).into());
    }
    if let Some(most) = length(schema, "maxItems") {
        values.push(vec![some_value(&schema["items"]); most + 1].into());
    }
    if schema["format"] == "image" {
        values.push("no image".into());
    }
    values
}

fn length(schema: &Value, member: &str) -> Option<usize> {
    schema[member].as_u64().and_then(|number| usize::try_from(number).ok())
}
