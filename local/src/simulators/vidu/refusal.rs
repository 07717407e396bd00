//! Vidu's error body and the reasons this simulator has for one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::random::random;
use crate::simulators::members::Wrong;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) message: String,
}

/// Spelled as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) enum Reason {
    BadRequest,
    FieldLacking,
    FieldInvalid,
    FieldUnwanted,
    FieldItemCountOutOfRange,
    PageSizeOutOfRange,
    ImageFormatInvalid,
    ModelUnavailable,
    TaskPromptPolicyViolation,
    Unauthorized,
    TooManyRequests,
    TaskNotFound,
    CreationNotFound,
    NotFound,
    InternalServiceFailure,
}

impl Reason {
    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::FieldLacking
            | Self::FieldInvalid
            | Self::FieldUnwanted
            | Self::FieldItemCountOutOfRange
            | Self::PageSizeOutOfRange
            | Self::ImageFormatInvalid
            | Self::ModelUnavailable
            | Self::TaskPromptPolicyViolation => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::TaskNotFound | Self::CreationNotFound | Self::NotFound => StatusCode::NOT_FOUND,
            Self::InternalServiceFailure => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Refusal {
    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    pub(super) fn lacking(field: &str) -> Self {
        Self::new(Reason::FieldLacking, format!("field {field} is required"))
    }

    pub(super) fn invalid(field: &str) -> Self {
        Self::new(Reason::FieldInvalid, format!("field {field} is invalid"))
    }

    pub(super) fn unwanted(field: &str) -> Self {
        Self::new(Reason::FieldUnwanted, format!("field {field} is unwanted"))
    }

    pub(super) fn busy() -> Self {
        Self::new(Reason::TooManyRequests, "too many requests")
    }

    pub(super) fn item_count(field: &str) -> Self {
        Self::new(Reason::FieldItemCountOutOfRange, format!("{field} count out of range"))
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::NoObject => Self::new(Reason::BadRequest, "request body is not a JSON object"),
            Wrong::Invalid(field) => Self::invalid(&field),
            Wrong::Unwanted(field) => Self::unwanted(&field),
        }
    }
}

/// ```json
/// {"code":400,"reason":"BadRequest","message":"bad request","metadata":{"trace_id":"9c1e…"}}
/// ```
#[derive(Serialize)]
struct Body {
    code: u16,
    reason: Reason,
    message: String,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    trace_id: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.reason.status();
        let trace_id = u128::from_be_bytes(random());
        let body = Body {
            code: status.as_u16(),
            reason: self.reason,
            message: self.message,
            metadata: Metadata { trace_id: format!("{trace_id:032x}") },
        };
        (status, Json(body)).into_response()
    }
}
