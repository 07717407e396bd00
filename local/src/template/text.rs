//! Texts in which CloudFormation puts what is known only at deployment: `!Ref`, `!GetAtt` and
//! `!Sub`. Every other function is an error.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a text names: a resource, one of its attributes, or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// A logical id, or a pseudo parameter such as `AWS::Region`.
    pub resource: String,
    /// `ApiEndpoint` in `!GetAtt Api.ApiEndpoint`; none in `!Ref Api`.
    pub attribute: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Text(pub(super) Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Literal(String),
    Reference(Reference),
}

/// Every reference inside `value`, however deep.
pub(super) fn references(value: &Value) -> Result<Vec<Reference>, String> {
    let inner: Vec<&Value> = match value {
        // Which of the two is decided at deployment; nothing that is played may depend on it.
        Value::Object(map) if map.contains_key("Fn::If") => choice(value)
            .ok_or_else(|| format!("expected a choice of two, not `{value}`"))?
            .1
            .into(),
        Value::Object(map) if map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
            return Ok(Text::try_from(value.clone())?.references().cloned().collect());
        }
        Value::Object(map) => map.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for value in inner {
        found.extend(references(value)?);
    }
    Ok(found)
}

/// The condition of an `Fn::If`, and the two between which it decides.
fn choice(value: &Value) -> Option<(&str, [&Value; 2])> {
    match value.as_object()?.get("Fn::If")?.as_array()?.as_slice() {
        [condition, then, otherwise] => Some((condition.as_str()?, [then, otherwise])),
        _ => None,
    }
}

/// Every condition that decides over something inside `value`.
pub(super) fn conditions(value: &Value) -> Vec<&str> {
    let own = choice(value).map(|(condition, _)| condition);
    let inner: Vec<&Value> = match value {
        Value::Object(map) => map.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(inner.into_iter().flat_map(conditions)).collect()
}

impl Text {
    pub(super) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.0.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Literal(_) => None,
        })
    }

    /// Whose attribute this is, and nothing else.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Reference(Reference { resource, attribute: Some(attribute) })] => {
                (attribute == name).then_some(resource)
            }
            _ => None,
        }
    }

    /// This text with `defaults` in place of the parameters that have one.
    pub(super) fn with_defaults(&self, defaults: &BTreeMap<String, Text>) -> Text {
        let parts = self.0.iter().flat_map(|part| match part {
            Part::Reference(Reference { resource: name, attribute: None })
                if defaults.contains_key(name) =>
            {
                defaults[name].0.clone()
            }
            _ => vec![part.clone()],
        });
        Text(parts.collect())
    }

    /// The text as deployed, or the first reference that `attribute_of` has no answer for.
    pub(super) fn resolve(
        &self,
        attribute_of: impl Fn(&Reference) -> Option<String>,
    ) -> Result<String, &Reference> {
        let parts = self.0.iter().map(|part| match part {
            Part::Literal(literal) => Ok(literal.clone()),
            Part::Reference(reference) => attribute_of(reference).ok_or(reference),
        });
        parts.collect()
    }
}

impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Text, String> {
        match value {
            Value::String(literal) => Ok(Text(vec![Part::Literal(literal)])),
            Value::Number(_) | Value::Bool(_) => Ok(Text(vec![Part::Literal(value.to_string())])),
            Value::Object(function) => read_function(function).map(Text),
            Value::Null | Value::Array(_) => Err(format!("expected a text, not `{value}`")),
        }
    }
}

fn read_function(function: Map<String, Value>) -> Result<Vec<Part>, String> {
    if function.len() != 1 {
        let function = Value::Object(function);
        return Err(format!("expected one function alone, not `{function}`"));
    }
    let mut parts = Vec::new();
    for (name, argument) in function {
        match (name.as_str(), &argument) {
            ("Ref", Value::String(resource)) => parts
                .push(Part::Reference(Reference { resource: resource.clone(), attribute: None })),
            ("Fn::GetAtt", Value::String(path)) => {
                parts.push(Part::Reference(Reference::read(path)));
            }
            ("Fn::Sub", Value::String(text)) => parts.extend(read_substitution(text)?),
            ("Ref" | "Fn::GetAtt" | "Fn::Sub", _) => {
                return Err(format!("expected a text as argument of `{name}`, not `{argument}`"));
            }
            _ => return Err(format!("the function `{name}` is not understood")),
        }
    }
    Ok(parts)
}

fn read_substitution(mut text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some((literal, rest)) = text.split_once("${") {
        let Some((name, rest)) = rest.split_once('}') else {
            return Err(format!("`${{{rest}` has no end"));
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        parts.push(match name.strip_prefix('!') {
            // `${!X}` is how a template writes `${X}` when it means just that.
            Some(name) => Part::Literal(format!("${{{name}}}")),
            None => Part::Reference(Reference::read(name)),
        });
        text = rest;
    }
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
    Ok(parts)
}

impl Reference {
    /// `Api` or `Api.ApiEndpoint`.
    fn read(path: &str) -> Reference {
        match path.split_once('.') {
            Some((resource, attribute)) => {
                Reference { resource: resource.to_owned(), attribute: Some(attribute.to_owned()) }
            }
            None => Reference { resource: path.to_owned(), attribute: None },
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.attribute {
            Some(attribute) => write!(f, "{}.{attribute}", self.resource),
            None => f.write_str(&self.resource),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_put_together_from_its_parts() {
        for (value, expected, why) in [
            (json!("a ${B}"), "a ${B}", "a plain text is not substituted in"),
            (json!(30), "30", "a number becomes a text"),
            (json!(true), "true", "and so does a flag"),
            (json!({"Ref": "A"}), "<A>", "a name"),
            (json!({"Fn::GetAtt": "A.B.C"}), "<A.B.C>", "only the first dot divides"),
            (json!({"Fn::Sub": "x${A}y${A.B}"}), "x<A>y<A.B>", "both kinds inside a text"),
            (json!({"Fn::Sub": "${!A}"}), "${A}", "a dollar that is meant"),
            (json!({"Fn::Sub": "arn:${AWS::Region}"}), "arn:<AWS::Region>", "a pseudo parameter"),
        ] {
            let text = Text::try_from(value).unwrap();
            let resolved = text.resolve(|reference| Some(format!("<{reference}>")));
            assert_eq!(resolved.as_deref(), Ok(expected), "{why}");
        }
    }
}
