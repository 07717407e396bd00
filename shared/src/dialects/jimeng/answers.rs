//! Jimeng's answers, in the two shapes they come in, and what their codes mean.
//!
//! The outer `code` is read first, whatever the HTTP status and whatever `data`
//! says: a video that is done may still have been refused.

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;

use super::facts::FACTS;
use super::{models, wire};
use crate::dialects::contract::Polled;
use crate::dialects::lenient::{known, object};
use crate::dialects::retry_after::retry_after;
use crate::task::{Charged, Fault, FaultKind, Figures, Progress, Status, Vendor};

/// An answer that reports success, or what went wrong.
pub(super) fn read(answer: &Response<Bytes>) -> Result<wire::Answer, Fault> {
    let fault = |kind, code, message, request_id| Fault {
        kind,
        code: known(code),
        message: known(message),
        request_id: known(request_id),
        retry_after: retry_after(answer),
    };
    // Where there is no code of Jimeng's, somebody between us answered.
    let without_code = FaultKind::of_status_alone(answer.status());
    let Some(read) = object::<wire::Answer>(answer.body()) else {
        let message = "the answer is not what was expected".to_owned();
        return Err(fault(without_code, String::new(), message, String::new()));
    };

    if let Some(wire::Metadata { request_id, error: Some(error) }) = read.metadata {
        let kind = kind_of_name(&error.code).or_else(|| kind_of_number(&error.code_n));
        let code = if error.code.is_empty() { error.code_n } else { error.code };
        let is_own = !code.is_empty();
        let new = if is_own { FaultKind::of_status(answer.status()) } else { without_code };
        return Err(fault(kind.unwrap_or(new), code, error.message, request_id));
    }
    if read.code == "10000" {
        return Ok(read);
    }
    let kind = kind_of_code(&read.code);
    let is_own = matches!(read.code.parse(), Ok(50_000..=59_999));
    let new = if is_own { FaultKind::of_status(answer.status()) } else { without_code };
    let message = if read.code.is_empty() && read.message.is_empty() {
        "the answer has no code".to_owned()
    } else {
        read.message
    };
    let mut fault = fault(kind.unwrap_or(new), read.code, message, read.request_id);
    if fault.kind == FaultKind::Unavailable {
        // Jimeng advises against trying again at once.
        fault.retry_after = fault.retry_after.or(Some(60));
    }
    Err(fault)
}

/// Whether an answer to a poll names another task. Usually it names none.
pub(super) fn names_another(answer: &Response<Bytes>, vendor_task_id: &str) -> bool {
    let read: wire::Answer = object(answer.body()).unwrap_or_default();
    let named = read.data.and_then(|data| known(data.task_id));
    named.is_some_and(|named| named != vendor_task_id)
}

pub(super) fn read_progress(data: wire::Data, now: Timestamp) -> Polled {
    let nothing = |kind, message| Polled::Nothing(Fault::with_message(kind, message));
    let unfinished = |status| Polled::Progress(Box::new(Progress::unfinished(status)));
    match data.status.as_str() {
        "in_queue" => unfinished(Status::Queued),
        "done" if data.video_url.is_empty() => {
            failed(&Fault::with_message(FaultKind::Internal, "done, but without a video"))
        }
        "generating" => unfinished(Status::Processing),
        "done" => Polled::Progress(Box::new(Progress {
            figures: Figures { fps: Some(f64::from(models::FPS)), ..Figures::default() },
            url: Some(data.video_url),
            url_expires_at: Some(now + FACTS.link_lifetime),
            ..Progress::unfinished(Status::Succeeded)
        })),
        "expired" => failed(&Fault::new(FaultKind::Expired)),
        // Right after a submission it may only not be there yet.
        "not_found" => Polled::Missing(Fault::with_message(FaultKind::NotFound, "not_found")),
        "" => nothing(FaultKind::Unreadable, "the answer has no status"),
        word => Polled::Progress(Box::new(Progress::unknown(word))),
    }
}

/// Jimeng never says what a task cost, and so not whether a failed one did.
pub(super) fn failed(fault: &Fault) -> Polled {
    let error = fault.body(Vendor::Jimeng, Charged::Unknown);
    Polled::Progress(Box::new(Progress::failed(error, Figures::default())))
}

/// The service's codes, for requests and for videos: <https://www.volcengine.com/docs/85621>.
fn kind_of_code(code: &str) -> Option<FaultKind> {
    Some(match code {
        "50215" => FaultKind::BadRequest,
        // The product is not activated, the bill not paid or the user without rights.
        "50400" => FaultKind::Credentials,
        // What goes in.
        "50411" | "50412" | "50413" => FaultKind::Moderation,
        // What comes out: its text is the prompt's, and 50518 speaks of an image that goes in.
        "50512" | "50518" => FaultKind::Moderation,
        "50511" | "50516" | "50517" | "50519" => FaultKind::OutputModeration,
        "50429" => FaultKind::RateLimited,
        "50430" => FaultKind::Concurrency,
        "50500" | "50501" => FaultKind::Internal,
        // Moderation itself broke; without it nothing is made.
        "50520" | "50521" | "50522" => FaultKind::Unavailable,
        _ => return None,
    })
}

/// The gateway's codes: <https://www.volcengine.com/docs/6369/68677>.
fn kind_of_name(code: &str) -> Option<FaultKind> {
    Some(match code {
        "MissingParameter"
        | "MissingRequestInfo"
        | "ServiceNotFound"
        | "InvalidActionOrVersion" => FaultKind::BadRequest,
        "MissingAuthenticationToken"
        | "MissingSignature"
        | "InvalidTimestamp"
        | "InvalidAccessKey"
        | "SignatureDoesNotMatch"
        | "InvalidAuthorization"
        | "InvalidCredential"
        | "InvalidSecretToken" => FaultKind::Credentials,
        "LackPolicy" | "AccessDenied" => FaultKind::Permission,
        "FlowLimitExceeded" => FaultKind::RateLimited,
        // The service behind it may have heard the request.
        "InternalError" | "InternalServiceTimeout" => FaultKind::Internal,
        _ => return None,
    })
}

/// The gateway's codes as numbers.
fn kind_of_number(code: &str) -> Option<FaultKind> {
    Some(match code {
        "100002" | "100004" | "100007" | "100008" => FaultKind::BadRequest,
        "100003" | "100005" | "100006" | "100009" | "100010" => FaultKind::Credentials,
        "100012" | "100013" => FaultKind::Permission,
        "100018" => FaultKind::RateLimited,
        "100014" | "100016" => FaultKind::Internal,
        _ => return None,
    })
}
