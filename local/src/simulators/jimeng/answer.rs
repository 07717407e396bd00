//! The two shapes of an answer: the service's own, and the one of the gateway before it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::random::random;
use crate::simulators::members::Wrong;

/// The action and version of a request, as the gateway repeats them.
pub(super) struct Call {
    pub(super) action: String,
    pub(super) version: String,
}

#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// With what is wrong, for whoever reads along; the vendor's own messages say less.
    Service(Code, String),
    Gateway(GatewayCode),
}

/// What the service says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Code {
    Success,
    InputInvalid,
    BlockedWords,
    OutputVideoRisk,
    TooManyRequests,
    Internal,
}

impl Code {
    fn number(self) -> u32 {
        match self {
            Self::Success => 10_000,
            Self::InputInvalid => 50_215,
            Self::BlockedWords => 50_413,
            Self::OutputVideoRisk => 50_516,
            Self::TooManyRequests => 50_429,
            Self::Internal => 50_500,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Success => StatusCode::OK,
            Self::InputInvalid | Self::BlockedWords | Self::OutputVideoRisk => {
                StatusCode::BAD_REQUEST
            }
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::InputInvalid => "Input invalid for this service.",
            Self::BlockedWords => "Post Text Risk Not Pass",
            Self::OutputVideoRisk => "Post Video Risk Not Pass",
            Self::TooManyRequests => "Request Has Reached API Limit, Please Try Later",
            Self::Internal => "Internal Error",
        }
    }
}

/// What the gateway says; spelled as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) enum GatewayCode {
    MissingParameter,
    MissingAuthenticationToken,
    MissingRequestInfo,
    MissingSignature,
    InvalidTimestamp,
    InvalidActionOrVersion,
    InvalidAccessKey,
    SignatureDoesNotMatch,
    InvalidAuthorization,
    InvalidCredential,
    InvalidSecretToken,
}

impl GatewayCode {
    /// The last three have names only.
    fn number(self) -> Option<u32> {
        Some(match self {
            Self::MissingParameter => 100_002,
            Self::MissingAuthenticationToken => 100_003,
            Self::MissingRequestInfo => 100_004,
            Self::MissingSignature => 100_005,
            Self::InvalidTimestamp => 100_006,
            Self::InvalidActionOrVersion => 100_008,
            Self::InvalidAccessKey => 100_009,
            Self::SignatureDoesNotMatch => 100_010,
            Self::InvalidAuthorization | Self::InvalidCredential | Self::InvalidSecretToken => {
                return None;
            }
        })
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::MissingParameter
            | Self::MissingRequestInfo
            | Self::InvalidAuthorization
            | Self::InvalidCredential => StatusCode::BAD_REQUEST,
            Self::MissingAuthenticationToken
            | Self::MissingSignature
            | Self::InvalidAccessKey
            | Self::SignatureDoesNotMatch
            | Self::InvalidSecretToken => StatusCode::UNAUTHORIZED,
            Self::InvalidTimestamp => StatusCode::FORBIDDEN,
            Self::InvalidActionOrVersion => StatusCode::NOT_FOUND,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::MissingParameter => "the query lacks Action or Version",
            Self::MissingAuthenticationToken => "there is no Authorization",
            Self::MissingRequestInfo => "there is no X-Date",
            Self::MissingSignature => "the Authorization has no Signature",
            Self::InvalidTimestamp => "X-Date is no date, or more than 15 minutes off",
            Self::InvalidActionOrVersion => "there is no such action in that version",
            Self::InvalidAccessKey => "nobody has this access key",
            Self::SignatureDoesNotMatch => "the signature is of another request or another key",
            Self::InvalidAuthorization => "the Authorization cannot be read",
            Self::InvalidCredential => "the Credential is of another day, region or service",
            Self::InvalidSecretToken => "X-Security-Token does not belong to these keys",
        }
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::NoObject => Self::input("no JSON object"),
            Wrong::Invalid(name) | Wrong::Unwanted(name) => Self::input(&name),
        }
    }
}

impl Refusal {
    pub(super) fn input(what: &str) -> Self {
        Self::Service(Code::InputInvalid, what.to_owned())
    }

    pub(super) fn busy() -> Self {
        Self::Service(Code::TooManyRequests, String::new())
    }

    pub(super) fn answer(self, call: &Call) -> Response {
        match self {
            Self::Service(code, what) => {
                let (message, data) = (code.message().to_owned(), None::<()>);
                let message = if what.is_empty() { message } else { format!("{message} ({what})") };
                (code.status(), Json(Answer { message, ..Answer::of(code, data) })).into_response()
            }
            Self::Gateway(code) => {
                let metadata = Metadata {
                    request_id: new_request_id(),
                    action: &call.action,
                    version: &call.version,
                    service: "cv",
                    region: "cn-north-1",
                    error: Error { code_n: code.number(), code, message: code.message() },
                };
                (code.status(), Json(GatewayAnswer { metadata })).into_response()
            }
        }
    }
}

/// An answer of the service.
pub(super) fn answer(code: Code, data: Option<impl Serialize>) -> Response {
    (code.status(), Json(Answer::of(code, data))).into_response()
}

/// ```json
/// {"code":10000,"data":{…},"message":"Success","request_id":"20260714…","status":10000,
///  "time_elapsed":"86.114032ms"}
/// ```
#[derive(Serialize)]
struct Answer<T> {
    code: u32,
    data: Option<T>,
    message: String,
    request_id: String,
    status: u32,
    time_elapsed: &'static str,
}

impl<T> Answer<T> {
    fn of(code: Code, data: Option<T>) -> Self {
        Self {
            code: code.number(),
            data,
            message: code.message().to_owned(),
            request_id: new_request_id(),
            status: code.number(),
            time_elapsed: "0.1ms",
        }
    }
}

/// ```json
/// {"ResponseMetadata":{"RequestId":"20260714…","Action":"CVSync2AsyncSubmitTask",
///  "Version":"2022-08-31","Service":"cv","Region":"cn-north-1",
///  "Error":{"CodeN":100010,"Code":"SignatureDoesNotMatch","Message":"…"}}}
/// ```
#[derive(Serialize)]
struct GatewayAnswer<'a> {
    #[serde(rename = "ResponseMetadata")]
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    request_id: String,
    action: &'a str,
    version: &'a str,
    service: &'static str,
    region: &'static str,
    error: Error,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error {
    #[serde(skip_serializing_if = "Option::is_none")]
    code_n: Option<u32>,
    code: GatewayCode,
    message: &'static str,
}

/// The time to the second, then eighteen digits that nobody else has.
fn new_request_id() -> String {
    let time = Timestamp::now().strftime("%Y%m%d%H%M%S");
    let digits = u128::from_be_bytes(random()) >> (128 - 18 * 4);
    format!("{time}{digits:018X}")
}
