//! From YAML to JSON: the template as a value that serde can read, in which the short forms of
//! CloudFormation's functions are written out, `!Ref X` as `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode, Scalar, Tag, Yaml};
use serde_json::Value;

use super::TemplateError;

/// The only document in `text`.
pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(|error| TemplateError(error.to_string()))?;
    match documents.as_slice() {
        [document] => read_node(document).map_err(TemplateError),
        _ => Err(TemplateError("expected one YAML document".into())),
    }
}

fn read_node(node: &Yaml) -> Result<Value, String> {
    match node {
        Yaml::Value(Scalar::Null) => Ok(Value::Null),
        Yaml::Value(Scalar::Boolean(value)) => Ok(Value::from(*value)),
        Yaml::Value(Scalar::Integer(value)) => Ok(Value::from(*value)),
        Yaml::Value(Scalar::FloatingPoint(value)) => Ok(Value::from(value.0)),
        Yaml::Value(Scalar::String(value)) => Ok(Value::from(value.as_ref())),
        Yaml::Sequence(nodes) => nodes.iter().map(read_node).collect(),
        Yaml::Mapping(entries) => {
            let read_entry = |(key, node): (&Yaml, &Yaml)| match key.as_str() {
                Some(key) => Ok((key.to_owned(), read_node(node)?)),
                None => Err(format!("expected a text as a key, not {key:?}")),
            };
            entries.iter().map(read_entry).collect()
        }
        Yaml::Tagged(tag, node) => Ok(Value::from_iter([(long_form(tag), read_node(node)?)])),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            Err(format!("expected a value that YAML understands, not {node:?}"))
        }
    }
}

/// The key that says the same as the tag.
fn long_form(tag: &Tag) -> String {
    match tag.suffix.as_str() {
        "Ref" => "Ref".to_owned(),
        function => format!("Fn::{function}"),
    }
}
