//! The contract (`functions/docs/openapi.json`) as a judge of every answer that a
//! test receives, and of every webhook: a status, a header or a member that is not
//! documented fails the test that met it.
//!
//! That the document says no more than the code does is for `contract_drift`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::{HeaderMap, StatusCode};
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

pub(crate) struct Contract {
    pub(crate) document: Value,
    /// Of the document with answers closed: it lets clients expect new members, and here each
    /// is a surprise. By the pointer to the schema, as `#/paths/…`.
    validators: BTreeMap<String, Validator>,
}

/// What clients send, which may have members that nobody knows, and what another schema adds to.
const OPEN: [&str; 4] = ["CreateRequest", "Options", "Reference", "Capability"];

/// Lets no object have other members than those that are said.
fn close(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.contains_key("properties") && !members.contains_key("additionalProperties") {
        members.insert("additionalProperties".to_owned(), false.into());
    }
    // Not what goes with the whole object: parts of it say less than all.
    for keyword in ["properties", "patternProperties"] {
        for part in members.get_mut(keyword).and_then(Value::as_object_mut).into_iter().flatten() {
            close(part.1);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(part) = members.get_mut(keyword) {
            close(part);
        }
    }
    for keyword in ["anyOf", "oneOf"] {
        for choice in members.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            close(choice);
        }
    }
}

/// Where the document's own schemas are found while one of them is applied.
const DOCUMENT: &str = "urn:filmgate:contract";

impl Contract {
    fn read() -> Self {
        let document: Value = serde_json::from_str(docs::CONTRACT).expect("JSON");
        let mut pointers = Vec::new();
        find_schemas(&document, "#", &mut pointers);
        let mut closed = document.clone();
        for (name, schema) in closed["components"]["schemas"].as_object_mut().expect("schemas") {
            if !OPEN.contains(&name.as_str()) {
                close(schema);
            }
        }
        let resource = Draft::Draft202012.create_resource(closed);
        let registry = Registry::new().add(DOCUMENT, resource).expect("a resource");
        let registry = registry.prepare().expect("every reference leads somewhere");
        let validators = pointers
            .into_iter()
            .map(|pointer| {
                let validator = jsonschema::options()
                    .with_draft(Draft::Draft202012)
                    .with_registry(&registry)
                    .should_validate_formats(true)
                    .build(&json!({ "$ref": format!("{DOCUMENT}{}", percent_encoded(&pointer)) }))
                    .unwrap_or_else(|error| panic!("{pointer}: {error}"));
                (pointer, validator)
            })
            .collect();
        Self { document, validators }
    }

    /// Holds an answer against the document.
    pub(crate) fn check_answer(
        &self,
        (method, path): (&str, &str),
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) {
        let place = format!("{method} {path} was answered with {status}");
        let Some(route) = self.route(path) else {
            assert_eq!(status, 404, "{place}, and the contract has no such path");
            return self.check("#/components/schemas/Error", &read(body, &place), &place);
        };
        let item = format!("#/paths/{}", escape(route));
        let operation = format!("{item}/{}", method.to_ascii_lowercase());
        if self.at(&operation).is_none() {
            assert_eq!(status, 405, "{place}, and the contract has no such method");
            let response = "#/components/responses/MethodNotAllowed";
            return self.check_response(response, headers, body, &place);
        }
        let response = format!("{operation}/responses/{}", status.as_u16());
        assert!(self.at(&response).is_some(), "{place}: the contract has no such status");
        self.check_response(&response, headers, body, &place);
    }

    /// Holds what a client's webhook is told against the document.
    pub(crate) fn check_webhook(&self, headers: &HeaderMap, body: &[u8]) {
        let told = read(body, "a webhook");
        let kind = told["type"].as_str().expect("a type");
        let webhook = format!("#/webhooks/{kind}/post");
        for index in 0..self.items(&format!("{webhook}/parameters")) {
            let header = self.follow(&format!("{webhook}/parameters/{index}"));
            let name = self.at(&header).expect("it is there")["name"].as_str().expect("a name");
            let value = headers.get(name).unwrap_or_else(|| panic!("{kind} came without {name}"));
            self.check(&format!("{header}/schema"), &text(value), name);
        }
        let schema = format!("{webhook}/requestBody/content/application~1json/schema");
        self.check(&schema, &told, kind);
    }

    /// Applies the schema that a pointer leads to.
    pub(crate) fn check(&self, pointer: &str, value: &Value, place: &str) {
        let validator = self.validators.get(pointer).unwrap_or_else(|| panic!("{pointer}"));
        let errors: Vec<_> = validator
            .iter_errors(value)
            .map(|error| format!("  {} {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{place}, against {pointer}:\n{}\n{value}", errors.join("\n"));
    }

    /// What a pointer such as `#/paths` leads to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.document.pointer(pointer.strip_prefix('#').expect("a pointer of the document"))
    }

    /// The place that is meant, also where there is only a reference to it.
    pub(crate) fn follow(&self, pointer: &str) -> String {
        let there = self.at(pointer).unwrap_or_else(|| panic!("{pointer}"));
        there["$ref"].as_str().map_or_else(|| pointer.to_owned(), |place| self.follow(place))
    }

    fn items(&self, pointer: &str) -> usize {
        self.at(pointer).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The documented path that a request's path fits; what is literal comes first.
    fn route(&self, path: &str) -> Option<&str> {
        let paths = self.document["paths"].as_object().expect("paths");
        let fits = |route: &&str| {
            let segment = |(wanted, got): (&str, &str)| {
                wanted == got || (wanted.starts_with('{') && !got.is_empty())
            };
            route.split('/').count() == path.split('/').count()
                && route.split('/').zip(path.split('/')).all(segment)
        };
        let routes = paths.keys().map(String::as_str).filter(fits);
        routes.min_by_key(|route| route.matches('{').count())
    }

    fn check_response(&self, pointer: &str, headers: &HeaderMap, body: &[u8], place: &str) {
        let pointer = self.follow(pointer);
        let response = self.at(&pointer).expect("it was followed");
        for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            let header = self.follow(&format!("{pointer}/headers/{name}"));
            let is_required = self.at(&header).is_some_and(|header| header["required"] == true);
            match headers.get(name) {
                Some(value) => self.check(&format!("{header}/schema"), &text(value), place),
                None => assert!(!is_required, "{place}: {name} is missing"),
            }
        }
        let ours = ["retry-after", "allow", "www-authenticate", "idempotent-replayed", "etag"];
        for name in ours.into_iter().chain(["preference-applied", "location", "set-cookie"]) {
            let is_documented = response["headers"]
                .as_object()
                .is_some_and(|all| all.keys().any(|other| other.eq_ignore_ascii_case(name)));
            assert!(!headers.contains_key(name) || is_documented, "{place}: {name} is not said");
        }
        if response["content"].is_null() {
            return assert!(body.is_empty(), "{place}: no body is said");
        }
        let media_type = text(&headers["content-type"]);
        let media_type = media_type.as_str().expect("text");
        let content = format!("{pointer}/content/{}", escape(media_type));
        assert!(self.at(&content).is_some(), "{place}: {media_type} is not said");
        let body = match media_type {
            "application/json" => read(body, place),
            _ => String::from_utf8_lossy(body).into(),
        };
        self.check(&format!("{content}/schema"), &body, place);
        if let Some(codes) = response["x-codes"].as_array() {
            assert!(codes.contains(&body["code"]), "{place}: the code is not said: {body}");
        }
    }
}

fn read(body: &[u8], place: &str) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{place}: not JSON: {error}"))
}

/// A header's value as its schema sees it: a number, if it is one.
fn text(value: &http::HeaderValue) -> Value {
    let value = value.to_str().expect("text");
    // Numbers with a digit too many to be one are signatures and times.
    match value.parse::<u32>() {
        Ok(number) if value.len() < 6 => number.into(),
        _ => value.into(),
    }
}

/// What a pointer of ours has that an address must not.
fn percent_encoded(pointer: &str) -> String {
    pointer.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D")
}

pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Every place where the document has a schema that is not part of another one.
fn find_schemas(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let pointer = format!("{pointer}/{}", escape(name));
                match name.as_str() {
                    "schema" => found.push(pointer),
                    "schemas" => {
                        let names = member.as_object().expect("schemas by their names").keys();
                        found.extend(names.map(|name| format!("{pointer}/{}", escape(name))));
                    }
                    "example" | "examples" | "value" => {}
                    _ => find_schemas(member, &pointer, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_schemas(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

mod tests {
    use super::*;

    /// The judge itself is judged: what drifted from the contract does not pass.
    #[test]
    fn an_answer_that_is_not_as_documented_is_noticed() {
        let task = "/v1/video/generations/01a1fbdf098574e79e85c370a62a4935";
        let good = json!({ "task_id": "01a1fbdf098574e79e85c370a62a4935", "status": "queued" });
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let create = "/v1/video/generations";
        let rows = [
            ("POST", create, 200, None, good.clone(), true, "as documented"),
            ("POST", create, 200, None, with("id", json!(1)), false, "one member more"),
            ("POST", create, 200, None, with("status", json!("done")), false, "an unknown status"),
            ("POST", create, 200, None, json!({ "status": "queued" }), false, "one member less"),
            ("POST", create, 201, None, good.clone(), false, "an unknown status code"),
            ("POST", create, 200, Some(("allow", "POST")), good.clone(), false, "a header more"),
            ("GET", task, 200, None, good.clone(), false, "another operation's answer"),
            ("PUT", create, 200, None, good.clone(), false, "a method that is not there"),
            ("GET", "/v1/films", 200, None, good.clone(), false, "a path that is not there"),
        ];
        for (method, path, status, header, body, passes, reason) in rows {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", "application/json".parse().expect("a value"));
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().expect("a value"));
            }
            let status = StatusCode::from_u16(status).expect("a status");
            let judged = std::panic::catch_unwind(|| {
                CONTRACT.check_answer(
                    (method, path),
                    status,
                    &headers,
                    body.to_string().as_bytes(),
                );
            });
            assert_eq!(judged.is_ok(), passes, "{reason}");
        }
    }
}
