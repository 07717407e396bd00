//! API Gateway in this process: HTTP in, version 2.0 events to the functions, HTTP out.
//!
//! Like the real one it takes ten megabytes, and like Lambda it hands over six.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use shared::api::ApiError;
use shared::platform::Clock;
use shared::task::{Code, Vendor};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::functions::HttpFunction;
use crate::simulators::simulate;
use crate::template::{Found, Routes};

const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// API Gateway has a name of its own, whatever a client calls it.
const HOST: &str = "localhost";
const LARGEST_EVENT: usize = 6 * 1024 * 1024;

pub(crate) struct Front {
    pub(crate) routes: Arc<Routes>,
    /// By logical id, each with the time it may take.
    pub(crate) functions: BTreeMap<String, (Arc<HttpFunction>, Duration)>,
    /// For these a client may ask for trouble: `metadata.simulate`.
    pub(crate) simulated: Vec<Vendor>,
    /// Held by each invocation; when all are gone, none is under way.
    pub(crate) invocations: mpsc::Sender<()>,
}

pub(crate) fn router(front: Front) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(front))
}

async fn answer(
    State(front): State<Arc<Front>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut body = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => body,
        Err(error) if is_length_limit(&error) => return too_large(),
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let Some(found) = front.routes.find(parts.method.as_str(), parts.uri.path()) else {
        let error = ApiError::unknown_route(parts.method.as_str(), parts.uri.path());
        return reply(shared::api::http::error(&error, None));
    };
    let Some((function, patience)) = front.functions.get(found.function) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if parts.method == Method::POST && matches!(**function, HttpFunction::Create(_)) {
        match simulate::rewrite(&body, &front.simulated) {
            Ok(Some(rewritten)) => {
                parts.headers.insert(CONTENT_LENGTH, rewritten.len().into());
                body = rewritten.into();
            }
            Ok(None) => {}
            Err(error) => return reply(shared::api::http::error(&error, None)),
        }
    }
    let event = event(&parts, &body, &found, client).to_string();
    if event.len() > LARGEST_EVENT {
        return too_large();
    }
    let Ok(request) = lambda_http::request::from_str(&event) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // A task of its own: a function goes on when its client has hung up.
    let (function, patience) = (function.clone(), *patience);
    let invocation = front.invocations.clone();
    let invoked = tokio::spawn(async move {
        let now = Timestamp::now();
        let clock = Clock::starting(now, now + patience);
        let answer = timeout(patience, function.answer(&request, &clock)).await;
        drop(invocation);
        answer
    });
    match invoked.await {
        Ok(Ok(response)) => reply(response),
        Ok(Err(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(panic) => {
            tracing::error!(%panic, "a function panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    use std::error::Error;
    error.source().is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// The event that API Gateway would make of a request.
pub(crate) fn event(parts: &Parts, body: &Bytes, found: &Found<'_>, client: SocketAddr) -> Value {
    let now = Timestamp::now();
    let query = parts.uri.query().unwrap_or_default();
    let (text, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route_key,
        "rawPath": parts.uri.path(),
        "rawQueryString": query,
        "headers": headers(parts),
        "pathParameters": found.path_parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": HOST,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": client.ip().to_string(),
                "userAgent": parts.headers.get("user-agent").and_then(|it| it.to_str().ok()),
            },
            "requestId": format!("local-{}", now.as_nanosecond()),
            "routeKey": found.route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": is_base64,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = query_parameters(query);
    }
    if !body.is_empty() {
        event["body"] = text.into();
    }
    event
}

/// In lower case; several of a name are joined by commas. Like API Gateway, this
/// front says itself who forwards what to whom.
fn headers(parts: &Parts) -> Value {
    let own = |name: &str| name == "host" || name.starts_with("x-forwarded-");
    let mut headers = Map::new();
    headers.insert("host".to_owned(), HOST.into());
    for (name, value) in parts.headers.iter().filter(|(name, _)| !own(name.as_str())) {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        join(&mut headers, name.as_str(), value);
    }
    headers.into()
}

fn query_parameters(query: &str) -> Value {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        join(&mut parameters, &name, value.into_owned());
    }
    parameters.into()
}

fn join(map: &mut Map<String, Value>, name: &str, value: String) {
    match map.get_mut(name) {
        Some(Value::String(values)) => {
            values.push(',');
            values.push_str(&value);
        }
        _ => drop(map.insert(name.to_owned(), value.into())),
    }
}

fn too_large() -> Response {
    let message = "The request is too large: Lambda takes events of up to 6 MB. \
                   Give large images by URL.";
    reply(shared::api::http::error(&ApiError::new(Code::PayloadTooLarge, message), None))
}

fn reply(response: lambda_http::Response<lambda_http::Body>) -> Response {
    response.map(|body| match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    })
}
