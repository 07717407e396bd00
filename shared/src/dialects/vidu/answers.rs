//! Reading Vidu's answers: <https://platform.vidu.com/docs/errors>.
//!
//! Some relays answer 200 with an error, so the members of an answer count more than
//! its status.

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::facts::FACTS;
use super::wire;
use crate::dialects::contract::Cancelled;
use crate::dialects::lenient::{known, object};
use crate::dialects::retry_after::retry_after;
use crate::task::{Charged, Fault, FaultKind, Figures, Progress, Status, Vendor};

/// An answer's members; those that are not there are empty.
pub(super) fn read<T: DeserializeOwned + Default>(answer: &Response<Bytes>) -> T {
    object(answer.body()).unwrap_or_default()
}

/// The fault in an answer that is not the one hoped for.
pub(super) fn read_fault(answer: &Response<Bytes>) -> Fault {
    let error: wire::Error = read(answer);
    let reason = known(error.reason);
    let kind = match &reason {
        Some(reason) => kind_of(reason).unwrap_or(FaultKind::of_status(answer.status())),
        // No word of Vidu's: somebody between us may have answered.
        None => FaultKind::of_status_alone(answer.status()),
    };
    Fault {
        kind,
        code: reason,
        message: known(error.message),
        request_id: error
            .metadata
            .and_then(|metadata| metadata.trace_id)
            .or(known(error.request_id)),
        retry_after: retry_after(answer),
    }
}

/// The answer to a cancel: `{}`, or an error.
pub(super) fn read_cancelled(answer: &Response<Bytes>) -> Cancelled {
    let error: Option<wire::Error> = object(answer.body());
    if answer.status().is_success() && error.is_some_and(|error| error.reason.is_empty()) {
        return Cancelled::Stopped;
    }
    let fault = read_fault(answer);
    let refuses = matches!(
        fault.kind,
        FaultKind::BadRequest
            | FaultKind::NotFound
            | FaultKind::Cancelled
            // What Vidu calls a conflict.
            | FaultKind::Unavailable
    );
    // Only in its own words.
    if refuses && fault.code.is_some() {
        Cancelled::TooLate(fault)
    } else {
        Cancelled::Nothing(fault)
    }
}

/// The fault of an answer that names another task.
pub(super) fn strange(answer: &Response<Bytes>) -> Fault {
    let message = "the answer is not about the task that was asked for";
    let kind = FaultKind::Unreadable;
    Fault { kind, code: None, message: Some(message.to_owned()), ..read_fault(answer) }
}

/// The reasons of refusals, and the `err_code`s of failed tasks.
fn kind_of(reason: &str) -> Option<FaultKind> {
    Some(match reason {
        "BadRequest"
        | "FieldLacking"
        | "FieldInvalid"
        | "FieldUnwanted"
        | "FieldItemCountOutOfRange"
        | "PageSizeOutOfRange"
        | "ImageDownloadFailure"
        | "ImageFormatInvalid"
        | "ImageCheckFaceFailed"
        | "ImageCheckBodyJointsFailed"
        | "ImageObjectsUndetected"
        | "ModelUnavailable" => FaultKind::BadRequest,
        "TaskPromptPolicyViolation" | "AuditSubmitIllegal" | "CreationPolicyViolation" => {
            FaultKind::Moderation
        }
        "CreditInsufficient" => FaultKind::Balance,
        "Unauthorized" => FaultKind::Credentials,
        "Forbidden" => FaultKind::Permission,
        "TaskNotFound" | "CreationNotFound" | "NotFound" => FaultKind::NotFound,
        "OperationInProcess" | "Conflict" => FaultKind::Unavailable,
        "QuotaExceeded" => FaultKind::Concurrency,
        "TooManyRequests" | "SystemThrottling" => FaultKind::RateLimited,
        "UserCancelled" => FaultKind::Cancelled,
        "Canceled" | "InternalServiceFailure" => FaultKind::Internal,
        _ => return None,
    })
}

fn status_of(state: &str) -> Option<Status> {
    Some(match state {
        "created" | "queueing" | "scheduled" => Status::Queued,
        "processing" => Status::Processing,
        "success" => Status::Succeeded,
        "failed" => Status::Failed,
        _ => return None,
    })
}

pub(super) fn read_progress(creations: wire::Creations, now: Timestamp) -> Progress {
    let mut figures = Figures { credits: creations.credits, ..Figures::default() };
    // Vidu takes its credits back when a task fails.
    let charged = match creations.credits {
        Some(0.0) => Charged::No,
        Some(_) => Charged::Yes,
        None => Charged::Unknown,
    };
    let failed =
        |fault: Fault, figures| Progress::failed(fault.body(Vendor::Vidu, charged), figures);
    let Some(status) = status_of(&creations.state) else {
        return Progress { figures, ..Progress::unknown(&creations.state) };
    };
    match status {
        Status::Succeeded => {
            let creation =
                creations.creations.into_iter().find(|creation| !creation.url.is_empty());
            let Some(creation) = creation else {
                let fault =
                    Fault::with_message(FaultKind::Internal, "success, but without a video");
                return failed(fault, figures);
            };
            if let Some(video) = creation.video {
                figures.duration = video.duration;
                figures.fps = video.fps;
                figures.width = video.resolution.as_ref().and_then(|it| it.width);
                figures.height = video.resolution.as_ref().and_then(|it| it.height);
            }
            Progress {
                figures,
                url: Some(creation.url),
                url_expires_at: Some(now + FACTS.link_lifetime),
                ..Progress::unfinished(Status::Succeeded)
            }
        }
        Status::Failed => {
            let code = known(creations.err_code);
            let kind = code.as_deref().and_then(kind_of).unwrap_or(FaultKind::Internal);
            failed(Fault { code, ..Fault::new(kind) }, figures)
        }
        unfinished => Progress { figures, ..Progress::unfinished(unfinished) },
    }
}
