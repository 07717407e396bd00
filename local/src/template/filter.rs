//! Which events a function wants: AWS's filter patterns, matched against records.
//!
//! Pure. Understood are nested objects and, at their ends, lists of values,
//! `exists`, `prefix` and `anything-but`; everything else is an error, for a
//! filter that lets too much through would still look as if it worked.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A pattern, from the JSON text that the template holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Filter(Members);

type Members = Vec<(String, Pattern)>;

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    /// Every member has to match.
    Object(Members),
    /// One of them has to match.
    Any(Vec<Rule>),
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Equals(Value),
    Exists(bool),
    Prefix(String),
    AnythingBut(Vec<Value>),
}

impl Filter {
    pub fn matches(&self, record: &Value) -> bool {
        matches_all(&self.0, Some(record))
    }
}

impl TryFrom<String> for Filter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match serde_json::from_str(&text) {
            Ok(Value::Object(pattern)) => read_members(pattern).map(Self),
            Ok(other) => Err(format!("expected a filter pattern to be an object, not `{other}`")),
            Err(error) => Err(format!("the filter pattern is no JSON: {error}")),
        }
    }
}

fn read_members(pattern: Map<String, Value>) -> Result<Members, String> {
    if pattern.is_empty() {
        return Err("an empty object in a filter pattern is not understood".to_owned());
    }
    let members = pattern.into_iter().map(|(name, value)| {
        let pattern = match value {
            Value::Object(pattern) => Pattern::Object(read_members(pattern)?),
            Value::Array(rules) if !rules.is_empty() => {
                Pattern::Any(rules.into_iter().map(Rule::read).collect::<Result<_, _>>()?)
            }
            other => {
                return Err(format!("expected a list or an object for `{name}`, not `{other}`"));
            }
        };
        Ok((name, pattern))
    });
    members.collect()
}

/// A member that is missing is looked into all the same: it may be meant to be missing.
fn matches_all(members: &Members, record: Option<&Value>) -> bool {
    members.iter().all(|(name, pattern)| {
        let value = record.and_then(|record| record.get(name));
        match pattern {
            Pattern::Object(members) => matches_all(members, value),
            Pattern::Any(rules) => rules.iter().any(|rule| rule.matches(value)),
        }
    })
}

impl Rule {
    fn read(rule: Value) -> Result<Self, String> {
        let rule = match rule {
            Value::Array(_) => return Err(format!("the filter rule `{rule}` is not understood")),
            Value::Object(rule) => rule,
            value => return Ok(Self::Equals(value)),
        };
        let single = (rule.len() == 1).then(|| rule.iter().next()).flatten();
        match single.map(|(name, argument)| (name.as_str(), argument)) {
            Some(("exists", Value::Bool(exists))) => Ok(Self::Exists(*exists)),
            Some(("prefix", Value::String(prefix))) => Ok(Self::Prefix(prefix.clone())),
            Some(("anything-but", Value::Array(values)))
                if !values.iter().any(|value| value.is_object() || value.is_array()) =>
            {
                Ok(Self::AnythingBut(values.clone()))
            }
            Some(("anything-but", value @ (Value::String(_) | Value::Number(_)))) => {
                Ok(Self::AnythingBut(vec![value.clone()]))
            }
            _ => Err(format!("the filter rule `{}` is not understood", Value::Object(rule))),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        // `exists` is about ends only: an object is none.
        let end = value.filter(|value| !value.is_object());
        // Of a list, one has to match.
        let any = |fits: &dyn Fn(&Value) -> bool| match end {
            Some(Value::Array(values)) => values.iter().any(fits),
            Some(value) => fits(value),
            None => false,
        };
        match self {
            Self::Exists(exists) => end.is_some() == *exists,
            Self::Equals(wanted) => any(&|value| value == wanted),
            Self::Prefix(prefix) => {
                any(&|value| value.as_str().is_some_and(|text| text.starts_with(prefix)))
            }
            Self::AnythingBut(unwanted) => any(&|value| !unwanted.contains(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(pattern: &Value) -> Result<Filter, String> {
        Filter::try_from(pattern.to_string())
    }

    #[test]
    fn a_record_matches_or_does_not() {
        let record = json!({
            "eventName": "MODIFY",
            "dynamodb": {
                "Keys": { "id": { "S": "1" } },
                "NewImage": { "status": { "S": "failed" }, "tags": { "SS": ["a", "b"] } },
            },
            "version": 2,
        });
        let image = |pattern: Value| json!({ "dynamodb": { "NewImage": pattern } });
        let rows = [
            (json!({"eventName": ["MODIFY"]}), true, "the value"),
            (json!({"eventName": ["INSERT", "MODIFY"]}), true, "one of several"),
            (json!({"eventName": ["INSERT"]}), false, "another value"),
            (json!({"eventName": ["modify"]}), false, "case counts"),
            (json!({"version": [2]}), true, "a number"),
            (json!({"version": ["2"]}), false, "a text is no number"),
            (json!({"eventName": ["MODIFY"], "version": [3]}), false, "all members have to match"),
            (image(json!({"status": {"S": ["succeeded", "failed"]}})), true, "deep inside"),
            (image(json!({"status": {"S": [{"prefix": "fa"}]}})), true, "a beginning"),
            (image(json!({"status": {"S": [{"prefix": "ai"}]}})), false, "no beginning"),
            (image(json!({"status": {"S": [{"anything-but": ["queued"]}]}})), true, "another"),
            (image(json!({"status": {"S": [{"anything-but": "failed"}]}})), false, "the one"),
            (image(json!({"url": {"S": [{"anything-but": "x"}]}})), false, "it has to be there"),
            (image(json!({"status": {"S": [{"exists": true}]}})), true, "it is there"),
            (image(json!({"url": {"S": [{"exists": true}]}})), false, "it is not"),
            (image(json!({"url": {"S": [{"exists": false}]}})), true, "it is not"),
            (image(json!({"status": {"S": [{"exists": false}]}})), false, "it is there"),
            (image(json!({"status": [{"exists": true}]})), false, "only ends exist"),
            (image(json!({"tags": {"SS": ["b"]}})), true, "one of a list"),
            (image(json!({"tags": {"SS": ["c"]}})), false, "none of a list"),
            (json!({"dynamodb": {"OldImage": {"a": {"S": ["b"]}}}}), false, "nothing there"),
        ];
        for (pattern, expected, reason) in rows {
            assert_eq!(read(&pattern).unwrap().matches(&record), expected, "{reason}: {pattern}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let rows = [
            (json!([]), "`[]`"),
            (json!({}), "empty object"),
            (json!({"a": {}}), "empty object"),
            (json!({"a": "b"}), "for `a`, not `\"b\"`"),
            (json!({"a": []}), "for `a`, not `[]`"),
            (json!({"a": [["b"]]}), "`[\"b\"]`"),
            (json!({"a": [{"numeric": [">", 1]}]}), "`{\"numeric\":[\">\",1]}`"),
            (json!({"a": [{"exists": "yes"}]}), "`{\"exists\":\"yes\"}`"),
            (json!({"a": [{"prefix": 1}]}), "`{\"prefix\":1}`"),
            (json!({"a": [{"anything-but": {"prefix": "b"}}]}), "anything-but"),
            (json!({"a": [{"prefix": "b", "exists": true}]}), "prefix"),
            (json!({"$or": [{"a": ["b"]}]}), "`{\"a\":[\"b\"]}`"),
        ];
        for (pattern, named) in rows {
            let error = read(&pattern).expect_err(&pattern.to_string());
            assert!(error.contains(named), "{pattern} gave: {error}");
        }
        assert!(Filter::try_from("{".to_owned()).unwrap_err().contains("no JSON"));
    }
}
