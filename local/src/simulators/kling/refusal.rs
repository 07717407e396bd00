//! Kling's error body and the codes this simulator has for one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::new_request_id;
use crate::simulators::members::Wrong;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Code {
    NoAuthorization = 1001,
    InvalidAuthorization = 1002,
    NotYetValid = 1003,
    Expired = 1004,
    InvalidRequest = 1200,
    InvalidParameter = 1201,
    InvalidMethod = 1202,
    NoSuchResource = 1203,
    ContentSafety = 1301,
    TooManyRequests = 1302,
    Internal = 5000,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::NoAuthorization
            | Self::InvalidAuthorization
            | Self::NotYetValid
            | Self::Expired => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest | Self::InvalidParameter | Self::ContentSafety => {
                StatusCode::BAD_REQUEST
            }
            Self::InvalidMethod | Self::NoSuchResource => StatusCode::NOT_FOUND,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn lacking(member: &str) -> Self {
        Self::new(Code::InvalidParameter, format!("{member} is required"))
    }

    pub(super) fn invalid(member: &str) -> Self {
        Self::new(Code::InvalidParameter, format!("{member} value is invalid"))
    }

    pub(super) fn busy() -> Self {
        Self::new(Code::TooManyRequests, "Too many requests")
    }

    pub(super) fn unwanted(member: &str) -> Self {
        Self::new(Code::InvalidParameter, format!("{member} is not supported"))
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::NoObject => Self::new(Code::InvalidRequest, "request body is not a JSON object"),
            Wrong::Invalid(member) => Self::invalid(&member),
            Wrong::Unwanted(member) => Self::unwanted(&member),
        }
    }
}

/// ```json
/// {"code":1201,"message":"duration value is invalid","request_id":"5f0c…"}
/// ```
#[derive(Serialize)]
struct Body {
    code: u16,
    message: String,
    request_id: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body =
            Body { code: self.code as u16, message: self.message, request_id: new_request_id() };
        (self.code.status(), Json(body)).into_response()
    }
}
