//! The template as a whole: its sections, and that what one names is in another.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::TemplateError;
use super::properties::DeployOnly;
use super::resources::{FunctionProperties, Resource};
use super::text::{Reference, Text, conditions, references};

pub(super) struct Document {
    /// The parameters that have a default, by name.
    pub(super) defaults: BTreeMap<String, Text>,
    /// What functions have that do not say otherwise.
    pub(super) globals: FunctionProperties,
    pub(super) resources: BTreeMap<String, Resource>,
}

/// The template's top level.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Sections {
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default)]
    conditions: BTreeMap<String, Condition>,
    #[serde(default)]
    globals: Value,
    resources: BTreeMap<String, Value>,
    #[serde(default)]
    outputs: Value,
    #[serde(rename = "AWSTemplateFormatVersion")]
    _format_version: DeployOnly,
    _description: DeployOnly,
    _transform: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameter {
    default: Option<Text>,
    _allowed_pattern: DeployOnly,
    _allowed_values: DeployOnly,
    _description: DeployOnly,
    _min_value: DeployOnly,
    _type: DeployOnly,
}

/// Never evaluated, because it decides only over what is not played.
#[derive(Deserialize)]
enum Condition {
    #[serde(rename = "Fn::Not")]
    Not([Box<Condition>; 1]),
    #[serde(rename = "Fn::Equals")]
    Equals([Text; 2]),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Globals {
    #[serde(default)]
    function: FunctionProperties,
}

/// What AWS knows of a stack, and the template may name without defining it.
const PSEUDO_PARAMETERS: [&str; 5] =
    ["AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackName"];

impl Document {
    pub(super) fn read(template: Value) -> Result<Document, TemplateError> {
        let sections: Sections = read_at("the top level", template)?;
        sections.check_references()?;
        let globals: Option<Globals> = read_at("`Globals`", sections.globals)?;
        let mut document = Document {
            defaults: BTreeMap::new(),
            globals: globals.unwrap_or_default().function,
            resources: BTreeMap::new(),
        };
        for (name, value) in sections.parameters {
            let parameter: Parameter = read_at(&format!("parameter `{name}`"), value)?;
            if let Some(default) = parameter.default {
                document.defaults.insert(name, default);
            }
        }
        for (id, value) in sections.resources {
            let resource = read_at(&format!("resource `{id}`"), value)?;
            document.resources.insert(id, resource);
        }
        Ok(document)
    }
}

impl Sections {
    /// Whatever the template names must be in it, even where only the deployment needs it.
    fn check_references(&self) -> Result<(), TemplateError> {
        let resources = self.resources.iter();
        let resources = resources.map(|(id, value)| (format!("resource `{id}`"), value));
        let globals = ("`Globals`".to_owned(), &self.globals);
        let outputs = ("`Outputs`".to_owned(), &self.outputs);
        for (place, value) in resources.chain([globals, outputs]) {
            let references = references(value).map_err(|why| TemplateError::at(&place, why))?;
            self.check_named(&place, references.iter())?;
        }
        for (name, condition) in &self.conditions {
            self.check_named(&format!("condition `{name}`"), condition.references().into_iter())?;
        }
        for (id, value) in &self.resources {
            let own = value.get("Condition").and_then(Value::as_str);
            let mut conditions = own.into_iter().chain(conditions(value));
            if let Some(name) = conditions.find(|name| !self.conditions.contains_key(*name)) {
                let why = format!("the condition `{name}` is not in the template");
                return Err(TemplateError::at(&format!("resource `{id}`"), why));
            }
            let before = value.get("DependsOn").and_then(Value::as_array);
            let mut before = before.into_iter().flatten().filter_map(Value::as_str);
            if let Some(name) = before.find(|name| !self.resources.contains_key(*name)) {
                let why = format!("`{name}`, on which it depends, is not in the template");
                return Err(TemplateError::at(&format!("resource `{id}`"), why));
            }
        }
        Ok(())
    }

    fn check_named<'a>(
        &self,
        place: &str,
        mut references: impl Iterator<Item = &'a Reference>,
    ) -> Result<(), TemplateError> {
        match references.find(|named| !self.has(named)) {
            Some(dangling) => {
                Err(TemplateError::at(place, format!("`{dangling}` is not in the template")))
            }
            None => Ok(()),
        }
    }

    fn has(&self, named: &Reference) -> bool {
        let name = named.resource.as_str();
        let is_parameter = self.parameters.contains_key(name) || PSEUDO_PARAMETERS.contains(&name);
        self.resources.contains_key(name) || (is_parameter && named.attribute.is_none())
    }
}

fn read_at<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, TemplateError> {
    serde_json::from_value(value).map_err(|why| TemplateError::at(place, why))
}

impl Condition {
    fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Not([condition]) => condition.references(),
            Self::Equals(texts) => texts.iter().flat_map(Text::references).collect(),
        }
    }
}
