//! Reading what vendors send without losing a paid task over a detail.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Longer texts are no ids, codes or addresses; kept, they would not fit into a task.
const LONGEST: usize = 8 * 1024;

/// The object that an answer is. A list would pass for one whose members have no names.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok()).flatten()
}

/// The object that a value is, or an empty one.
pub(super) fn object_in<T: DeserializeOwned + Default>(value: Value) -> T {
    if value.is_object() { T::deserialize(value).unwrap_or_default() } else { T::default() }
}

/// A text that says something.
pub(super) fn known(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Text, also where a number was written; anything else is empty.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if text.len() <= LONGEST => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// The value if it is one, also in a string, else nothing. No list is one.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    let value = Value::deserialize(deserializer)?;
    if value.is_array() {
        return Ok(None);
    }
    let written = value.as_str().and_then(|text| serde_json::from_str(text.trim()).ok());
    Ok(T::deserialize(value).ok().or(written))
}

/// The objects of a list that can be read; anything else is an empty one.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    let Value::Array(items) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    let objects = items.into_iter().filter(Value::is_object);
    Ok(objects.filter_map(|item| T::deserialize(item).ok()).collect())
}

/// A number, also one in a string; an empty one says nothing.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number: Option<f64> = text(deserializer)?.trim().parse().ok();
    Ok(number.filter(|number| number.is_finite()))
}
