//! The error body, and the one place where each error gets its status.
//!
//! An error tells whose fault it is, whether asking again may help and whether
//! it may have cost money, in both documented shapes at once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// Whether the vendor may have taken money for a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Charged {
    No,
    Yes,
    Unknown,
}

/// What a vendor said, beside our own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorError {
    pub name: String,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

/// The nested shape of an error; also what a failed task keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub code: String,
    pub message: String,
    pub param: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub retryable: bool,
    pub charged: Charged,
    pub vendor: Option<VendorError>,
}

impl ErrorBody {
    /// The body on the wire: the flat shape and the nested one, with equal values.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "type": self.kind,
            "error": self,
        })
    }
}

/// An answer that is an error: the body and what goes around it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    pub status: StatusCode,
    pub body: Box<ErrorBody>,
    /// Seconds after which asking again makes sense.
    pub retry_after: Option<u32>,
    /// The methods that a route takes, when another one was used.
    pub allow: Option<&'static str>,
}

impl ApiError {
    pub fn new(
        status: StatusCode,
        kind: &str,
        code: &str,
        param: Option<&str>,
        message: impl Into<String>,
    ) -> Self {
        let body = ErrorBody {
            code: code.to_owned(),
            message: message.into(),
            param: param.map(str::to_owned),
            kind: kind.to_owned(),
            retryable: false,
            charged: Charged::No,
            vendor: None,
        };
        Self { status, body: Box::new(body), retry_after: None, allow: None }
    }

    fn request(code: &str, param: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, param, message)
    }

    pub fn invalid_json(message: impl Into<String>) -> Self {
        Self::request("invalid_json", None, message)
    }

    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::request("invalid_parameter", Some(param), message)
    }

    pub fn missing(param: &str, message: impl Into<String>) -> Self {
        Self::request("missing_parameter", Some(param), message)
    }

    /// What would have been a warning, had the client not asked to be strict.
    pub fn strict(warning: &super::Warning) -> Self {
        let message = format!("{} (refused because of `Prefer: handling=strict`)", warning.message);
        Self::request("unsupported_parameter", Some(&warning.param), message)
    }

    pub fn unknown_model(message: impl Into<String>) -> Self {
        Self::request("unknown_model", Some("model"), message)
    }

    pub fn unauthorized(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "authentication_error", code, None, message)
    }

    pub fn forbidden(code: &str, param: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission_error", code, param, message)
    }

    pub fn unknown_task() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found_error",
            "task_not_found",
            Some("task_id"),
            "No task with this id belongs to this API key.",
        )
    }

    pub fn unknown_route(method: &str, path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found_error",
            "route_not_found",
            None,
            format!(
                "There is no {method} {path}. This API has POST /v1/video/generations and \
                 GET /v1/video/generations/{{task_id}}; GET /openapi.json tells all of it."
            ),
        )
    }

    pub fn method_not_allowed(method: &str, allow: &'static str) -> Self {
        let message = format!("{method} is not allowed here, only {allow}.");
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "invalid_request_error",
                "method_not_allowed",
                None,
                message,
            )
        }
    }

    pub fn too_large(param: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            "payload_too_large",
            param,
            message,
        )
    }

    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request_error",
            "unsupported_media_type",
            None,
            message,
        )
    }

    pub fn idempotency_mismatch() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_error",
            "idempotency_key_reused",
            Some("Idempotency-Key"),
            "This Idempotency-Key was used with another body in the last 24 hours.",
        )
    }

    pub fn still_running(seconds: u32) -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            "idempotency_error",
            "request_still_running",
            Some("Idempotency-Key"),
            "The first request with this Idempotency-Key is still running; ask again for its answer.",
        );
        error.retry_after = Some(seconds);
        error.body.retryable = true;
        error
    }

    /// The key has made all the tasks that it may make in this minute.
    pub fn key_rate_limited(most: u32, seconds: u32) -> Self {
        let message = format!("This API key may create {most} tasks per minute.");
        Self::too_many_requests("key_rate_limited", message, seconds)
    }

    /// The key has as many unfinished tasks as it may have.
    pub fn too_many_unfinished(most: u32) -> Self {
        let message = format!(
            "This API key may have {most} unfinished tasks at once; ask again when one has ended."
        );
        Self::too_many_requests("too_many_unfinished", message, 5)
    }

    /// Too many requests of one key at the same moment.
    pub fn busy() -> Self {
        let message = "Too many requests with this API key came at the same moment.";
        Self::too_many_requests("busy", message, 1)
    }

    fn too_many_requests(code: &str, message: impl Into<String>, seconds: u32) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut error = Self::new(status, "rate_limit_error", code, None, message);
        error.retry_after = Some(seconds);
        error.body.retryable = true;
        error
    }

    /// Whether it is the key's own limits that are in the way.
    pub fn is_limit(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS && self.body.vendor.is_none()
    }

    /// To a vendor: we heard it, but could not look. Those who repeat a ring repeat it then.
    pub fn ring_again() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "internal_error",
            "ring_again",
            None,
            "The task could not be looked at now. Call again.",
        );
        error.retry_after = Some(5);
        error.body.retryable = true;
        error
    }

    /// Our own trouble, nobody knows when: a vendor may have been called.
    pub fn broken_off() -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "internal_error",
            None,
            "Filmgate failed in the middle of this. It is unknown whether anything was generated.",
        );
        error.body.charged = Charged::Unknown;
        error
    }

    /// Our own trouble, before any vendor was called. The cause is for the log.
    pub fn internal() -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "internal_error",
            None,
            "Filmgate failed to do this. Nothing was generated; asking again is safe.",
        );
        error.body.retryable = true;
        error
    }
}
