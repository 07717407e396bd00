//! What every HTTP answer of every function has in common.

use ::http::{HeaderMap, HeaderName, StatusCode, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;

use super::error::ApiError;
use super::routes;
use crate::task::{Code, Limits, TaskId};

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

/// The answer that an error is, to a request of this name.
pub fn error(error: &ApiError, request_id: Option<&str>) -> Response<Body> {
    let mut body = error.body.to_json();
    if let Some(id) = request_id {
        body["request_id"] = id.into();
        body["error"]["request_id"] = id.into();
    }
    if error.of_dry_run {
        body[DRY_RUN] = true.into();
    }
    let mut response = json(error.status(), &body);
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(limits) = error.limits {
        tell_limits(headers, limits);
        let none = |name| (name, header::HeaderValue::from_static("0"));
        headers.extend(match error.code() {
            Code::KeyRateLimited => Some(none(REMAINING_REQUESTS)),
            Code::TooManyUnfinished => Some(none(REMAINING_UNFINISHED)),
            _ => None,
        });
    }
    // Stock SDKs repeat these by themselves, unless they are told not to.
    if error.status().is_server_error() || error.status() == StatusCode::CONFLICT {
        let retry = if error.code().is_retryable() { "true" } else { "false" };
        headers.insert("x-should-retry", header::HeaderValue::from_static(retry));
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

/// Tells the limits of the key that asked, as many APIs do; what is left of them is told where
/// it is nothing.
pub fn tell_limits(headers: &mut HeaderMap, limits: Limits) {
    let Limits { creates_per_minute, unfinished } = limits;
    let told = [
        (HeaderName::from_static("x-ratelimit-limit-requests"), creates_per_minute),
        (HeaderName::from_static("x-ratelimit-limit-unfinished"), unfinished),
    ];
    for (name, limit) in told {
        headers.extend(limit.map(|limit| (name, limit.into())));
    }
}

const REMAINING_REQUESTS: HeaderName = HeaderName::from_static("x-ratelimit-remaining-requests");
const REMAINING_UNFINISHED: HeaderName =
    HeaderName::from_static("x-ratelimit-remaining-unfinished");

/// The route of the template that a request came by, without its method. None when it came by
/// none: such requests are answered with a 404.
pub fn route(request: &Request) -> Option<&'static str> {
    match request.request_context_ref() {
        // The path may begin with what a domain of the operator's has in front of it.
        Some(RequestContext::ApiGatewayV2(context)) => {
            let (_, route) = context.route_key.as_deref()?.split_once(' ')?;
            routes::ALL.into_iter().find(|known| *known == route)
        }
        _ => routes::find(request.uri().path()),
    }
}

/// The task that the path names, with or without what OpenAI's ids begin with.
pub fn task_id(request: &Request) -> Result<TaskId, ApiError> {
    let parameters = request.path_parameters_ref();
    let named = parameters.and_then(|parameters| parameters.first("task_id"));
    named.and_then(TaskId::read).ok_or_else(ApiError::unknown_task)
}

/// Refuses every other method, and names all that the route takes, of other functions too.
pub fn require_method_at(route: &str, request: &Request, method: &str) -> Result<(), ApiError> {
    if is_method(request, method) {
        return Ok(());
    }
    Err(ApiError::method_not_allowed(request.method().as_str(), routes::methods(route)))
}

pub fn require_method(request: &Request, method: &str) -> Result<(), ApiError> {
    if is_method(request, method) {
        return Ok(());
    }
    let allowed = if method == "GET" { "GET, HEAD" } else { "POST" };
    Err(ApiError::method_not_allowed(request.method().as_str(), allowed))
}

/// Whoever may GET may ask for the headers alone.
fn is_method(request: &Request, method: &str) -> bool {
    let asked = request.method().as_str();
    asked == method || (asked == "HEAD" && method == "GET")
}

/// The query parameter, and the member of an answer.
const DRY_RUN: &str = "dry_run";

/// Whether it is only asked what would be done. A misspelt name must not cost money, so no other
/// parameter is taken.
pub fn dry_run(request: &Request) -> Result<bool, ApiError> {
    let parameters = request.query_string_parameters_ref();
    let mut parameters = parameters.into_iter().flat_map(|parameters| parameters.iter());
    match (parameters.next(), parameters.next()) {
        (None, _) => Ok(false),
        (Some((DRY_RUN, "true")), None) => Ok(true),
        (Some((DRY_RUN, "false")), None) => Ok(false),
        (Some((DRY_RUN, _)), None | Some((DRY_RUN, _))) => {
            let message = "`dry_run` must be `true` or `false`, and be there once.";
            Err(ApiError::invalid(DRY_RUN, message))
        }
        (Some((DRY_RUN, _)), Some((name, _))) | (Some((name, _)), _) => {
            let message = format!(
                "There is no query parameter `{name}`, only `{DRY_RUN}`; put fields into the body."
            );
            Err(ApiError::invalid(name, message))
        }
    }
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

/// The key in `Authorization: Bearer sk-…`. Some documents write a colon behind the word, and
/// some clients leave the word out.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        ApiError::new(
            Code::MissingApiKey,
            "No API key was given: send `Authorization: Bearer sk-…`.",
        )
    })?;
    let value = value.to_str().unwrap_or_default().trim();
    let key = match value.split_at_checked("bearer".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => {
            rest.trim_start_matches([':', ' ']).trim_end()
        }
        _ => value,
    };
    if key.is_empty() || key.contains(' ') {
        let message = "The Authorization header must read `Bearer sk-…`.";
        return Err(ApiError::new(Code::MissingApiKey, message));
    }
    Ok(key)
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
    let tries = headers.get("x-stainless-retry-count").and_then(|count| count.to_str().ok());
    headers.contains_key("idempotency-key") || tries.is_some_and(|count| count != "0")
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
mod tests;
