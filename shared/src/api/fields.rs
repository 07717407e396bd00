//! Reading a JSON object field by field, so that none is lost.
//!
//! Each `take_…` removes the field it reads; what is left at the end was asked
//! for and not understood, and becomes a warning. `null` is the same as absent.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::json::Unrepeated;
use super::warning::Warning;
use crate::task::whole;

/// The fields of an object that nobody has read yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// What a client calls this object, e.g. `metadata`; empty for the body itself.
    name: &'static str,
    map: Map<String, Value>,
    /// Those that stood beside this object instead of in it.
    outer: BTreeSet<String>,
}

/// No vendor has so many options; each that nobody knows would be a warning.
const MOST_FIELDS: usize = 100;
const LONGEST_NAME: usize = 100;

impl Fields {
    pub fn new(name: &'static str, mut map: Map<String, Value>) -> Result<Self, ApiError> {
        map.retain(|_, value| !value.is_null());
        let object = if name.is_empty() { "The body" } else { name };
        let refuse = |message| {
            let mut error = ApiError::invalid(name, message);
            error.body.param = Some(name.to_owned()).filter(|name| !name.is_empty());
            Err(error)
        };
        if map.len() > MOST_FIELDS {
            return refuse(format!("{object} has more than {MOST_FIELDS} fields."));
        }
        if map.keys().any(|name| name.len() > LONGEST_NAME) {
            return refuse(format!(
                "{object} has a field whose name is over {LONGEST_NAME} bytes."
            ));
        }
        Ok(Self { name, map, outer: BTreeSet::new() })
    }

    /// The full name of a field, as `param` gives it.
    pub fn param(&self, field: &str) -> String {
        match self.name.is_empty() || self.is_outer(field) {
            true => field.to_owned(),
            false => format!("{}.{field}", self.name),
        }
    }

    /// Whether a field stood beside this object instead of in it, as it does in other APIs.
    pub fn is_outer(&self, field: &str) -> bool {
        self.outer.contains(field)
    }

    /// Takes in what stood beside this object. What is in it already beats that.
    pub fn adopt(&mut self, others: Self, warnings: &mut Vec<Warning>) {
        for (field, value) in others.map {
            match self.map.get(&field) {
                None => {
                    self.outer.insert(field.clone());
                    self.map.insert(field, value);
                }
                Some(own) if *own == value => {}
                Some(_) => {
                    let message = format!("`{}` was used instead.", self.param(&field));
                    warnings.push(Warning::new(field, message));
                }
            }
        }
    }

    /// Puts in a field that stood elsewhere.
    pub fn put_outer(&mut self, field: &str, value: Value) {
        self.outer.insert(field.to_owned());
        self.map.insert(field.to_owned(), value);
    }

    pub fn has(&self, field: &str) -> bool {
        self.map.contains_key(field)
    }

    /// Whether a text is there that says nothing.
    pub fn is_blank(&self, field: &str) -> bool {
        matches!(self.map.get(field), Some(Value::String(text)) if text.trim().is_empty())
    }

    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field)
    }

    pub fn take_text(&mut self, field: &str) -> Result<Option<String>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_type(field, "a string", &other)),
        }
    }

    pub fn take_flag(&mut self, field: &str) -> Result<Option<bool>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            // Forms know only texts.
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(self.wrong_type(field, "true or false", &other)),
        }
    }

    /// A number, also one written as a string: some clients know only strings.
    pub fn take_number(&mut self, field: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
        .map(Some)
        .ok_or_else(|| self.wrong_type(field, "a number", &value))
    }

    /// A whole number: `5`, `5.0` and `"5"` are the same, `5.5` is refused.
    pub fn take_whole(&mut self, field: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
            }
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong_type(field, "a whole number", &value))
    }

    /// A list of strings.
    pub fn take_texts(&mut self, field: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let Value::Array(items) = value else {
            return Err(self.wrong_type(field, "a list of strings", &value));
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                other => {
                    let field = format!("{field}[{index}]");
                    return Err(self.wrong_type(&field, "a string", &other));
                }
            }
        }
        Ok(Some(texts))
    }

    pub fn take_list(&mut self, field: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong_type(field, "a list", &other)),
        }
    }

    /// An object, also one written as a JSON string, as multipart clients do.
    pub fn take_object(
        &mut self,
        field: &'static str,
    ) -> Result<Option<Map<String, Value>>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let value = match value {
            Value::String(text) => {
                serde_json::from_str(&text).map(|Unrepeated(value)| value).map_err(|error| {
                    let param = self.param(field);
                    ApiError::invalid(
                        &param,
                        format!("`{param}` is a string that is not JSON: {error}."),
                    )
                })?
            }
            other => other,
        };
        match value {
            Value::Object(map) => Ok(Some(map)),
            other => Err(self.wrong_type(field, "an object", &other)),
        }
    }

    /// Takes out the fields that are none of these.
    pub fn take_unknown(&mut self, known: &[&str]) -> Self {
        let map = std::mem::take(&mut self.map);
        let (known, unknown) =
            map.into_iter().partition(|(field, _)| known.contains(&field.as_str()));
        self.map = known;
        Self { name: self.name, map: unknown, outer: BTreeSet::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// One warning for each field that is left, saying who does not know it.
    pub fn warn_of_rest(self, unknown_to: &str, warnings: &mut Vec<Warning>) {
        for field in self.map.keys() {
            let message = format!("{unknown_to} has no `{field}`; it was left out.");
            warnings.push(Warning::new(self.param(field), message));
        }
    }

    fn wrong_type(&self, field: &str, wanted: &str, got: &Value) -> ApiError {
        let param = self.param(field);
        let got = match got {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) if number.to_string().len() <= 40 => number.to_string(),
            Value::Number(_) => "such a number".to_owned(),
            Value::String(text) => format!("the string {:?}", shortened(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        ApiError::invalid(&param, format!("`{param}` must be {wanted}, not {got}."))
    }
}

/// A client's text as a message repeats it: whole, if it is short.
pub fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(name: &'static str, value: Value) -> Fields {
        let Value::Object(map) = value else { panic!("an object") };
        Fields::new(name, map).expect("not too much")
    }

    #[test]
    fn what_stood_beside_an_object_is_called_by_its_own_name() {
        let mut options = fields("metadata", json!({"mode":"pro","seed":7}));
        let others = fields("", json!({"mode":"pro","seed":8,"sound":"on"}));
        let mut warnings = Vec::new();
        options.adopt(others, &mut warnings);
        let warned: Vec<_> = warnings.iter().map(|it| (&*it.param, &*it.message)).collect();
        assert_eq!(warned, [("seed", "`metadata.seed` was used instead.")]);
        options.put_outer("ratio", json!("1:1"));
        for (field, param, value) in [
            ("mode", "metadata.mode", json!("pro")),
            ("seed", "metadata.seed", json!(7)),
            ("sound", "sound", json!("on")),
            ("ratio", "ratio", json!("1:1")),
        ] {
            assert_eq!(options.param(field), param);
            assert_eq!(options.is_outer(field), param == field, "{field}");
            assert!(!options.is_empty(), "{field} is left");
            assert_eq!(options.take(field), Some(value), "{field}");
        }
        assert!(options.is_empty());
    }

    #[test]
    fn a_flag_may_be_a_text() {
        let rows = [
            (json!(true), Some(true)),
            (json!(false), Some(false)),
            (json!("true"), Some(true)),
            (json!("false"), Some(false)),
            (json!("yes"), None),
            (json!(1), None),
        ];
        for (value, flag) in rows {
            let read = fields("", json!({ "flag": value })).take_flag("flag");
            assert_eq!(read.ok(), flag.map(Some), "{value}");
        }
        assert_eq!(Fields::default().take_flag("flag"), Ok(None));
    }

    #[test]
    fn a_wrong_value_is_repeated_in_short() {
        let rows = [
            (json!(true), "true"),
            (json!(12), "12"),
            (json!("x"), "the string \"x\""),
            (json!("x".repeat(41)), &format!("the string \"{}…\"", "x".repeat(40))),
            (json!([]), "a list"),
            (json!({}), "an object"),
        ];
        for (value, told) in rows {
            let body = fields("", json!({}));
            let error = body.wrong_type("field", "so", &value);
            assert_eq!(error.body.message, format!("`field` must be so, not {told}."));
        }
    }
}
