//! What every HTTP answer of every function has in common.

use ::http::{HeaderMap, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;

use super::error::ApiError;
use crate::task::Code;

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    json_text(status, serde_json::to_string(body).expect("our answers have string keys only"))
}

/// An answer whose JSON is there already.
pub fn json_text(status: StatusCode, text: String) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::Text(text))
        .expect("a status and a static header make a response")
}

/// All is well, and there is nothing to say.
pub fn done() -> Response<Body> {
    json(StatusCode::OK, &serde_json::Map::new())
}

/// The answer that an error is.
pub fn error(error: &ApiError) -> Response<Body> {
    let mut response = json(error.status(), &error.body.to_json());
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(allow) = error.allow {
        headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
    }
    if error.status() == StatusCode::UNAUTHORIZED {
        let scheme = header::HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

pub fn require_method(request: &Request, allowed: &'static str) -> Result<(), ApiError> {
    if request.method().as_str() == allowed {
        return Ok(());
    }
    Err(ApiError::method_not_allowed(request.method().as_str(), allowed))
}

/// Refuses query strings: nothing here reads one, and a parameter that is
/// ignored in silence is a parameter that is lost.
pub fn refuse_query(request: &Request) -> Result<(), ApiError> {
    match request.query_string_parameters_ref().and_then(|query| query.iter().next()) {
        Some((name, _)) => Err(ApiError::invalid(
            name,
            format!("There is no query parameter `{name}`; put fields into the JSON body."),
        )),
        None => Ok(()),
    }
}

/// JSON, or nothing said. curl's default is a form, so the message says what to do.
pub fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        return Ok(());
    }
    Err(ApiError::unsupported_media_type(format!(
        "The body must be JSON, not {essence:?}: send `Content-Type: application/json`."
    )))
}

/// The key in `Authorization: Bearer sk-…`.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        ApiError::new(
            Code::MissingApiKey,
            "No API key was given: send `Authorization: Bearer sk-…`.",
        )
    })?;
    value
        .to_str()
        .ok()
        .and_then(|value| value.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .filter(|key| !key.is_empty())
        .ok_or_else(|| {
            let message = "The Authorization header must read `Bearer sk-…`.";
            ApiError::new(Code::MissingApiKey, message)
        })
}

const LONGEST_IDEMPOTENCY_KEY: usize = 255;

/// The key under which a request is done once, if the client gave one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    check_idempotency_key(key)?;
    Ok(Some(key))
}

/// Whether the request has a key by which it may come again, or has come before.
pub fn may_repeat(headers: &HeaderMap) -> bool {
    headers.contains_key("idempotency-key")
}

/// A key as a client sends it: up to 255 visible characters.
fn check_idempotency_key(key: &str) -> Result<(), ApiError> {
    let fits = (1..=LONGEST_IDEMPOTENCY_KEY).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(());
    }
    let message = format!(
        "`Idempotency-Key` must be 1 to {LONGEST_IDEMPOTENCY_KEY} visible ASCII characters."
    );
    Err(ApiError::invalid("Idempotency-Key", message))
}

/// Whether the client wants warnings to be errors (RFC 7240).
pub fn prefers_strict(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("handling")
                && value.trim().trim_matches('"').eq_ignore_ascii_case("strict")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_bearer_key_is_read_however_it_is_spelt() {
        let rows = [
            ("Bearer sk-1", Some("sk-1"), "as documented"),
            ("bearer  sk-1 ", Some("sk-1"), "schemes have no case, spaces do no harm"),
            ("Bearer", None, "no key"),
            ("Bearer ", None, "an empty key"),
            ("Token sk-1", None, "another scheme"),
            ("sk-1", None, "no scheme"),
        ];
        for (value, key, reason) in rows {
            let headers = headers("authorization", value);
            assert_eq!(bearer(&headers).ok(), key, "{reason}");
        }
    }

    #[test]
    fn only_handling_strict_is_strict() {
        let rows = [
            ("handling=strict", true),
            ("respond-async, Handling=\"strict\"", true),
            ("handling=lenient", false),
            ("strict", false),
            ("wait=10", false),
        ];
        for (value, strict) in rows {
            assert_eq!(prefers_strict(&headers("prefer", value)), strict, "{value}");
        }
    }

    #[test]
    fn only_json_is_json() {
        let rows = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("application/x-www-form-urlencoded", false),
            ("text/plain", false),
            ("", false),
        ];
        for (value, fine) in rows {
            assert_eq!(require_json(&headers("content-type", value)).is_ok(), fine, "{value}");
        }
        assert!(require_json(&HeaderMap::new()).is_ok(), "nothing said");
    }

    #[test]
    fn an_idempotency_key_is_visible_and_not_too_long() {
        for key in ["", " ", "a b", "\u{e9}", &"k".repeat(256)] {
            assert!(check_idempotency_key(key).is_err(), "{key:?}");
        }
        assert!(check_idempotency_key(&"k".repeat(255)).is_ok());
    }
}
