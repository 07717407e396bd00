//! Vidu: <https://platform.vidu.com/docs/introduction>.
//!
//! One key for everything: `Authorization: Token …`, and the secret under its
//! callbacks. Not here: cancelling, templates, multi-frame, balance.

mod callback;
mod find;
mod submit;
mod wire;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::{ApiError, Generation};
use crate::crypto::Secret;
use crate::dialects::address::{BaseUrl, path_segment};
use crate::dialects::contract::{
    Dialect, Forged, Found, Handle, Polled, Ring, Sought, Submission, Submitted, Ticket,
};
use crate::dialects::retry_after::retry_after;
use crate::task::{Charged, Fault, Figures, Kind, News, Status, Vendor};

/// The pages differ between an hour and a day; we promise the shorter.
const URL_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The account, and with it the dialect.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vidu {
    /// `https://api.vidu.cn` in China; relays put a path behind theirs.
    #[serde(default = "default_base_url")]
    base_url: BaseUrl,
    api_key: Secret,
}

fn default_base_url() -> BaseUrl {
    let address = String::from("https://api.vidu.com");
    BaseUrl::try_from(address).expect("a valid address")
}

impl Dialect for Vidu {
    fn submit(&self, generation: Generation, ticket: &Ticket<'_>) -> Result<Submission, ApiError> {
        let model = generation.model.clone();
        let (endpoint, body, warnings) = submit::translate(generation, ticket)?;
        let body = serde_json::to_vec(&body).expect("the wire type has string keys only");
        let request = self
            .request(Method::POST, &format!("/ent/v2/{endpoint}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .expect("the key was checked to fit a header, the path is ours");
        // The answer says what Vidu makes of the request.
        let figures = Figures::default();
        Ok(Submission {
            request,
            repeatable: false,
            model,
            endpoint: endpoint.to_string(),
            figures,
            warnings,
        })
    }

    fn read_submitted(&self, answer: &Response<Bytes>) -> Submitted {
        let created: wire::Created = read(answer);
        if answer.status().is_success() && !created.task_id.is_empty() {
            return Submitted::Accepted {
                vendor_task_id: created.task_id,
                figures: Figures {
                    duration: created.duration,
                    seed: created.seed,
                    credits: created.credits,
                    ..Figures::default()
                },
            };
        }
        let fault = read_fault(answer);
        match fault.kind {
            // After these the vendor may have a task all the same.
            Kind::Internal | Kind::Unreadable => Submitted::Unknown(fault),
            _ => Submitted::Refused(fault),
        }
    }

    fn poll(&self, handle: &Handle<'_>, _now: Timestamp) -> Request<Bytes> {
        let id = path_segment(handle.vendor_task_id);
        self.request(Method::GET, &format!("/ent/v2/tasks/{id}/creations"))
            .body(Bytes::new())
            .expect("the key was checked to fit a header, the id is encoded")
    }

    fn read_polled(&self, answer: &Response<Bytes>, now: Timestamp) -> Polled {
        let creations: wire::Creations = read(answer);
        if answer.status().is_success() && !creations.state.is_empty() {
            return Polled::News(Box::new(read_news(creations, now)));
        }
        match read_fault(answer) {
            fault if fault.kind == Kind::NotFound => Polled::Missing(fault),
            fault => Polled::Nothing(fault),
        }
    }

    fn verify_ring(&self, ring: &Ring<'_>, now: Timestamp) -> Result<(), Forged> {
        callback::verify(ring, self.api_key.reveal(), now)
    }

    fn hint(&self, body: &[u8]) -> Option<String> {
        let rung: wire::Listed = serde_json::from_slice(body).ok()?;
        Some(rung.id().to_owned()).filter(|id| !id.is_empty())
    }

    fn find(&self, sought: &Sought<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        Some(find::request(self, sought))
    }

    fn read_found(&self, answer: &Response<Bytes>, sought: &Sought<'_>) -> Found {
        find::read(answer, sought)
    }
}

impl Vidu {
    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(self.base_url.join(path))
            .header(header::AUTHORIZATION, format!("Token {}", self.api_key.reveal()))
            .header(header::ACCEPT, "application/json")
    }
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

fn read_news(creations: wire::Creations, now: Timestamp) -> News {
    let mut figures = Figures { credits: creations.credits, ..Figures::default() };
    // Vidu takes its credits back when a task fails.
    let charged = match creations.credits {
        Some(0.0) => Charged::No,
        Some(_) => Charged::Yes,
        None => Charged::Unknown,
    };
    let failed = |fault: Fault, figures| News::failed(fault.body(Vendor::Vidu, charged), figures);
    let Some(status) = status_of(&creations.state) else {
        return News { figures, ..News::unknown(&creations.state) };
    };
    match status {
        Status::Succeeded => {
            let creation =
                creations.creations.into_iter().find(|creation| !creation.url.is_empty());
            let Some(creation) = creation else {
                let fault = Fault::with_message(Kind::Internal, "success, but without a video");
                return failed(fault, figures);
            };
            if let Some(video) = creation.video {
                figures.duration = video.duration;
                figures.fps = video.fps;
                figures.width = video.resolution.as_ref().and_then(|it| it.width);
                figures.height = video.resolution.as_ref().and_then(|it| it.height);
            }
            News {
                figures,
                url: Some(creation.url),
                url_expires_at: Some(now + URL_LIFETIME),
                ..News::unfinished(Status::Succeeded)
            }
        }
        Status::Failed => {
            let code = Some(creations.err_code).filter(|code| !code.is_empty());
            let kind = code.as_deref().and_then(kind_of).unwrap_or(Kind::Internal);
            failed(Fault { code, ..Fault::new(kind) }, figures)
        }
        unfinished => News { figures, ..News::unfinished(unfinished) },
    }
}

/// What an answer says that is not the one hoped for, whatever its status: some relays answer 200 with an error.
fn read_fault(answer: &Response<Bytes>) -> Fault {
    let error: wire::Error = read(answer);
    let reason = Some(error.reason).filter(|reason| !reason.is_empty());
    let is_json = serde_json::from_slice::<serde_json::Value>(answer.body()).is_ok();
    let kind = match reason.as_deref().and_then(kind_of) {
        Some(kind) => kind,
        None if !is_json || answer.status().is_success() => Kind::Unreadable,
        None => Kind::of_status(answer.status()),
    };
    Fault {
        kind,
        code: reason,
        message: Some(error.message).filter(|message| !message.is_empty()),
        request_id: error.metadata.and_then(|metadata| metadata.trace_id),
        retry_after: retry_after(answer),
    }
}

/// <https://platform.vidu.com/docs/errors>: the reasons of refusals, and the `err_code`s of failed tasks.
fn kind_of(reason: &str) -> Option<Kind> {
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
        | "ModelUnavailable" => Kind::BadRequest,
        "TaskPromptPolicyViolation" | "AuditSubmitIllegal" | "CreationPolicyViolation" => {
            Kind::Moderation
        }
        "CreditInsufficient" => Kind::Balance,
        "Unauthorized" => Kind::Credentials,
        "Forbidden" => Kind::Permission,
        "TaskNotFound" | "CreationNotFound" | "NotFound" => Kind::NotFound,
        "OperationInProcess" | "Conflict" => Kind::Unavailable,
        "QuotaExceeded" => Kind::Concurrency,
        "TooManyRequests" | "SystemThrottling" => Kind::RateLimited,
        "UserCancelled" => Kind::Cancelled,
        "Canceled" | "InternalServiceFailure" => Kind::Internal,
        _ => return None,
    })
}

/// An answer's members; those that are not there are empty.
fn read<T: DeserializeOwned + Default>(answer: &Response<Bytes>) -> T {
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
