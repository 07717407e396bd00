//! The values that a vendor's option takes, in the words of JSON Schema.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::translate::{Choice, Numbers, Opt, OptKind};

/// A schema. What is absent is open; `examples` are values beside which there may be others.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OptionSchema {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#enum: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    examples: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_items: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<OptionSchema>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, OptionSchema>,
    /// `image` for an address, a data URL or base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    /// The inputs with which the option is taken, where it is not taken with all of the model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<Vec<&'static str>>,
}

impl OptionSchema {
    pub(super) fn of(kind: OptKind) -> Self {
        match kind {
            OptKind::Word(words) => {
                let names = words.values().iter().copied();
                Self::words(names, matches!(words, Choice::Only(_)))
            }
            OptKind::Flag => Self::typed("boolean"),
            OptKind::Text(longest) => Self { max_length: longest, ..Self::typed("string") },
            OptKind::Texts => Self::list(Self::typed("string")),
            OptKind::Number(least, most) => Self {
                minimum: Some(least.into()),
                maximum: Some(most.into()),
                ..Self::typed("number")
            },
            OptKind::Whole(numbers) => Self::whole(numbers),
            OptKind::Image => Self { format: Some("image"), ..Self::typed("string") },
            OptKind::Images => Self::list(Self::of(OptKind::Image)),
            OptKind::Object => Self::typed("object"),
            OptKind::Objects(most, members) => {
                let property = |member: &Opt| (member.name, Self::of(member.kind));
                let properties = members.iter().map(property).collect();
                let item = Self { properties, ..Self::typed("object") };
                Self { max_items: most, ..Self::list(item) }
            }
        }
    }

    /// One of these words, or of others that the vendor may know.
    pub(super) fn words(names: impl Iterator<Item = &'static str>, are_all: bool) -> Self {
        let names = Some(names.map(Value::from).collect());
        match are_all {
            true => Self { r#enum: names, ..Self::typed("string") },
            false => Self { examples: names, ..Self::typed("string") },
        }
    }

    pub(super) fn only_with(self, inputs: Vec<&'static str>) -> Self {
        Self { with: Some(inputs), ..self }
    }

    fn whole(numbers: Numbers) -> Self {
        let whole = Self::typed("integer");
        match numbers {
            Numbers::Any => whole,
            Numbers::Only(numbers) => {
                let numbers = numbers.iter().map(|number| Value::from(*number)).collect();
                Self { r#enum: Some(numbers), ..whole }
            }
            Numbers::Range(least, most) => {
                Self { minimum: Some(least.into()), maximum: Some(most.into()), ..whole }
            }
            Numbers::AtLeast(least) | Numbers::About(least, _) => {
                Self { minimum: Some(least.into()), ..whole }
            }
        }
    }

    fn list(items: Self) -> Self {
        Self { items: Some(Box::new(items)), ..Self::typed("array") }
    }

    fn typed(name: &'static str) -> Self {
        Self { r#type: name, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_of_option_is_a_schema() {
        const MASK: &[Opt] = &[Opt::new("mask", OptKind::Image)];
        let image = json!({ "type": "string", "format": "image" });
        let rows = [
            (OptKind::Flag, json!({ "type": "boolean" })),
            (OptKind::Text(None), json!({ "type": "string" })),
            (OptKind::Text(Some(9)), json!({ "type": "string", "maxLength": 9 })),
            (OptKind::Word(Choice::Only(&["a"])), json!({ "type": "string", "enum": ["a"] })),
            (OptKind::Word(Choice::Known(&["a"])), json!({ "type": "string", "examples": ["a"] })),
            (OptKind::Whole(Numbers::Any), json!({ "type": "integer" })),
            (OptKind::Whole(Numbers::Only(&[1, 3])), json!({ "type": "integer", "enum": [1, 3] })),
            (
                OptKind::Whole(Numbers::Range(-1, 3)),
                json!({ "type": "integer", "minimum": -1, "maximum": 3 }),
            ),
            (OptKind::Whole(Numbers::AtLeast(1)), json!({ "type": "integer", "minimum": 1 })),
            (
                OptKind::Number(0.0, 1.0),
                json!({ "type": "number", "minimum": 0.0, "maximum": 1.0 }),
            ),
            (OptKind::Image, image.clone()),
            (OptKind::Images, json!({ "type": "array", "items": image.clone() })),
            (OptKind::Texts, json!({ "type": "array", "items": { "type": "string" } })),
            (OptKind::Object, json!({ "type": "object" })),
            (
                OptKind::Objects(Some(6), MASK),
                json!({
                    "type": "array", "maxItems": 6,
                    "items": { "type": "object", "properties": { "mask": image } },
                }),
            ),
        ];
        for (kind, expected) in rows {
            assert_eq!(json!(OptionSchema::of(kind)), expected, "{kind:?}");
        }
        let word = OptionSchema::words(["std"].into_iter(), true).only_with(vec!["text"]);
        assert_eq!(json!(word), json!({ "type": "string", "enum": ["std"], "with": ["text"] }));
    }
}
