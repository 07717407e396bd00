//! Random input: nothing panics, and no field of a request vanishes without a trace.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shared::task::Vendor;

/// JSON that looks like what the parsers look for.
fn anything_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "",
        "5",
        "5.0",
        "1920x1080",
        "16:9",
        "720p",
        "pro",
        "success",
        "succeed",
        "done",
        "failed",
        "processing",
        "https://i.example/a.png",
        "iVBORw0KGgo=",
        "data:image/png;base64,iVBORw0KGgo=",
        "FieldInvalid",
        "839120458812739584",
        "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "TaskNotFound",
        "not_found",
        "Task not found by id/external id: 87",
        "0",
        "null",
        "\u{0}",
        "中文",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..12_000_i64).prop_map(Value::from),
        word.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The name of a member that somebody reads, or of none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), "[a-z_]{1,8}"]
}

const NAMES: &[&str] = &[
    "model",
    "prompt",
    "image",
    "images",
    "size",
    "width",
    "height",
    "duration",
    "fps",
    "seed",
    "n",
    "response_format",
    "user",
    "metadata",
    "callback_url",
    "payload",
    "negative_prompt",
    "image_tail",
    "image_urls",
    "aspect_ratio",
    "resolution",
    "mode",
    "style",
    "movement_amplitude",
    "bgm",
    "audio",
    "off_peak",
    "subjects",
    "videos",
    "wm_position",
    "camera_control",
    "cfg_scale",
    "sound",
    "multi_shot",
    "multi_prompt",
    "static_mask",
    "dynamic_masks",
    "watermark_info",
    "element_list",
    "voice_list",
    "req_key",
    "frames",
    "template_id",
    "camera_strength",
    "binary_data_base64",
    "model_name",
    "task_id",
    "id",
    "state",
    "status",
    "task_status",
    "code",
    "message",
    "reason",
    "data",
    "creations",
    "url",
    "video",
    "video_url",
    "credits",
    "err_code",
    "task_result",
    "outputs",
    "ResponseMetadata",
    "Error",
    "Code",
    "CodeN",
    "request_id",
    "billing",
    "external_id",
    "external_task_id",
    "task_info",
    "tasks",
    "next_page_token",
    "metadata",
    "trace_id",
];

fn models() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "viduq1",
        "viduq2",
        "viduq2-turbo",
        "viduq3-pro",
        "vidu2.0",
        "vidu-new",
        "kling-v1",
        "kling-v2-6",
        "kling-v2-master",
        "kling-v3",
        "kling-v9",
        "kling-3.0",
        "kling-3.0-turbo",
        "kling-3.0-omni",
        "kling-o1",
        "jimeng_v30",
        "jimeng_v30_1080p",
        "jimeng_v30_pro",
        "jimeng_vgfm_t2v_l20",
        "jimeng_vgfm_i2v_l20",
        "jimeng_t2v_v30",
        "jimeng_i2v_first_v30",
        "jimeng_i2v_first_tail_v30",
        "jimeng_i2v_recamera_v30",
        "jimeng_new",
    ])
}

/// A request whose fields are mostly good, so that most are taken.
fn plausible_request() -> impl Strategy<Value = Value> {
    let image = || {
        prop::sample::select(vec![
            "https://i.example/a.png",
            "https://i.example/b.png",
            "iVBORw0KGgo=",
        ])
    };
    let top = (
        prop::option::of(image()),
        prop::option::of(prop::sample::select(vec![
            "1920x1080",
            "1280x720",
            "720x720",
            "1366x768",
            "1440x1080",
        ])),
        prop::option::of(prop::sample::select(vec![4, 5, 8, 10])),
        prop::option::of(prop::sample::select(vec![24, 30])),
        prop::option::of(1..1000),
    );
    let option = prop_oneof![
        (
            name(),
            prop_oneof![
                any::<bool>().prop_map(Value::from),
                (1..20).prop_map(Value::from),
                "[a-z]{3,9}".prop_map(Value::from),
                image().prop_map(Value::from),
            ]
        ),
        Just(("duration".to_owned(), json!("5"))),
        Just(("aspect_ratio".to_owned(), json!("16:9"))),
        Just(("resolution".to_owned(), json!("1080p"))),
        Just(("mode".to_owned(), json!("pro"))),
        Just(("bgm".to_owned(), json!(true))),
        image().prop_map(|image| ("image_tail".to_owned(), image.into())),
        image().prop_map(|image| ("image_urls".to_owned(), json!([image]))),
    ];
    (models(), top, prop::collection::vec(option, 0..4)).prop_map(|(model, top, options)| {
        let (image, size, duration, fps, seed) = top;
        let mut request = json!({ "model": model, "prompt": "a tide" });
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                request[name] = value;
            }
        };
        set("image", image.map(Value::from));
        set("size", size.map(Value::from));
        set("duration", duration.map(Value::from));
        set("fps", fps.map(Value::from));
        set("seed", seed.map(Value::from));
        set("metadata", Some(Value::Object(options.into_iter().collect::<Map<_, _>>())));
        request
    })
}

/// The fields of a request, by the names that warnings use, each with the request that lacks it.
fn without_each_field(request: &Value) -> Vec<(String, Value)> {
    // These are the gateway's: it keeps or counts them, no vendor is told.
    const OURS: &[&str] =
        &["model", "prompt", "metadata", "n", "user", "response_format", "callback_url", "payload"];
    let mut fields = Vec::new();
    let top = request.as_object().expect("a request");
    for name in top.keys().filter(|name| !OURS.contains(&name.as_str())) {
        let mut less = request.clone();
        less.as_object_mut().expect("a request").remove(name);
        fields.push((name.clone(), less));
    }
    for name in request["metadata"].as_object().expect("options").keys() {
        if !["callback_url", "payload"].contains(&name.as_str()) {
            let mut less = request.clone();
            less["metadata"].as_object_mut().expect("options").remove(name);
            fields.push((format!("metadata.{name}"), less));
        }
    }
    fields
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz::client_request(&data);
        fuzz::vendor_answer(&data);
        fuzz::callback(&data);
    }

    #[test]
    fn no_json_makes_a_parser_panic(json in anything_json(), status in any::<u8>(), model in models()) {
        let mut answer = vec![status, b'\n'];
        answer.extend(json.to_string().bytes());
        fuzz::vendor_answer(&answer);
        let mut request = json!({ "model": model, "prompt": "a tide", "metadata": json });
        fuzz::client_request(request.to_string().as_bytes());
        if let Value::Object(members) = request["metadata"].take() {
            for (name, value) in members {
                request[name] = value;
            }
        }
        fuzz::client_request(request.to_string().as_bytes());
    }

    /// Taking a field away makes a difference that can be seen: in what the
    /// vendor is sent, in the warnings, or in a refusal.
    #[test]
    fn no_field_vanishes_without_a_trace(request in plausible_request()) {
        for (vendor, dialect) in fuzz::dialects() {
            let translate = |request: &Value| fuzz::translate(&*dialect, request.to_string().as_bytes());
            let Ok((submission, warnings)) = translate(&request) else { continue };
            for (field, less) in without_each_field(&request) {
                let warned = warnings.iter().any(|warning| warning.param == field);
                let seen = match translate(&less) {
                    Ok((less, _)) => {
                        less.request.uri() != submission.request.uri()
                            || less.request.body() != submission.request.body()
                    }
                    Err(_) => true,
                };
                // The same said twice is still said when one of them is gone.
                let said_twice = is_said_twice(&request, &field);
                let made_anyway = is_made_anyway(vendor, &request, &field);
                prop_assert!(
                    warned || seen || said_twice || made_anyway,
                    "{vendor}: `{field}` of {request}"
                );
            }
        }
    }
}

/// Whether a product has no choice and makes just what was asked for.
fn is_made_anyway(vendor: Vendor, request: &Value, field: &str) -> bool {
    match (vendor, field) {
        (Vendor::Jimeng, "fps") => request["fps"] == 24,
        (Vendor::Jimeng, "duration") => request["duration"] == 5,
        _ => false,
    }
}

fn is_said_twice(request: &Value, field: &str) -> bool {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let name = field.trim_start_matches("metadata.");
    let (outer, inner) = (&request[name], &request["metadata"][name]);
    match name {
        "size" | "resolution" | "aspect_ratio" | "mode" => !request["size"].is_null(),
        "image" | "images" | "image_urls" => !request["image"].is_null(),
        _ => !outer.is_null() && number(outer).is_some() && number(outer) == number(inner),
    }
}
