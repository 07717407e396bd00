//! From a body to one map of fields, whatever it is written as.

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::form;
use crate::api::error::ApiError;
use crate::api::fields::shortened;
use crate::api::json::Unrepeated;

/// The fields of a body. What it is, its own bytes tell better than its type: some clients
/// name a type that they do not send.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|it| it.to_str().unwrap_or_default());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let body_of_text = body.trim_ascii_start();
    if body_of_text.is_empty() {
        let message = "The body is empty; it must be a JSON object, or a form.";
        return Err(ApiError::invalid_json(message));
    }
    if essence == "multipart/form-data" && !body_of_text.starts_with(b"{") {
        return form::read(content_type.unwrap_or_default(), body);
    }
    let is_json =
        content_type.is_none() || essence == "application/json" || essence.ends_with("+json");
    if is_json || body_of_text.starts_with(b"{") {
        return read_object(body);
    }
    Err(ApiError::unsupported_media_type(format!(
        "The body must be JSON or multipart/form-data, not {:?}: send `Content-Type: \
         application/json`.",
        shortened(&essence)
    )))
}

fn read_object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.trim_ascii_start().starts_with(b"--") {
        let message = "The body is a multipart form that is called JSON; leave `Content-Type` to \
                       the client that makes the form.";
        return Err(ApiError::invalid_json(message));
    }
    match serde_json::from_slice(body).map(|Unrepeated(value)| value) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(ApiError::invalid_json("The body must be a JSON object.")),
        Err(error) => Err(ApiError::invalid_json(format!("The body is not JSON: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";

    #[test]
    fn a_body_is_read_by_its_bytes_where_its_type_is_wrong() {
        let rows = [
            (Some("application/json"), r#"{"a":"1"}"#, Ok("1"), "as documented"),
            (Some("Application/JSON; charset=utf-8"), r#"{"a":"1"}"#, Ok("1"), "a longer type"),
            (Some("application/merge-patch+json"), r#"{"a":"1"}"#, Ok("1"), "a kind of JSON"),
            (None, r#" {"a":"1"}"#, Ok("1"), "nothing said"),
            (Some("text/plain"), "\n{\"a\":\"1\"}", Ok("1"), "called text"),
            (Some("application/x-www-form-urlencoded"), r#"{"a":"1"}"#, Ok("1"), "curl's own type"),
            (Some("multipart/form-data; boundary=b"), r#"{"a":"1"}"#, Ok("1"), "called a form"),
            (Some("multipart/form-data"), r#"{"a":"1"}"#, Ok("1"), "a form without a boundary"),
            (Some("multipart/form-data; boundary=b"), FORM, Ok("1"), "a form"),
            (Some("Multipart/Form-Data; boundary=\"b\""), FORM, Ok("1"), "in quotes"),
            (Some("multipart/form-data"), FORM, Err(400), "no boundary"),
            (Some("multipart/form-data; boundary=c"), FORM, Err(400), "another boundary"),
            (Some("application/json"), FORM, Err(400), "a form called JSON"),
            (None, FORM, Err(400), "a form that says nothing"),
            (Some("application/x-www-form-urlencoded"), "a=1", Err(415), "another form"),
            (Some("text/plain"), "a", Err(415), "text"),
            (Some(""), "a", Err(415), "no type at all"),
            (Some("text/plain"), " ", Err(400), "empty"),
            (Some("multipart/form-data; boundary=b"), "", Err(400), "empty"),
            (Some("application/json"), "[]", Err(400), "no object"),
        ];
        for (content_type, body, expected, reason) in rows {
            let mut headers = HeaderMap::new();
            if let Some(content_type) = content_type {
                headers.insert("content-type", content_type.parse().unwrap());
            }
            let got = read(&headers, body.as_bytes());
            let got = got.as_ref().map(|map| map["a"].as_str().unwrap());
            let got = got.map_err(|error| error.status().as_u16());
            assert_eq!(got, expected, "{reason}: {body}");
        }
    }
}
