//! `?dry_run=true`: what would be done is told, and nothing is done.

use local::{LOCAL_KEY, Options};
use serde_json::{Value, json};
use shared::dialects::facts;
use shared::task::Vendor;

use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::ScriptedVidu;

const PNG: &str = "iVBORw0KGgo=";
const DRY_RUN: &str = "/v1/video/generations?dry_run=true";

fn request(client: &Client, path: &str, body: &Value) -> reqwest::RequestBuilder {
    let request = client.request("POST", path).header("content-type", "application/json");
    request.body(body.to_string())
}

async fn dry_run(client: &Client, body: &Value) -> Answer {
    send(request(client, DRY_RUN, body)).await
}

/// Everything that is stored but keys.
async fn stored(gateway: &Gateway) -> usize {
    let mut count = 0;
    for table in ["Tasks", "Usage"] {
        let items = gateway.dynamodb().scan().table_name(table).send().await.expect("items");
        count += items.items().len();
    }
    count
}

#[tokio::test]
async fn the_vendor_would_get_what_it_gets() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let bodies = [
        tide(),
        json!({ "model": "viduq2", "prompt": "x", "size": "1280x720", "duration": 7, "seed": 3 }),
        json!({ "model": "viduq1", "prompt": "x", "image": "https://i.example/a.png" }),
        json!({ "model": "viduq2", "prompt": "x", "metadata": { "bgm": true, "fps": 24 } }),
    ];
    for body in bodies {
        let told = dry_run(&gateway.client, &body).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert!(vidu.submissions().is_empty(), "nobody was asked");
        assert_eq!(stored(&gateway).await, 0, "nothing is stored");
        assert_eq!(told.body["request"]["method"], "POST");
        let path = told.body["request"]["path"].as_str().expect("a path");
        assert!(path.starts_with("/ent/v2/"), "{told:?}");
        let text = told.body.to_string();
        assert!(!text.contains("callback") && !text.contains("payload"), "{text}");
        let account = gateway.stack.url();
        assert!(!text.contains(account) && !text.contains("vda_"), "{text}");
    }

    let body = json!({ "model": "viduq1", "prompt": "x", "size": "1920x1080", "fps": 24 });
    let told = dry_run(&gateway.client, &body).await;
    let made = gateway.client.create(&body).await;
    assert_eq!(told.body["warnings"], made.body["warnings"]);
    let mut got = vidu.submissions().pop().expect("a submission");
    for ours in ["callback_url", "payload"] {
        got.as_object_mut().expect("an object").remove(ours);
    }
    assert_eq!(told.body["request"]["body"], got);
}

#[tokio::test]
async fn a_request_is_told_in_words_that_all_vendors_share() {
    let gateway = Gateway::start().await;
    let known = |duration, ratio: &str, resolution: &str, size: &str| {
        json!({
            "duration": duration, "aspect_ratio": ratio, "resolution": resolution, "size": size,
            "seed": null,
        })
    };
    let rows = [
        (json!({ "model": "kling-v3" }), known(5, "16:9", "720p", "1280x720")),
        (
            json!({ "model": "kling-v3", "size": "2160x3840", "seconds": "7" }),
            known(7, "9:16", "4k", "2160x3840"),
        ),
        (json!({ "model": "jimeng_v30" }), known(5, "16:9", "720p", "1280x720")),
        (
            json!({ "model": "jimeng_v30", "size": "1440x1440", "duration": 10 }),
            known(10, "1:1", "1080p", "1080x1080"),
        ),
        (json!({ "model": "viduq1" }), known(5, "16:9", "1080p", "1920x1080")),
        (
            json!({ "model": "viduq2", "resolution": "540p", "aspect_ratio": "3:4", "seed": 7 }),
            json!({
                "duration": 5, "aspect_ratio": "3:4", "resolution": "540p", "size": "540x720",
                "seed": 7,
            }),
        ),
        (
            json!({ "model": "viduq1", "image": "https://i.example/a.png" }),
            json!({
                "duration": 5, "aspect_ratio": null, "resolution": "1080p", "size": null,
                "seed": null,
            }),
        ),
        (
            json!({ "model": "viduq9-max", "prompt": "x" }),
            json!({
                "duration": null, "aspect_ratio": null, "resolution": null, "size": null,
                "seed": null,
            }),
        ),
    ];
    for (mut body, normalized) in rows {
        body["prompt"] = "x".into();
        let told = dry_run(&gateway.client, &body).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert_eq!(told.body["normalized"], normalized, "{body}");
    }
}

#[tokio::test]
async fn images_and_secrets_are_not_repeated() {
    let gateway = Gateway::start().await;
    let inline = format!("data:image/png;base64,{PNG}");
    let digest = "4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6";
    let summary = format!("<image/png, 8 bytes, sha256 {digest}>");
    for (model, member) in [
        ("kling-v2-6", "/image"),
        ("kling-3.0", "/contents/1/url"),
        ("viduq1", "/images/0"),
        ("jimeng_v30", "/binary_data_base64/0"),
    ] {
        let body = json!({ "model": model, "prompt": PNG, "image": inline });
        let told = dry_run(&gateway.client, &body).await;
        let sent = &told.body["request"]["body"];
        assert_eq!(sent.pointer(member), Some(&summary.as_str().into()), "{told:?}");
        let text = told.body.to_string();
        assert_eq!(text.matches(PNG).count(), 1, "a prompt is a prompt: {text}");
        for secret in ["callbacks", "external_task_id", LOCAL_KEY, "authorization"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[tokio::test]
async fn what_would_be_refused_is_refused_in_the_same_words() {
    let gateway = Gateway::start().await;
    let limits = json!({ "limits": { "unfinished": 1 }, "models": ["vidu*", "sora-2"] });
    let client = gateway.with_key("sk-limited", limits).await;
    let slow =
        json!({ "model": "viduq1", "prompt": "x", "metadata": { "simulate": "lost-callbacks" } });
    let free = dry_run(&client, &tide()).await;
    assert_eq!(free.body["limits"]["unfinished"], json!({ "used": 0, "max": 1 }));
    client.created(&slow).await;

    let stranger = Client::new(gateway.stack.url(), "sk-wrong");
    let rows = [
        (&client, tide(), 429, "a limit is reached"),
        (&client, json!({ "model": "viduq1", "prompt": "x", "n": 2 }), 400, "more than ever"),
        (&client, json!({ "model": "viduq1", "prompt": "x", "duration": 7 }), 400, "a bad field"),
        (&client, json!({ "model": "viduq1" }), 400, "a missing field"),
        (&client, json!({ "model": "kling-v3", "prompt": "x" }), 403, "another model"),
        (&client, json!({ "model": "sora-2", "prompt": "x" }), 400, "nobody's model"),
        (&client, json!([]), 400, "no request"),
        (&stranger, tide(), 401, "no key"),
    ];
    for (client, body, status, reason) in rows {
        for header in ["x-nothing", "idempotency-key"] {
            let dry = send(request(client, DRY_RUN, &body).header(header, "order-17")).await;
            let real = client.create_request(&body).header(header, "order-17");
            let real = send(real).await;
            assert_eq!(real.status, status, "{reason}: {real:?}");
            assert_eq!(dry.status, status, "{reason}: {dry:?}");
            // Each has a name of its own, and all else is the same.
            let unnamed = |answer: &Answer| {
                let mut body = answer.body.clone();
                body["request_id"] = Value::Null;
                body["error"]["request_id"] = Value::Null;
                body
            };
            let mut expected = unnamed(&real);
            expected["dry_run"] = true.into();
            assert_eq!(unnamed(&dry), expected, "{reason}");
            assert_eq!(dry.headers.get("retry-after"), real.headers.get("retry-after"), "{reason}");
        }
    }

    let strict = json!({ "model": "viduq1", "prompt": "x", "fps": 60 });
    let told = dry_run(&gateway.client, &strict).await;
    assert_eq!(told.body["warnings"][0]["param"], "fps", "{told:?}");
    let prefer = request(&gateway.client, DRY_RUN, &strict).header("prefer", "handling=strict");
    let refused = send(prefer).await;
    assert_error(&refused, 400, "unsupported_parameter", Some("fps"));
    assert_eq!(refused.body["dry_run"], true);
}

#[tokio::test]
async fn only_a_clear_word_makes_or_does_not_make_a_video() {
    let gateway = Gateway::start().await;
    let path = |query: &str| format!("/v1/video/generations?{query}");
    for (query, param) in [
        ("dry_run=1", "dry_run"),
        ("dry_run=", "dry_run"),
        ("dry_run=True", "dry_run"),
        ("dry_run=true&dry_run=true", "dry_run"),
        ("dryrun=true", "dryrun"),
        ("dry_run=true&x=1", "x"),
    ] {
        let answer = send(request(&gateway.client, &path(query), &tide())).await;
        assert_error(&answer, 400, "invalid_parameter", Some(param));
    }
    for body in [
        json!({ "model": "viduq1", "prompt": "x", "dry_run": true }),
        json!({ "model": "viduq1", "prompt": "x", "metadata": { "dry_run": true } }),
    ] {
        let answer = gateway.client.create(&body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let message = answer.body["message"].as_str().expect("text");
        assert!(message.contains("?dry_run=true"), "{message}");
    }
    assert_eq!(stored(&gateway).await, 0, "nothing was made");
    let real = send(request(&gateway.client, &path("dry_run=false"), &tide())).await;
    assert!(real.body["task_id"].is_string(), "{real:?}");
}

#[tokio::test]
async fn a_dry_run_uses_up_neither_a_key_nor_a_limit() {
    let gateway = Gateway::start().await;
    let limits = json!({ "limits": { "unfinished": 1, "creates_per_minute": 1 } });
    let client = gateway.with_key("sk-limited", limits).await;
    let other = json!({ "model": "viduq1", "prompt": "another" });
    for _ in 0..3 {
        let dry = request(&client, DRY_RUN, &other).header("idempotency-key", "order-17");
        assert_eq!(send(dry).await.status, 200);
    }
    let real = send(client.create_request(&tide()).header("idempotency-key", "order-17")).await;
    assert_eq!(real.status, 200, "{real:?}");
}

#[tokio::test]
async fn openais_video_api_has_it_too() {
    let gateway = Gateway::start().await;
    let told = send(request(&gateway.client, "/v1/videos?dry_run=true", &tide())).await.body;
    assert_eq!(told["would"], "submit", "{told}");
    assert_eq!(stored(&gateway).await, 0);
}

#[tokio::test]
async fn what_is_published_is_taken_and_what_lies_beside_it_is_not() {
    let aliases = Some(r#"{"my-video":"kling-v3"}"#.to_owned());
    let options = Options { model_aliases: aliases, ..Options::default() };
    let gateway = Gateway::with(options).await;
    let samples = Vendor::ALL.into_iter().flat_map(|vendor| facts(vendor).samples);
    for model in samples.copied().chain(["my-video"]) {
        let published = send(gateway.client.request("GET", &format!("/v1/models/{model}"))).await;
        let values = |member: &str| published.body[member].as_array().expect("a list").clone();
        let longest = values("supported_durations").iter().filter_map(Value::as_i64).max();
        let longest = longest.expect("a duration");
        let is_refused = |told: &Answer| told.status == 400 && told.body["dry_run"] == true;
        for (field, member, beside) in [
            ("duration", "supported_durations", json!(longest + 1)),
            ("size", "supported_sizes", json!("1000x700")),
            ("aspect_ratio", "supported_aspect_ratios", json!("7:5")),
            ("resolution", "supported_resolutions", json!("1440p")),
        ] {
            let body = |value: &Value| json!({ "model": model, "prompt": "x", field: value });
            for value in values(member) {
                let told = dry_run(&gateway.client, &body(&value)).await;
                assert_eq!(told.status, 200, "{model} {field} {value}: {told:?}");
                assert_eq!(told.body["warnings"], json!([]), "{model} {field} {value}");
            }
            let told = dry_run(&gateway.client, &body(&beside)).await;
            // Some rows leave the end to the vendor, and Jimeng chooses a key all the same.
            let is_open = model.starts_with("viduq") && field != "size";
            let is_warned = told.body["warnings"].as_array().is_some_and(|all| !all.is_empty());
            assert!(is_refused(&told) || is_warned || is_open, "{model} {field}: {told:?}");
        }
    }
}
