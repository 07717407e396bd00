//! The table of fields in `docs/api.md`, made from the code: each field is added
//! to a request, and what then changes in the vendor's request is the cell.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::api::{ApiError, Warning, request};
use shared::dialects::{self, SubmitContext};
use shared::task::Vendor;

const DOCUMENT: &str = include_str!("../../docs/api.md");

const ACCOUNTS: &str = r#"{
    "jimeng": {"access_key":"AK","secret_key":"SK"},
    "kling": {"api_key":"api-key"},
    "vidu": {"api_key":"vda"}
}"#;

/// A model of each vendor that offers much.
fn model(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Jimeng => "jimeng_v30",
        Vendor::Kling => "kling-v3",
        Vendor::Vidu => "viduq2-turbo",
    }
}

const IMAGE: &str = "https://i.example/a.png";

/// The rows: what the document calls a field, what is there already, what is added.
fn rows() -> Vec<(&'static str, Value, Value)> {
    let none = || json!({});
    let image = || json!({ "image": IMAGE });
    vec![
        ("`image`", none(), image()),
        ("`images` (two)", none(), json!({ "images": [IMAGE, "https://i.example/b.png"] })),
        ("`images` (three)", none(), json!({ "images": [IMAGE, IMAGE, IMAGE] })),
        ("`size`", none(), json!({ "size": "1920x1080" })),
        ("`size` beside an image", image(), json!({ "size": "1920x1080" })),
        ("`aspect_ratio`", none(), json!({ "aspect_ratio": "1:1" })),
        ("`resolution`", none(), json!({ "resolution": "1080p" })),
        ("`duration`, `seconds`", none(), json!({ "seconds": "10" })),
        ("`negative_prompt`", none(), json!({ "negative_prompt": "rain" })),
        ("`seed`", none(), json!({ "seed": 7 })),
        ("`fps` 24", none(), json!({ "fps": 24 })),
        ("`fps` other", none(), json!({ "fps": 60 })),
        (
            "`metadata.image_tail`",
            image(),
            json!({ "metadata": { "image_tail": "https://i.example/b.png" } }),
        ),
        ("`aspect_ratio` beside an image", image(), json!({ "aspect_ratio": "1:1" })),
        ("`metadata.payload`", none(), json!({ "metadata": { "payload": "order 17" } })),
    ]
}

struct Sent {
    endpoint: String,
    body: Value,
    warnings: Vec<Warning>,
}

fn translate(vendor: Vendor, fields: &[&Value]) -> Result<Sent, ApiError> {
    let mut request = json!({ "model": model(vendor), "prompt": "a tide" });
    for (name, value) in fields.iter().flat_map(|fields| fields.as_object().expect("fields")) {
        request[name] = value.clone();
    }
    let request = request::read(&HeaderMap::new(), request.to_string().as_bytes())?;
    let task_id = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("an id");
    let now = Timestamp::from_second(1_784_019_600).expect("a time");
    let context = SubmitContext { task_id: &task_id, callback_url: "https://gw.example.com/", now };
    let accounts: Value = serde_json::from_str(ACCOUNTS).expect("JSON");
    let account = accounts[vendor.as_str()].clone();
    let dialect = dialects::open(vendor, account).expect("an account");
    let submission = dialect.submit(request.generation, &context)?;
    let body = serde_json::from_slice(submission.request.body()).expect("JSON");
    let warnings = [request.warnings, submission.warnings].concat();
    Ok(Sent { endpoint: submission.endpoint, body, warnings })
}

/// What a field changes: members of the vendor's request, and what the client is told.
fn cell(vendor: Vendor, before: &Value, added: &Value) -> String {
    let base = translate(vendor, &[before]).expect("the base is good");
    let sent = match translate(vendor, &[before, added]) {
        Ok(sent) => sent,
        Err(error) => return error.status().as_u16().to_string(),
    };
    let members = sent.body.as_object().expect("an object");
    let changed = members.iter().filter(|(name, value)| base.body.get(name) != Some(value));
    let mut parts: Vec<_> = changed.map(|(name, _)| format!("`{name}`")).collect();
    // Where the endpoint is a member, it is named already.
    if sent.endpoint != base.endpoint && !parts.contains(&"`req_key`".to_owned()) {
        parts.push(format!("→ `{}`", sent.endpoint));
    }
    if sent.warnings.len() > base.warnings.len() {
        parts.push("warning".to_owned());
    }
    if parts.is_empty() { "kept by the gateway or always so".to_owned() } else { parts.join(", ") }
}

#[test]
fn the_document_says_what_becomes_of_every_field() {
    let mut table = String::from("| field |");
    for vendor in Vendor::ALL {
        table.push_str(&format!(" {vendor} (`{}`) |", model(vendor)));
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(Vendor::ALL.len()));
    for (name, before, added) in rows() {
        let cells = Vendor::ALL.map(|vendor| cell(vendor, &before, &added));
        table.push_str(&format!("\n| {name} | {} |", cells.join(" | ")));
    }
    assert!(DOCUMENT.contains(&table), "docs/api.md has another table than this one:\n\n{table}\n");
}
