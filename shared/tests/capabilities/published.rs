//! The published models, and what a request for one is told.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use shared::api::{ApiError, request};
use shared::dialects::translate::Model;
use shared::dialects::{self, Capability, Submission, SubmitContext, facts, listed};
use shared::task::Vendor;

pub(crate) const URL: &str = "https://i.example/a.png";
pub(crate) const PNG: &str = "iVBORw0KGgo=";

/// A published model, and the rows that it stands for.
pub(crate) struct Published {
    pub(crate) name: &'static str,
    pub(crate) vendor: Vendor,
    pub(crate) json: Value,
    pub(crate) rows: Vec<&'static Model>,
}

fn account(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Jimeng => json!({ "access_key": "AK", "secret_key": "SK" }),
        Vendor::Kling | Vendor::Vidu => json!({ "api_key": "key" }),
    }
}

pub(crate) fn all() -> Vec<Published> {
    let published = |vendor: Vendor, name| {
        let facts = facts(vendor);
        let group = facts.groups.iter().find(|group| group.name == name);
        let names = group.map_or(vec![name], |group| group.models.to_vec());
        let rows = names.iter().map(|name| Model::named(facts.models, name)).collect();
        let capability = Capability::of(name).expect("a vendor serves it");
        Published { name, vendor, json: json!(capability), rows }
    };
    let names =
        Vendor::ALL.into_iter().flat_map(|vendor| listed(vendor).map(move |it| (vendor, it)));
    names.map(|(vendor, name)| published(vendor, name)).collect()
}

/// What a request would be told.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    Fine,
    Warned(Vec<String>),
    Refused(String),
}

impl Published {
    pub(crate) fn texts(&self, pointer: &str) -> Vec<&str> {
        let list = self.json.pointer(pointer).and_then(Value::as_array);
        let list = list.unwrap_or_else(|| panic!("{} has no {pointer}", self.name));
        list.iter().map(|item| item.as_str().expect("a text")).collect()
    }

    /// A good request with this input, and nothing but what it needs.
    pub(crate) fn request(&self, input: &str) -> Value {
        let mut body = json!({ "model": self.name, "prompt": "a tide", "metadata": {} });
        match input {
            "text" => {}
            "first_frame" => body["image"] = URL.into(),
            "first_and_last_frame" => body["images"] = json!([URL, URL]),
            "last_frame" => body["metadata"]["image_tail"] = URL.into(),
            // Three, because two would be frames at some.
            "references" => body["images"] = json!([URL, URL, URL]),
            other => panic!("{other}"),
        }
        for name in self.texts("/filmgate/required") {
            body["metadata"][name] = match name {
                "aspect_ratio" => self.json["supported_aspect_ratios"][0].clone(),
                option => some_value(&self.json["filmgate"]["options"][option]),
            };
        }
        body
    }

    /// What the vendor would get, with every warning.
    pub(crate) fn submit(&self, body: &Value) -> Result<Submission, ApiError> {
        let order = request::read(&HeaderMap::new(), body.to_string().as_bytes())?;
        let task_id = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("an id");
        let now = Timestamp::from_second(1_784_019_600).expect("a time");
        let context = SubmitContext { task_id: &task_id, callback_url: "https://a.example/", now };
        let dialect = dialects::open(self.vendor, account(self.vendor)).expect("an account");
        let mut submission = dialect.submit(order.generation, &context)?;
        submission.warnings.splice(0..0, order.warnings);
        Ok(submission)
    }

    pub(crate) fn told(&self, body: &Value) -> Told {
        match self.submit(body) {
            Ok(submission) if submission.warnings.is_empty() => Told::Fine,
            Ok(submission) => {
                let params = submission.warnings.into_iter().map(|warning| warning.param);
                Told::Warned(params.collect())
            }
            Err(error) => Told::Refused(error.body.param.clone().unwrap_or_default()),
        }
    }

    pub(crate) fn assert_fine(&self, body: &Value) {
        let told = self.submit(body).map(|submission| submission.warnings);
        let told = told.map_err(|error| error.body.message);
        assert_eq!(told, Ok(Vec::new()), "{body}");
    }

    /// Another value is refused, unless the row leaves it to the vendor.
    pub(crate) fn assert_beside(&self, body: &Value, param: &str, is_closed: bool) {
        let expected = if is_closed { Told::Refused(param.to_owned()) } else { Told::Fine };
        assert_eq!(self.told(body), expected, "{body}");
    }

    /// The first of the inputs, in an order in which little is in each other's way.
    pub(crate) fn easiest<'a>(&self, inputs: &[&'a str]) -> &'a str {
        let order = ["text", "first_frame", "references", "first_and_last_frame", "last_frame"];
        let place = |input: &&&str| order.iter().position(|other| other == *input);
        inputs.iter().min_by_key(place).expect("an input")
    }

    pub(crate) fn inputs(&self) -> Vec<&str> {
        self.texts("/filmgate/inputs")
    }

    pub(crate) fn with(&self, input: &str, field: &str, value: impl Into<Value>) -> Value {
        let mut body = self.request(input);
        match field.strip_prefix("metadata.") {
            Some(field) => body["metadata"][field] = value.into(),
            None => body[field] = value.into(),
        }
        body
    }
}

/// A value that an option's schema allows.
pub(crate) fn some_value(schema: &Value) -> Value {
    for member in ["enum", "examples"] {
        if let Some(first) = schema[member].as_array().and_then(|all| all.first()) {
            return first.clone();
        }
    }
    match schema["type"].as_str().expect("a type") {
        "string" if schema["format"] == "image" => PNG.into(),
        "string" => "x".into(),
        "boolean" => true.into(),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(1.into()),
        "object" => {
            let members = schema["properties"].as_object().into_iter().flatten();
            members
                .map(|(name, schema)| (name.clone(), some_value(schema)))
                .collect::<Map<_, _>>()
                .into()
        }
        "array" => json!([some_value(&schema["items"])]),
        other => panic!("{other}"),
    }
}
