//! The contract says what the code does, and no more: fields, codes, routes, examples.
//!
//! What the code knows is taken from where it stands: from its types, from the
//! template, and from behaviour.

use http::HeaderMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use local::Options;
use local::template::Template;
use serde_json::{Value, json};
use shared::api::{self, request};
use shared::task::{Actor, Code, ErrorBody, EventKind};

use crate::contract::{CONTRACT, escape};
use crate::gateway::{Gateway, send};

const CREATE: &str = "#/paths/~1v1~1video~1generations/post";

fn documented(pointer: &str) -> BTreeSet<String> {
    let list = CONTRACT.at(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let names: Vec<&str> = match list {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(items) => items.iter().map(|item| item.as_str().expect("a word")).collect(),
        other => panic!("{pointer}: {other}"),
    };
    names.into_iter().map(str::to_owned).collect()
}

/// The fields at the top level that are left to the vendor.
fn left_over(body: &Value) -> BTreeSet<String> {
    let order = request::read(&HeaderMap::new(), body.to_string().as_bytes());
    let options = order.expect("it can be read").generation.options;
    let fields = body.as_object().expect("an object").keys().cloned();
    fields.filter(|field| options.is_outer(field)).collect()
}

#[test]
fn every_documented_field_is_read_and_every_field_that_is_read_is_documented() {
    let fields = documented("#/components/schemas/CreateRequest/properties");
    let all = json!({
        "model": "viduq1", "prompt": "x", "image": "https://a.example/1.png",
        "images": ["https://a.example/2.png"],
        "input_reference": ["https://a.example/1.png", { "image_url": "https://a.example/2.png" }],
        "input_references": ["https://a.example/1.png", "https://a.example/2.png"],
        "frame_images": [
            { "image_url": { "url": "https://a.example/1.png" }, "frame_type": "first_frame" },
            { "image_url": { "url": "https://a.example/2.png" }, "frame_type": "last_frame" },
        ],
        "size": "1920x1080", "width": 1920, "height": 1080, "aspect_ratio": "16:9",
        "resolution": "1080p", "negative_prompt": "rain", "duration": 5, "seconds": "5", "fps": 24, "seed": 1, "n": 1, "response_format": "url", "user": "u-1",
        "callback_url": "https://a.example/", "metadata": {}, "options": {},
    });
    let written: BTreeSet<String> = all.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(written, fields, "the request of this test has every documented field");
    // The reader sees no other field than these; beside them are vendors' options that many have.
    let options = ["aspect_ratio", "resolution", "negative_prompt"];
    let read = request::FIELDS.into_iter().chain(options).map(str::to_owned);
    assert_eq!(read.collect::<BTreeSet<_>>(), fields);
    assert_eq!(left_over(&all), options.map(str::to_owned).into(), "each of ours is read");
    CONTRACT.check("#/components/schemas/CreateRequest", &all, "every field at once");
}

#[test]
fn options_of_the_gateway_are_documented() {
    let options = documented("#/components/schemas/Options/properties");
    let body = json!({
        "model": "viduq1", "prompt": "x",
        "metadata": { "callback_url": "https://a.example/", "payload": "x" },
    });
    let request =
        request::read(&HeaderMap::new(), body.to_string().as_bytes()).expect("it can be read");
    let metadata: BTreeSet<String> =
        body["metadata"].as_object().expect("an object").keys().cloned().collect();
    assert_eq!(metadata, options);
    let left = request.generation.options;
    assert!(options.iter().all(|name| !left.has(name)), "they are the gateway's, not the vendor's");
    assert!(request.webhook.is_some() && request.payload.is_some());
}

#[test]
fn a_field_is_refused_where_the_contract_says_what_it_must_be() {
    let rows = [
        ("n", json!(5)),
        ("n", json!(1.5)),
        ("width", json!(70_000)),
        ("duration", json!(0)),
        ("duration", json!("inf")),
        ("duration", json!("five")),
        ("fps", json!(-1)),
        ("seed", json!(1.5)),
        ("size", json!("1080p")),
        ("image", json!(7)),
        ("images", json!([null])),
        ("images", json!("https://a.example/1.png")),
        ("response_format", json!("b64_json")),
        ("user", json!("x".repeat(1025))),
        ("model", json!(" ")),
        ("prompt", json!(null)),
        ("metadata", json!([])),
        ("metadata", json!({ "payload": 17 })),
        ("callback_url", json!(true)),
    ];
    let pointer = "#/components/schemas/CreateRequest";
    for (field, value) in rows {
        let mut body = json!({ "model": "viduq1", "prompt": "x", "height": 1080, "width": 1920 });
        body[field] = value;
        let read = request::read(&HeaderMap::new(), body.to_string().as_bytes());
        assert!(read.is_err(), "the code takes {body}");
        let judged = std::panic::catch_unwind(|| CONTRACT.check(pointer, &body, field));
        assert!(judged.is_err(), "the contract takes {body}");
    }
    for (field, value) in [
        ("n", json!("4")),
        ("n", json!(4.0)),
        ("width", json!("1920")),
        ("duration", json!(" 5.0 ")),
        ("seed", json!(-1)),
        ("size", json!(" 1920 * 1080 ")),
        ("metadata", json!("{\"style\":\"anime\"}")),
        ("metadata", json!(null)),
        ("anything", json!([1])),
    ] {
        let mut body = json!({ "model": "viduq1", "prompt": "x", "height": 1080, "width": 1920 });
        body[field] = value;
        let read = request::read(&HeaderMap::new(), body.to_string().as_bytes());
        assert!(read.is_ok(), "the code refuses {body}: {read:?}");
        CONTRACT.check(pointer, &body, field);
    }
}

#[test]
fn the_codes_and_types_of_errors_are_those_of_the_code() {
    let made = |member: &str| -> BTreeSet<String> {
        let body = |code| ErrorBody::new(code, "").to_json();
        Code::ALL.map(|code| body(code)[member].as_str().expect("a word").to_owned()).into()
    };
    assert_eq!(made("code"), documented("#/components/schemas/ErrorCode/enum"));
    assert_eq!(made("type"), documented("#/components/schemas/ErrorType/enum"));
}

#[test]
fn each_code_is_documented_with_a_status_or_occurs_in_failed_tasks_only() {
    let mut said = BTreeSet::new();
    let mut places = vec![&CONTRACT.document];
    while let Some(place) = places.pop() {
        match place {
            Value::Object(members) => {
                if let Some(Value::Array(codes)) = members.get("x-codes") {
                    said.extend(codes.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                places.extend(members.values());
            }
            Value::Array(items) => places.extend(items),
            _ => {}
        }
    }
    let codes = documented("#/components/schemas/ErrorCode/enum");
    let rest: Vec<_> = codes.difference(&said).map(String::as_str).collect();
    let only_of_tasks = [
        "cancelled_at_vendor",
        "deadline_exceeded",
        "expired_at_vendor",
        "submission_lost",
        "submission_unknown",
        "vendor_lost_task",
    ];
    assert_eq!(rest, only_of_tasks);
    assert!(said.is_subset(&codes), "{:?}", said.difference(&codes));
}

#[test]
fn the_kinds_of_events_are_those_of_the_code() {
    let event = "#/components/schemas/Event/properties";
    let kinds = EventKind::ALL.into_iter().filter(|kind| {
        // An event that nobody but the operator sees is not documented.
        Actor::Callback.event(*kind, jiff::Timestamp::UNIX_EPOCH).for_owner().is_some()
    });
    let kinds: BTreeSet<_> = kinds.map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(kinds, documented(&format!("{event}/event/enum")));
    let actors: BTreeSet<_> = Actor::ALL.map(|actor| actor.as_str().to_owned()).into();
    assert_eq!(actors, documented(&format!("{event}/by/enum")));
}

#[test]
fn the_paths_are_the_routes_of_the_template() {
    let template = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml"));
    let template = Template::read(&template.expect("the template")).expect("it is understood");
    let keys = template.routes.keys().filter(|key| *key != "$default");
    let keys: Vec<_> = keys.map(|key| key.split_once(' ').expect("a method and a path")).collect();
    let routes: BTreeSet<_> = keys.iter().map(|(_, path)| (*path).to_owned()).collect();
    assert_eq!(routes, documented("#/paths"));
    assert_eq!(routes, api::routes::ALL.map(str::to_owned).into(), "as the code has them");
    for route in &routes {
        // The functions answer every method, most of them with a 405.
        assert!(keys.contains(&("ANY", route)), "{route} takes some methods only");
        let methods: Vec<_> = api::routes::methods(route).split(", ").collect();
        for (method, path) in &keys {
            let is_known = *method == "ANY" || methods.contains(method);
            assert!(path != route || is_known, "{method} {path} is not among the route's methods");
        }
    }
}

#[test]
fn the_version_is_the_workspaces() {
    assert_eq!(CONTRACT.document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn each_example_of_a_request_makes_a_video() {
    // A client's webhook is an address that nobody calls here before the video is done.
    let gateway = Gateway::with(Options { public_webhooks: true, ..Options::default() }).await;
    let content = format!("{CREATE}/requestBody/content/application~1json");
    let examples = CONTRACT.at(&format!("{content}/examples")).and_then(Value::as_object);
    for (name, example) in examples.expect("examples") {
        let body = &example["value"];
        CONTRACT.check(&format!("{content}/schema"), body, name);
        let request = gateway.client.create_request(body).header("prefer", "handling=strict");
        let answer = send(request).await;
        assert_eq!(answer.status, 200, "{name}, without a warning: {answer:?}");
    }
}

#[test]
fn each_example_of_an_answer_is_one() {
    let mut checked = 0;
    let mut places = vec!["#".to_owned()];
    while let Some(place) = places.pop() {
        let value = CONTRACT.at(&place).expect("it was listed");
        let Value::Object(members) = value else { continue };
        if members.contains_key("schema") {
            let several = members.get("examples").and_then(Value::as_object).into_iter().flatten();
            let several = several.map(|(_, example)| &example["value"]);
            for example in members.get("example").into_iter().chain(several) {
                CONTRACT.check(&format!("{place}/schema"), example, &place);
                checked += 1;
            }
            continue;
        }
        places.extend(members.keys().map(|name| format!("{place}/{}", escape(name))));
    }
    assert!(checked > 20, "only {checked} examples were found");
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let gateway = Gateway::start().await;
    let served = send(gateway.client.request("GET", "/openapi.json")).await;
    assert_eq!(served.body, CONTRACT.document);

    let page = send(gateway.client.request("GET", "/docs")).await;
    assert_eq!(page.status, 200);
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");

    for (method, path, status) in [
        ("POST", "/docs", 405),
        ("HEAD", "/openapi.json", 200),
        ("GET", "/docs/", 404),
        ("GET", "/openapi.yaml", 404),
        ("GET", "/openapi.json?pretty=1", 400),
    ] {
        let answer = send(gateway.client.request(method, path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
}
