//! Reading Kling's answers: <https://kling.ai/document-api/api/get-started/error-codes>.
//!
//! The code in the body decides, not the HTTP status: a 429 may be an empty
//! account, and some relays answer 200 to everything. What the codes leave
//! open is told in the text of the message, and nowhere else.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;

use super::facts::FACTS;
use super::wire;
use crate::dialects::lenient::{known, object};
use crate::dialects::retry_after::retry_after;
use crate::task::{Charged, Fault, FaultKind, Figures, Progress, Status, TaskId, Vendor};

/// An answer that is good, or what went wrong.
pub(super) fn read(answer: &Response<Bytes>) -> Result<wire::Answer, Fault> {
    let status = answer.status();
    let Some(read) = object::<wire::Answer>(answer.body()) else {
        return Err(Fault {
            retry_after: retry_after(answer),
            ..Fault::with_message(
                FaultKind::of_status_alone(status),
                "the answer is not what was expected",
            )
        });
    };
    let is_good = match read.code.as_str() {
        "0" => true,
        "" => status.is_success() && !matches!(read.data, wire::Data::Nothing),
        _ => false,
    };
    if is_good {
        return Ok(read);
    }
    Err(Fault {
        kind: kind_of(&read, status),
        code: known(read.code),
        message: known(read.message),
        request_id: known(read.request_id),
        retry_after: retry_after(answer),
    })
}

/// A good answer that does not say what was asked for.
pub(super) fn unreadable(answer: wire::Answer, message: &str) -> Fault {
    let request_id = known(answer.request_id);
    Fault { request_id, ..Fault::with_message(FaultKind::Unreadable, message) }
}

/// Whether this is the new design's way to say that it has none of the tasks that were asked
/// for: an empty list. A list of others would come of a filter that was not heeded.
pub(super) fn names_no_task(read: &wire::Answer, answer: &Response<Bytes>) -> bool {
    let is_empty = matches!(&read.data, wire::Data::List(tasks) if tasks.is_empty());
    is_empty && read.code == "0" && answer.status().is_success()
}

/// The fault of an answer that names another task, or none.
pub(super) const STRANGE: &str = "the answer is not about the task that was asked for";

pub(super) fn figures(task: &wire::Task) -> Figures {
    Figures { credits: task.units(), ..Figures::default() }
}

fn kind_of(error: &wire::Answer, status: StatusCode) -> FaultKind {
    match error.code.parse().unwrap_or_default() {
        1000..=1099 => FaultKind::Credentials,
        1101 | 1102 => FaultKind::Balance,
        1100..=1199 | 1304 => FaultKind::Permission,
        1200 | 1201 if says(&error.message, NOT_FOUND) => FaultKind::NotFound,
        1200..=1299 => FaultKind::BadRequest,
        1300 | 1301 => FaultKind::Moderation,
        1302 => FaultKind::RateLimited,
        1303 => FaultKind::Concurrency,
        1300..=1399 => FaultKind::of_status(status),
        5000..=5999 => FaultKind::Internal,
        // No code of Kling's: somebody between us answered.
        _ => FaultKind::of_status_alone(status),
    }
}

/// Whether a refusal of a submission leaves it open that the vendor has a task of it.
///
/// Our id for a task is used once. When Kling knows it already, our own request
/// came through before, by way of somebody who repeated it. Kling says so under the
/// code of all wrong parameters, so only words about our id are taken for that.
pub(super) fn may_have_a_task(fault: &Fault, task_id: &TaskId) -> bool {
    let message = fault.message.as_deref().unwrap_or_default();
    let is_taken = says(message, EXTERNAL) && says(message, TAKEN) && !says(message, ABSENT);
    match fault.kind {
        FaultKind::BadRequest | FaultKind::NotFound => {
            is_taken || message.contains(task_id.as_str())
        }
        kind => kind.leaves_it_open(),
    }
}

/// Whether a refusal is about the model: Kling has a code for what does not exist, and for all
/// else that is wrong only words.
pub(super) fn speaks_of_model(fault: &Fault) -> bool {
    let message = fault.message.as_deref().unwrap_or_default();
    match fault.code.as_deref() {
        Some("1203") => true,
        Some("1200" | "1201") => says(message, "model"),
        _ => false,
    }
}

fn status_of(status: &str) -> Option<Status> {
    Some(match status {
        "submitted" => Status::Queued,
        "processing" => Status::Processing,
        "succeed" | "succeeded" => Status::Succeeded,
        "failed" => Status::Failed,
        _ => return None,
    })
}

pub(super) fn read_progress(task: &wire::Task, now: Timestamp) -> Progress {
    let figures = figures(task);
    let Some(status) = status_of(task.status()) else {
        return Progress { figures, ..Progress::unknown(task.status()) };
    };
    match status {
        Status::Succeeded => match task.video() {
            Some(video) => Progress {
                figures: Figures { duration: video.duration, ..figures },
                url: Some(video.url.clone()),
                url_expires_at: Some(now + FACTS.link_lifetime),
                ..Progress::unfinished(status)
            },
            None => {
                let fault =
                    Fault::with_message(FaultKind::Internal, "success, but without a video");
                // Kling charges for success.
                let charged = if task.is_charged() { Charged::Yes } else { Charged::Unknown };
                Progress::failed(fault.body(Vendor::Kling, charged), figures)
            }
        },
        Status::Failed => {
            let charged = if task.is_charged() { Charged::Yes } else { Charged::No };
            let message = task.message();
            let fault = Fault {
                message: known(message.to_owned()),
                ..Fault::new(kind_of_failure(message))
            };
            Progress::failed(fault.body(Vendor::Kling, charged), figures)
        }
        unfinished => Progress { figures, ..Progress::unfinished(unfinished) },
    }
}

/// A failed task has no code, only words.
fn kind_of_failure(message: &str) -> FaultKind {
    if says(message, MODERATED) {
        FaultKind::Moderation
    } else if says(message, BAD_INPUT) {
        FaultKind::BadRequest
    } else {
        FaultKind::Internal
    }
}

const NOT_FOUND: &str = "not found|not exist|不存在";
/// Our id for a task, as Kling calls it.
const EXTERNAL: &str = "external|外部";
const TAKEN: &str = "already|exist|duplicat|unique|已存在|重复";
/// Words like those of [`TAKEN`] that say the opposite.
const ABSENT: &str = "not found|not exist|no longer|no such|不存在";
const MODERATED: &str = "risk control|risk_control|policy|policies|sensitive|moderat|prohibited|\
    violat|content safety|content security|风控|风险|敏感|违规|审核";
const BAD_INPUT: &str = "image|picture|invalid|illegal|format|resolution|aspect ratio|download|\
    not supported|unsupported|parameter|图片|参数";

/// Whether a message has one of these words, which a bar divides.
fn says(message: &str, words: &str) -> bool {
    let message = message.to_lowercase();
    words.split('|').any(|word| message.contains(word))
}
