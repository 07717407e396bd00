//! The contract says what the code does, and no more: fields, codes, routes, examples.
//!
//! What the code knows is taken from where it stands: from the template, from
//! behaviour, and for words from the sources themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use local::Options;
use local::template::Template;
use serde_json::{Value, json};
use shared::api::CreateRequest;

use crate::contract::{CONTRACT, escape};
use crate::gateway::{Gateway, send};

const CREATE: &str = "#/paths/~1v1~1video~1generations/post";

/// A source file of the workspace, without its tests.
fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text =
        fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The sources of a folder, however deep.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            found.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

/// The words in quotes of a source: all that could be a name on the wire.
fn words(source: &str) -> BTreeSet<String> {
    let is_word = |text: &&str| {
        !text.is_empty() && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    };
    let without_comments =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>();
    let text = without_comments.join("\n");
    text.split('"').skip(1).step_by(2).filter(is_word).map(str::to_owned).collect()
}

fn documented(pointer: &str) -> BTreeSet<String> {
    let list = CONTRACT.at(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let names: Vec<&str> = match list {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(items) => items.iter().map(|item| item.as_str().expect("a word")).collect(),
        other => panic!("{pointer}: {other}"),
    };
    names.into_iter().map(str::to_owned).collect()
}

fn unknown_fields(body: &Value) -> Vec<String> {
    let request = CreateRequest::read(body.to_string().as_bytes()).expect("it can be read");
    let unknown =
        request.warnings.into_iter().filter(|one| one.message.contains("This API has no"));
    unknown.map(|warning| warning.param).collect()
}

#[test]
fn every_documented_field_is_read_and_every_field_that_is_read_is_documented() {
    let fields = documented("#/components/schemas/CreateRequest/properties");
    let all = json!({
        "model": "viduq1", "prompt": "x", "image": "https://a.example/1.png",
        "images": ["https://a.example/2.png"], "size": "1920x1080", "width": 1920, "height": 1080,
        "duration": 5, "fps": 24, "seed": 1, "n": 1, "response_format": "url", "user": "u-1",
        "callback_url": "https://a.example/", "metadata": {},
    });
    let written: BTreeSet<String> = all.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(written, fields, "the request of this test has every documented field");
    assert_eq!(unknown_fields(&all), [""; 0], "each is read");
    CONTRACT.check("#/components/schemas/CreateRequest", &all, "every field at once");

    // Whatever word the reader's source has, it is documented or not read.
    let candidates = words(&source("shared/src/api/request.rs"));
    assert!(fields.is_subset(&candidates), "the words are those of the reader");
    for word in candidates.difference(&fields) {
        let body = json!({ "model": "viduq1", "prompt": "x", word.as_str(): "x" });
        assert_eq!(unknown_fields(&body), [word.as_str()], "`{word}` is read, but not documented");
    }
}

#[test]
fn options_of_the_gateway_are_documented() {
    let options = documented("#/components/schemas/Options/properties");
    let body = json!({
        "model": "viduq1", "prompt": "x",
        "metadata": { "callback_url": "https://a.example/", "payload": "x" },
    });
    let request = CreateRequest::read(body.to_string().as_bytes()).expect("it can be read");
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
        let read = CreateRequest::read(body.to_string().as_bytes());
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
        let read = CreateRequest::read(body.to_string().as_bytes());
        assert!(read.is_ok(), "the code refuses {body}: {read:?}");
        CONTRACT.check(pointer, &body, field);
    }
}

#[test]
fn the_codes_and_types_of_errors_are_those_of_the_code() {
    let codes = documented("#/components/schemas/ErrorCode/enum");
    let types = documented("#/components/schemas/ErrorType/enum");
    // Where errors are made: every word there is a code, a type or one of these.
    let others = ["code", "error", "lowercase", "message", "param", "task_id", "model", "type"];
    let others: BTreeSet<String> = others.into_iter().map(str::to_owned).collect();
    let mut made = BTreeSet::new();
    for path in
        ["shared/src/api/error.rs", "shared/src/vendor/fault.rs", "functions/reconcile/src/ends.rs"]
    {
        made.extend(words(&source(path)));
    }
    // Elsewhere only what is handed to these by name.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut everywhere = Vec::new();
    sources(&root.join("shared/src"), &mut everywhere);
    sources(&root.join("functions"), &mut everywhere);
    for source in &everywhere {
        for maker in ["ApiError::unauthorized(", "ApiError::forbidden("] {
            for call in source.split(maker).skip(1) {
                let first = call.trim_start().strip_prefix('"').expect("a code in quotes");
                made.insert(first.split('"').next().unwrap_or_default().to_owned());
            }
        }
        assert!(
            !source.contains("ApiError::new(") && !source.contains("code: \""),
            "an error is made elsewhere, where this test does not see its code"
        );
    }
    let made: BTreeSet<String> = made.difference(&others).cloned().collect();
    let said: BTreeSet<String> = codes.union(&types).cloned().collect();
    assert_eq!(made, said, "left: made by the code; right: documented");
}

#[test]
fn each_code_is_documented_with_a_status_or_occurs_in_failed_tasks_only() {
    let mut said = BTreeSet::new();
    let mut places = vec![&CONTRACT.document];
    while let Some(place) = places.pop() {
        match place {
            Value::Object(members) => {
                if let Some(Value::Array(codes)) =
                    place.pointer("/properties/code/enum").filter(|_| !members.contains_key("$ref"))
                {
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
fn the_events_of_a_task_are_those_of_its_story() {
    let event = "#/components/schemas/Event/properties";
    let said =
        &documented(&format!("{event}/what/enum")) | &documented(&format!("{event}/by/enum"));
    // Who tried to forge a ring is for the operator alone.
    let others = ["ring_refused", "snake_case"].map(str::to_owned);
    let told = &words(&source("shared/src/story.rs")) - &BTreeSet::from(others);
    assert_eq!(told, said, "left: told by the code; right: documented");
}

#[test]
fn the_paths_are_the_routes_of_the_template() {
    let template = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml"));
    let template = Template::read(&template.expect("the template")).expect("it is understood");
    let routes = template.routes.keys().filter(|key| *key != "$default");
    let routes = routes.map(|key| {
        // The functions answer every method, most of them with a 405.
        key.strip_prefix("ANY ").unwrap_or_else(|| panic!("{key}")).to_owned()
    });
    assert_eq!(routes.collect::<BTreeSet<_>>(), documented("#/paths"));
}

#[test]
fn the_version_is_the_workspaces() {
    assert_eq!(CONTRACT.document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn each_example_of_a_request_makes_a_film() {
    // A client's webhook is an address that nobody calls here before the film is done.
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
        ("HEAD", "/openapi.json", 405),
        ("GET", "/docs/", 404),
        ("GET", "/openapi.yaml", 404),
        ("GET", "/openapi.json?pretty=1", 400),
    ] {
        let answer = send(gateway.client.request(method, path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
}
