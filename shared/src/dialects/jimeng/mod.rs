//! Jimeng, of Volcengine's visual service: <https://www.volcengine.com/docs/85621>.
//!
//! Two keys sign every request. Not here: callbacks, a list of tasks and a look
//! at the balance, of which Jimeng has none, and the marking of its files
//! (`req_json`), which it takes with a look only.

mod answer;
mod images;
mod models;
mod signature;
mod submit;
mod wire;

use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::{ApiError, Generation};
use crate::crypto::Secret;
use crate::dialects::address::BaseUrl;
use crate::dialects::contract::{
    Dialect, Forged, Handle, Polled, Ring, Submission, Submitted, Ticket,
};
use crate::task::{Charged, Fault, Figures, Kind, News, Status, Vendor};

const URL_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The account, and with it the dialect.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jimeng {
    /// What the request is sent to is also what it is signed for, path and all.
    #[serde(default = "default_base_url")]
    base_url: BaseUrl,
    access_key: Secret,
    secret_key: Secret,
    /// Comes with temporary keys.
    session_token: Option<Secret>,
}

fn default_base_url() -> BaseUrl {
    let address = String::from("https://visual.volcengineapi.com");
    BaseUrl::try_from(address).expect("a valid address")
}

impl Dialect for Jimeng {
    fn submit(&self, generation: Generation, ticket: &Ticket<'_>) -> Result<Submission, ApiError> {
        let submit::Translation { model, create, figures, warnings } =
            submit::translate(generation)?;
        let request = self.request("CVSync2AsyncSubmitTask", &create, ticket.now);
        // Without the very key that a task was made with it is not found.
        Ok(Submission {
            request,
            repeatable: false,
            model,
            endpoint: create.req_key,
            figures,
            warnings,
        })
    }

    fn read_submitted(&self, answer: &Response<Bytes>) -> Submitted {
        match answer::read(answer) {
            Ok(data) if !data.task_id.is_empty() => {
                Submitted::Accepted { vendor_task_id: data.task_id, figures: Figures::default() }
            }
            Ok(_) => Submitted::Unknown(Fault::with_message(
                Kind::Unreadable,
                "the answer has no task_id",
            )),
            // After these Jimeng may have a task all the same.
            Err(fault) if matches!(fault.kind, Kind::Internal | Kind::Unreadable) => {
                Submitted::Unknown(fault)
            }
            Err(fault) => Submitted::Refused(fault),
        }
    }

    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes> {
        let query = wire::Query { req_key: handle.endpoint, task_id: handle.vendor_task_id };
        self.request("CVSync2AsyncGetResult", &query, now)
    }

    fn read_polled(&self, answer: &Response<Bytes>, now: Timestamp) -> Polled {
        match answer::read(answer) {
            Ok(data) => read_news(data, now),
            // What moderation says is said of the task, all else of the look at it.
            Err(fault) if fault.kind == Kind::Moderation => failed(&fault),
            Err(fault) => Polled::Nothing(fault),
        }
    }

    /// Jimeng has no callbacks: whoever rings is somebody else.
    fn verify_ring(&self, _ring: &Ring<'_>, _now: Timestamp) -> Result<(), Forged> {
        Err(Forged::Unsigned)
    }
}

impl Jimeng {
    fn request(&self, action: &str, body: &impl Serialize, now: Timestamp) -> Request<Bytes> {
        let address = self.base_url.join(&format!("/?Action={action}&Version=2022-08-31"));
        let url = Url::parse(&address).expect("a base URL that was checked, and a query of ours");
        let body = serde_json::to_vec(body).expect("the wire types have string keys only");
        let keys = signature::Keys {
            access_key: self.access_key.reveal(),
            secret_key: self.secret_key.reveal(),
            session_token: self.session_token.as_ref().map(Secret::reveal),
        };
        signature::signed_post(&url, body, keys, now)
    }
}

fn read_news(data: wire::Data, now: Timestamp) -> Polled {
    let nothing = |kind, message| Polled::Nothing(Fault::with_message(kind, message));
    let unfinished = |status| Polled::News(Box::new(News::unfinished(status)));
    match data.status.as_str() {
        "in_queue" => unfinished(Status::Queued),
        "done" if data.video_url.is_empty() => {
            failed(&Fault::with_message(Kind::Internal, "done, but without a video"))
        }
        "generating" => unfinished(Status::Processing),
        "done" => Polled::News(Box::new(News {
            figures: Figures { fps: Some(f64::from(submit::FPS)), ..Figures::default() },
            url: Some(data.video_url),
            url_expires_at: Some(now + URL_LIFETIME),
            ..News::unfinished(Status::Succeeded)
        })),
        "expired" => failed(&Fault::new(Kind::Expired)),
        // Right after a submission it may only not be there yet.
        "not_found" => Polled::Missing(Fault::with_message(Kind::NotFound, "not_found")),
        "" => nothing(Kind::Unreadable, "the answer has no status"),
        word => Polled::News(Box::new(News::unknown(word))),
    }
}

/// Jimeng never says what a task cost, and so not whether a failed one did.
fn failed(fault: &Fault) -> Polled {
    let error = fault.body(Vendor::Jimeng, Charged::Unknown);
    Polled::News(Box::new(News::failed(error, Figures::default())))
}

#[cfg(test)]
mod tests;
