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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Answer {
        #[serde(deserialize_with = "text")]
        text: String,
        #[serde(deserialize_with = "number")]
        number: Option<f64>,
        #[serde(deserialize_with = "lenient")]
        whole: Option<i64>,
        #[serde(deserialize_with = "list")]
        list: Vec<Answer>,
    }

    fn read(member: &str, value: &Value) -> Answer {
        object(json!({ member: value }).to_string().as_bytes()).expect("an object")
    }

    #[test]
    fn an_answer_is_an_object_and_nothing_else() {
        let known = Answer { text: "a".to_owned(), ..Answer::default() };
        assert_eq!(object(br#" {"text":"a"}"#), Some(known));
        for body in [r#"["a"]"#, r#""a""#, "null", "", "<html>", r#"{"text":"#] {
            assert_eq!(object::<Answer>(body.as_bytes()), None, "{body}");
        }
        assert_eq!(object_in::<Answer>(json!({ "text": "a" })).text, "a");
        assert_eq!(object_in::<Answer>(json!(["a"])), Answer::default());
    }

    #[test]
    fn a_text_may_be_a_number_and_has_an_end() {
        let (longest, longer) = ("x".repeat(8192), "x".repeat(8193));
        let rows = [
            (json!("a"), "a"),
            (json!(7), "7"),
            (json!(longest), longest.as_str()),
            (json!(longer), ""),
            (json!(null), ""),
            (json!(true), ""),
            (json!(["a"]), ""),
        ];
        for (value, expected) in rows {
            assert_eq!(read("text", &value).text, expected);
        }
        assert_eq!(known("a".to_owned()).as_deref(), Some("a"));
        assert_eq!(known(String::new()), None);
    }

    #[test]
    fn a_number_may_be_a_text() {
        let rows = [
            (json!(1.5), Some(1.5)),
            (json!(" 1.5 "), Some(1.5)),
            (json!(""), None),
            (json!("soon"), None),
            (json!("inf"), None),
            (json!("NaN"), None),
            (json!([1]), None),
        ];
        for (value, expected) in rows {
            assert_eq!(read("number", &value).number, expected, "{value}");
        }
        let rows = [
            (json!(7), Some(7)),
            (json!(" 7"), Some(7)),
            (json!(1.5), None),
            (json!([7]), None),
            (json!(null), None),
        ];
        for (value, expected) in rows {
            assert_eq!(read("whole", &value).whole, expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_object_is_left_out_of_a_list() {
        let list = read("list", &json!([{ "text": "a" }, ["b"], null, { "text": "c" }])).list;
        assert_eq!(list.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        for value in [json!({ "0": {} }), json!("a"), json!(null)] {
            assert_eq!(read("list", &value).list, [], "{value}");
        }
    }
}
