//! An answer that is an error: its body, and what goes around it.
//!
//! Not here: what a code is worth, which is the table of codes.

use http::StatusCode;

use super::routes;
use super::warning::Warning;
use crate::task::{Charged, Code, ErrorBody, Fault, Limits, Vendor};

/// An answer that is an error: the body and what goes around it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    pub body: Box<ErrorBody>,
    /// Seconds after which asking again makes sense.
    pub retry_after: Option<u32>,
    /// The methods that a route takes, when another one was used.
    pub allow: Option<&'static str>,
    /// The limits of the key that asked, where they are in the way.
    pub limits: Option<Limits>,
    /// Whether it was only asked what the answer would be.
    pub of_dry_run: bool,
}

/// Stock SDKs wait no longer: they give up, or come at once.
const LONGEST_WAIT: u32 = 60;

impl From<ErrorBody> for ApiError {
    fn from(body: ErrorBody) -> Self {
        Self {
            body: Box::new(body),
            retry_after: None,
            allow: None,
            limits: None,
            of_dry_run: false,
        }
    }
}

impl ApiError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        ErrorBody::new(code, message).into()
    }

    /// The error, naming the field that is wrong.
    pub fn at(mut self, param: &str) -> Self {
        self.body.param = Some(param.to_owned());
        self
    }

    fn after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub fn code(&self) -> Code {
        self.body.code
    }

    pub fn status(&self) -> StatusCode {
        self.body.code.status()
    }

    pub fn invalid_json(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidJson, message)
    }

    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameter, message).at(param)
    }

    pub fn missing(param: &str, message: impl Into<String>) -> Self {
        Self::new(Code::MissingParameter, message).at(param)
    }

    /// What would have been a warning, had the client not asked to be strict.
    pub fn strict(warning: &Warning) -> Self {
        let message = format!("{} (refused because of `Prefer: handling=strict`)", warning.message);
        Self::new(Code::UnsupportedParameter, message).at(&warning.param)
    }

    pub fn unknown_model(message: impl Into<String>) -> Self {
        Self::new(Code::UnknownModel, message).at("model")
    }

    pub fn model_not_found(name: &str) -> Self {
        let message = format!("No model `{name}` is served here, or not to this API key.");
        Self::new(Code::ModelNotFound, message).at("model")
    }

    pub fn unknown_task() -> Self {
        Self::new(Code::TaskNotFound, "No task with this id belongs to this API key.").at("task_id")
    }

    pub fn unknown_route(method: &str, path: &str) -> Self {
        let message = format!(
            "There is no {method} {path}. This API has POST {} and GET {}; GET {} tells all of it.",
            routes::GENERATIONS,
            routes::GENERATION,
            routes::CONTRACT,
        );
        Self::new(Code::RouteNotFound, message)
    }

    /// A part of OpenAI's video API that no vendor here has.
    pub fn not_supported(route: &str) -> Self {
        let message = format!(
            "None of the vendors behind this API has {route}. A new video is made by POST {}.",
            routes::VIDEOS
        );
        Self::new(Code::NotSupported, message)
    }

    pub fn method_not_allowed(method: &str, allow: &'static str) -> Self {
        let message = format!("{method} is not allowed here, only {allow}.");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, message) }
    }

    pub fn too_large(param: &str, message: impl Into<String>) -> Self {
        Self::new(Code::PayloadTooLarge, message).at(param)
    }

    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(Code::UnsupportedMediaType, message)
    }

    pub fn idempotency_mismatch() -> Self {
        let message = "This Idempotency-Key was used with another body in the last 24 hours.";
        Self::new(Code::IdempotencyKeyReused, message).at("Idempotency-Key")
    }

    pub fn still_running(seconds: u32) -> Self {
        let message = "The first request with this Idempotency-Key is still running; ask again \
                       for its answer.";
        let mut error = Self::new(Code::RequestStillRunning, message).at("Idempotency-Key");
        // The first one may be making a video just now.
        error.body.charged = Charged::Unknown;
        error.after(seconds)
    }

    /// The same of a request that its SDK repeats by itself.
    pub fn first_try_running() -> Self {
        let message = "An earlier try of this request is still running; try again for its answer.";
        let mut error = Self::new(Code::RequestStillRunning, message);
        error.body.charged = Charged::Unknown;
        error.after(5)
    }

    /// The key has made all the tasks that it may make in this minute.
    pub fn key_rate_limited(most: u32, seconds: u32) -> Self {
        let message = format!("This API key may create {most} tasks per minute.");
        Self::new(Code::KeyRateLimited, message).after(seconds)
    }

    /// The key has as many unfinished tasks as it may have.
    pub fn too_many_unfinished(most: u32) -> Self {
        let message = format!(
            "This API key may have {most} unfinished tasks at once; ask again when one has ended."
        );
        Self::new(Code::TooManyUnfinished, message).after(5)
    }

    /// Too many requests of one key at the same moment.
    pub fn busy() -> Self {
        let message = "Too many requests with this API key came at the same moment.";
        Self::new(Code::Busy, message).after(1)
    }

    /// The same error, telling the limits that are in the way.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// Whether the key's own limits are in the way.
    pub fn is_limit(&self) -> bool {
        matches!(self.code(), Code::KeyRateLimited | Code::TooManyUnfinished | Code::Busy)
    }

    /// To a vendor: the callback was heard, but not followed. Those who repeat a callback
    /// repeat it then.
    pub fn callback_retry() -> Self {
        let message = "The task could not be asked for now. Call again.";
        Self::new(Code::CallbackRetry, message).after(5)
    }

    /// Our own trouble, nobody knows when: a vendor may have been called.
    pub fn broken_off() -> Self {
        let message =
            "Filmgate failed in the middle of this. It is unknown whether anything was generated.";
        let mut error = Self::new(Code::BrokenOff, message);
        error.body.charged = Charged::Unknown;
        error
    }

    /// Our own trouble, before any vendor was called. The cause is for the log.
    pub fn internal() -> Self {
        let message = "Filmgate failed to do this. Nothing was generated; asking again is safe.";
        Self::new(Code::InternalError, message)
    }

    /// The same error of a request that has a key by which it may come again: what stands in
    /// the way of this try says nothing about an earlier one, which may have made a video.
    pub fn of_a_repetition(mut self) -> Self {
        let by_key = self.status() == StatusCode::FORBIDDEN;
        if matches!(self.code(), Code::InternalError | Code::OutOfTime) {
            self.body.message = "Filmgate failed to do this. Should the request have come \
                                 before, its tasks are found when it comes again in the same way."
                .to_owned();
        }
        let by_time = matches!(self.code(), Code::InternalError | Code::OutOfTime | Code::Busy);
        if by_key || by_time {
            self.body.charged = Charged::Unknown;
        }
        self
    }

    /// A task that cannot be deleted yet.
    pub fn in_progress() -> Self {
        let message = "The task has not ended: cancel it first, or wait for its end.";
        Self::about_unfinished(Code::TaskInProgress, message)
    }

    /// A task that goes on, because its vendor stops none.
    pub fn cancel_unsupported(vendor: Vendor) -> Self {
        let message = format!("{vendor} cannot stop a task; it goes on.");
        Self::about_unfinished(Code::CancelUnsupported, message)
    }

    /// A task that cannot be stopped yet.
    pub fn cancel_too_early(vendor: Vendor) -> Self {
        let message = format!(
            "It is not known yet what {vendor} calls the task, by which it could be stopped; ask \
             again."
        );
        Self::about_unfinished(Code::CancelTooEarly, message).after(5)
    }

    /// The vendor did not say that it stops the task.
    pub fn cancel_failed(vendor: Vendor, fault: &Fault) -> Self {
        let mut error = Self::from(fault.body(vendor, Charged::Unknown));
        error.body.message = format!(
            "{vendor} did not say that it stops the task ({}), so the task goes on; asking again \
             is safe.",
            error.code()
        );
        error.after_vendors_wait(fault)
    }

    /// What becomes of the task, and what it costs, is still open.
    fn about_unfinished(code: Code, message: impl Into<String>) -> Self {
        let mut error = Self::new(code, message).at("task_id");
        error.body.charged = Charged::Unknown;
        error
    }

    /// Our own trouble with reading a task: whatever becomes of it goes on.
    pub fn unreadable() -> Self {
        let message = "Filmgate could not read what it has stored; ask again.";
        let mut error = Self::new(Code::InternalError, message);
        error.body.charged = Charged::Unknown;
        error
    }

    /// Too little of the time was left to ask a vendor and write down its answer.
    pub fn out_of_time(vendor: Vendor) -> Self {
        let message = format!(
            "Filmgate was too slow to ask {vendor} in time. Nothing was generated; asking again is safe."
        );
        Self::new(Code::OutOfTime, message).after(5)
    }

    /// The answer to a client whose submission was refused: nothing was made of it.
    pub fn refused_by(vendor: Vendor, fault: &Fault) -> Self {
        Self::from(fault.body(vendor, Charged::No)).after_vendors_wait(fault)
    }

    /// Says when to ask again where that may help soon.
    fn after_vendors_wait(self, fault: &Fault) -> Self {
        let waits = matches!(
            self.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        if waits { self.after(fault.retry_after.unwrap_or(5).min(LONGEST_WAIT)) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::FaultKind;

    #[test]
    fn the_operators_troubles_are_never_the_clients_401() {
        for kind in [FaultKind::Credentials, FaultKind::Permission, FaultKind::Balance] {
            let refusal = ApiError::refused_by(Vendor::Vidu, &Fault::new(kind));
            assert_eq!(refusal.status(), 502, "{kind:?}");
            assert!(!refusal.code().is_retryable(), "{kind:?}: it needs a person first");
        }
    }

    #[test]
    fn of_a_request_that_may_have_come_before_only_what_is_sure_is_promised() {
        let rows = [
            (ApiError::internal(), Charged::Unknown),
            (ApiError::out_of_time(Vendor::Vidu), Charged::Unknown),
            (ApiError::busy(), Charged::Unknown),
            (ApiError::new(Code::KeyDisabled, "disabled since then"), Charged::Unknown),
            (ApiError::new(Code::UnknownApiKey, "nobody's"), Charged::No),
            (ApiError::invalid("n", "the same body is as wrong"), Charged::No),
            (ApiError::too_many_unfinished(3), Charged::No),
        ];
        for (error, charged) in rows {
            let error = error.of_a_repetition();
            assert_eq!(error.body.charged, charged, "{}", error.code());
            let promises = error.body.message.contains("Nothing was generated");
            assert!(!promises, "{}", error.body.message);
        }
    }

    #[test]
    fn three_errors_are_limits_of_the_key() {
        let limits = [Code::KeyRateLimited, Code::TooManyUnfinished, Code::Busy];
        for code in Code::ALL {
            assert_eq!(ApiError::new(code, "No.").is_limit(), limits.contains(&code), "{code}");
        }
    }

    #[test]
    fn a_busy_vendor_says_when_to_ask_again() {
        let rows = [
            (FaultKind::RateLimited, 429, 7, 7),
            (FaultKind::Concurrency, 429, 7, 7),
            (FaultKind::Unavailable, 503, 7, 7),
            (FaultKind::RateLimited, 429, u32::MAX, LONGEST_WAIT),
        ];
        for (kind, status, asked, told) in rows {
            let fault = Fault { retry_after: Some(asked), ..Fault::new(kind) };
            let refusal = ApiError::refused_by(Vendor::Vidu, &fault);
            assert_eq!((refusal.status().as_u16(), refusal.retry_after), (status, Some(told)));
            assert!(refusal.code().is_retryable(), "{kind:?}");
        }
    }
}
