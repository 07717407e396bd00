//! Errors in our own words: what went wrong, whose fault it is, whether asking
//! again may help and whether it may have cost money.
//!
//! Not here: how an error travels over HTTP, and the faults of vendors.

use std::fmt;

use http::StatusCode;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

/// Whether the vendor may have taken money for a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Charged {
    No,
    Yes,
    Unknown,
}

/// The codes of all errors that clients and vendors are answered, or find in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    // The request is wrong.
    InvalidJson,
    InvalidParameter,
    MissingParameter,
    UnsupportedParameter,
    UnknownModel,
    PayloadTooLarge,
    UnsupportedMediaType,
    MethodNotAllowed,
    TaskNotFound,
    ModelNotFound,
    RouteNotFound,
    NotSupported,
    VideoNotReady,
    VideoFailed,
    VideoExpired,
    VariantNotAvailable,
    TaskInProgress,
    CancelUnsupported,
    CancelTooEarly,
    IdempotencyKeyReused,
    RequestStillRunning,
    // Its key is not good, or not good for this.
    MissingApiKey,
    UnknownApiKey,
    KeyDisabled,
    KeyExpired,
    ModelNotAllowed,
    KeyRateLimited,
    TooManyUnfinished,
    Busy,
    // A vendor's callback is not followed.
    NoAccount,
    CallbackRefused,
    CallbackRetry,
    // Filmgate failed: before a vendor was asked, or in the middle of it.
    InternalError,
    OutOfTime,
    BrokenOff,
    // The vendor did not do it.
    VendorRejectedRequest,
    ContentPolicyViolation,
    OutputRejected,
    VendorResourceNotFound,
    VendorCredentialsRefused,
    VendorPermissionDenied,
    VendorBalanceExhausted,
    VendorRateLimited,
    VendorConcurrencyLimited,
    VendorUnavailable,
    VendorFailed,
    VendorUnreadable,
    CancelledAtVendor,
    ExpiredAtVendor,
    // Ends that we give to tasks of which the vendor tells none.
    DeadlineExceeded,
    VendorLostTask,
    SubmissionUnknown,
    SubmissionLost,
}

/// The types of errors, by which clients sort them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum ErrorType {
    #[serde(rename = "invalid_request_error")]
    Request,
    #[serde(rename = "not_found_error")]
    NotFound,
    #[serde(rename = "idempotency_error")]
    Idempotency,
    #[serde(rename = "authentication_error")]
    Authentication,
    #[serde(rename = "permission_error")]
    Permission,
    #[serde(rename = "rate_limit_error")]
    RateLimit,
    #[serde(rename = "internal_error")]
    Internal,
    #[serde(rename = "vendor_error")]
    Vendor,
    #[serde(rename = "vendor_account_error")]
    VendorAccount,
}

/// A row of the table of codes: HTTP status, type, and whether asking again may help.
type Row = (&'static str, u16, ErrorType, bool);

impl Code {
    pub const ALL: [Self; 53] = [
        Self::InvalidJson,
        Self::InvalidParameter,
        Self::MissingParameter,
        Self::UnsupportedParameter,
        Self::UnknownModel,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::MethodNotAllowed,
        Self::TaskNotFound,
        Self::ModelNotFound,
        Self::RouteNotFound,
        Self::NotSupported,
        Self::VideoNotReady,
        Self::VideoFailed,
        Self::VideoExpired,
        Self::VariantNotAvailable,
        Self::TaskInProgress,
        Self::CancelUnsupported,
        Self::CancelTooEarly,
        Self::IdempotencyKeyReused,
        Self::RequestStillRunning,
        Self::MissingApiKey,
        Self::UnknownApiKey,
        Self::KeyDisabled,
        Self::KeyExpired,
        Self::ModelNotAllowed,
        Self::KeyRateLimited,
        Self::TooManyUnfinished,
        Self::Busy,
        Self::NoAccount,
        Self::CallbackRefused,
        Self::CallbackRetry,
        Self::InternalError,
        Self::OutOfTime,
        Self::BrokenOff,
        Self::VendorRejectedRequest,
        Self::ContentPolicyViolation,
        Self::OutputRejected,
        Self::VendorResourceNotFound,
        Self::VendorCredentialsRefused,
        Self::VendorPermissionDenied,
        Self::VendorBalanceExhausted,
        Self::VendorRateLimited,
        Self::VendorConcurrencyLimited,
        Self::VendorUnavailable,
        Self::VendorFailed,
        Self::VendorUnreadable,
        Self::CancelledAtVendor,
        Self::ExpiredAtVendor,
        Self::DeadlineExceeded,
        Self::VendorLostTask,
        Self::SubmissionUnknown,
        Self::SubmissionLost,
    ];

    fn row(self) -> Row {
        use ErrorType as Type;
        let request = Type::Request;
        match self {
            Self::InvalidJson => ("invalid_json", 400, request, false),
            Self::InvalidParameter => ("invalid_parameter", 400, request, false),
            Self::MissingParameter => ("missing_parameter", 400, request, false),
            Self::UnsupportedParameter => ("unsupported_parameter", 400, request, false),
            Self::UnknownModel => ("unknown_model", 400, request, false),
            Self::PayloadTooLarge => ("payload_too_large", 413, request, false),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, request, false),
            Self::MethodNotAllowed => ("method_not_allowed", 405, request, false),
            Self::TaskNotFound => ("task_not_found", 404, Type::NotFound, false),
            Self::ModelNotFound => ("model_not_found", 404, Type::NotFound, false),
            Self::RouteNotFound => ("route_not_found", 404, Type::NotFound, false),
            Self::NotSupported => ("not_supported", 400, request, false),
            Self::VideoNotReady => ("video_not_ready", 404, Type::NotFound, true),
            Self::VideoFailed => ("video_failed", 404, Type::NotFound, false),
            Self::VideoExpired => ("video_expired", 410, Type::NotFound, false),
            Self::VariantNotAvailable => ("variant_not_available", 404, Type::NotFound, false),
            Self::TaskInProgress => ("task_in_progress", 409, request, false),
            Self::CancelUnsupported => ("cancel_unsupported", 409, request, false),
            Self::CancelTooEarly => ("cancel_too_early", 409, request, true),
            Self::IdempotencyKeyReused => ("idempotency_key_reused", 422, Type::Idempotency, false),
            Self::RequestStillRunning => ("request_still_running", 409, Type::Idempotency, true),
            Self::MissingApiKey => ("missing_api_key", 401, Type::Authentication, false),
            Self::UnknownApiKey => ("unknown_api_key", 401, Type::Authentication, false),
            Self::KeyDisabled => ("key_disabled", 403, Type::Permission, false),
            Self::KeyExpired => ("key_expired", 403, Type::Permission, false),
            Self::ModelNotAllowed => ("model_not_allowed", 403, Type::Permission, false),
            Self::KeyRateLimited => ("key_rate_limited", 429, Type::RateLimit, true),
            Self::TooManyUnfinished => ("too_many_unfinished", 429, Type::RateLimit, true),
            Self::Busy => ("busy", 429, Type::RateLimit, true),
            Self::NoAccount => ("no_account", 401, Type::Authentication, false),
            Self::CallbackRefused => ("callback_refused", 401, Type::Authentication, false),
            Self::CallbackRetry => ("callback_retry", 503, Type::Internal, true),
            Self::InternalError => ("internal_error", 500, Type::Internal, true),
            Self::OutOfTime => ("out_of_time", 503, Type::Internal, true),
            Self::BrokenOff => ("broken_off", 500, Type::Internal, false),
            Self::VendorRejectedRequest => ("vendor_rejected_request", 400, request, false),
            Self::ContentPolicyViolation => ("content_policy_violation", 400, request, false),
            // What comes out differs each time.
            Self::OutputRejected => ("output_rejected", 400, Type::Vendor, true),
            Self::VendorResourceNotFound => ("vendor_resource_not_found", 400, request, false),
            Self::VendorCredentialsRefused => {
                ("vendor_credentials_refused", 502, Type::VendorAccount, false)
            }
            Self::VendorPermissionDenied => {
                ("vendor_permission_denied", 502, Type::VendorAccount, false)
            }
            Self::VendorBalanceExhausted => {
                ("vendor_balance_exhausted", 502, Type::VendorAccount, false)
            }
            Self::VendorRateLimited => ("vendor_rate_limited", 429, Type::RateLimit, true),
            Self::VendorConcurrencyLimited => {
                ("vendor_concurrency_limited", 429, Type::RateLimit, true)
            }
            Self::VendorUnavailable => ("vendor_unavailable", 503, Type::Vendor, true),
            Self::VendorFailed => ("vendor_failed", 503, Type::Vendor, true),
            Self::VendorUnreadable => ("vendor_unreadable", 503, Type::Vendor, true),
            Self::CancelledAtVendor => ("cancelled_at_vendor", 400, Type::Vendor, false),
            Self::ExpiredAtVendor => ("expired_at_vendor", 400, Type::Vendor, true),
            Self::DeadlineExceeded => ("deadline_exceeded", 502, Type::Vendor, false),
            Self::VendorLostTask => ("vendor_lost_task", 502, Type::Vendor, false),
            Self::SubmissionUnknown => ("submission_unknown", 502, Type::Vendor, false),
            Self::SubmissionLost => ("submission_lost", 502, Type::Vendor, true),
        }
    }

    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).expect("the table has real statuses")
    }

    fn error_type(self) -> ErrorType {
        self.row().2
    }

    /// Whether it is an end that we give to a task, without its vendor's word about one.
    pub fn is_given_up(self) -> bool {
        matches!(
            self,
            Self::DeadlineExceeded
                | Self::VendorLostTask
                | Self::SubmissionUnknown
                | Self::SubmissionLost
        )
    }

    /// Whether asking again may help, and costs at most once more what is known to have cost.
    pub fn is_retryable(self) -> bool {
        self.row().3
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A vendor's own words, beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorError {
    pub name: String,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

/// The nested shape of an error; also what a failed task keeps. Type and
/// retryability follow from the code: they are written, and never read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    pub code: Code,
    pub message: String,
    pub param: Option<String>,
    pub charged: Charged,
    pub vendor: Option<VendorError>,
}

impl ErrorBody {
    /// An error that has cost nothing.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: None, charged: Charged::No, vendor: None }
    }

    /// The body on the wire: the flat shape and the nested one, with equal values.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "type": self.code.error_type(),
            "error": self,
        })
    }
}

impl Serialize for ErrorBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { code, message, param, charged, vendor } = self;
        let mut body = serializer.serialize_struct("ErrorBody", 7)?;
        body.serialize_field("code", code)?;
        body.serialize_field("message", message)?;
        body.serialize_field("param", param)?;
        body.serialize_field("type", &code.error_type())?;
        body.serialize_field("retryable", &code.is_retryable())?;
        body.serialize_field("charged", charged)?;
        body.serialize_field("vendor", vendor)?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_its_row_says() {
        for code in Code::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code}");
        }
        let mut names = Code::ALL.map(Code::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len(), "each code has a name of its own");
    }

    #[test]
    fn both_shapes_of_an_error_have_equal_values() {
        let error =
            ErrorBody { param: Some("size".to_owned()), ..ErrorBody::new(Code::Busy, "No.") };
        let (code, kind) = ("busy", "rate_limit_error");
        let nested = serde_json::json!({
            "code": code, "message": "No.", "param": "size", "type": kind,
            "retryable": true, "charged": "no", "vendor": null,
        });
        let flat = serde_json::json!({
            "code": code, "message": "No.", "param": "size", "type": kind, "error": nested,
        });
        assert_eq!(error.to_json(), flat);
        assert_eq!(error.code.to_string(), code);
    }

    #[test]
    fn four_ends_are_ours_and_not_the_vendors() {
        let given_up: Vec<_> = Code::ALL.into_iter().filter(|code| code.is_given_up()).collect();
        let ours = [
            Code::DeadlineExceeded,
            Code::VendorLostTask,
            Code::SubmissionUnknown,
            Code::SubmissionLost,
        ];
        assert_eq!(given_up, ours);
    }

    #[test]
    fn an_error_is_read_back_as_it_was_written() {
        for code in Code::ALL {
            let error = ErrorBody { param: Some("size".to_owned()), ..ErrorBody::new(code, "No.") };
            let text = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<ErrorBody>(&text).unwrap(), error);
        }
    }
}
