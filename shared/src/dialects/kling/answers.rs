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
use crate::dialects::lenient::known;
use crate::dialects::retry_after::retry_after;
use crate::task::{Charged, Fault, FaultKind, Figures, Progress, Status, Vendor};

/// The task of a good answer, if it names one.
pub(super) fn read(answer: &Response<Bytes>) -> Result<Option<wire::Task>, Fault> {
    let status = answer.status();
    let read: wire::Answer = serde_json::from_slice(answer.body()).map_err(|_| {
        Fault::with_message(FaultKind::Unreadable, "the answer is not what was expected")
    })?;
    let is_good = match read.code.as_str() {
        "0" => true,
        "" => status.is_success() && read.data.is_some(),
        _ => false,
    };
    if is_good {
        return Ok(read.data);
    }
    Err(Fault {
        kind: kind_of(&read, status),
        code: known(read.code),
        message: known(read.message),
        request_id: known(read.request_id),
        retry_after: retry_after(answer),
    })
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
        5000..=5999 => FaultKind::Internal,
        _ => FaultKind::of_status(status),
    }
}

/// Whether a refusal of a submission leaves it open that the vendor has a task of it.
///
/// Our id for a task is used once. When Kling knows it already, our own request
/// came through before, by way of somebody who repeated it.
pub(super) fn may_have_a_task(fault: &Fault) -> bool {
    let message = fault.message.as_deref().unwrap_or_default();
    match fault.kind {
        FaultKind::Internal | FaultKind::Unreadable => true,
        FaultKind::BadRequest => says(message, TAKEN) && !says(message, ABSENT),
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
    let figures = Figures { credits: task.units(), ..Figures::default() };
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
const TAKEN: &str = "already|exists|duplicat|not unique|be unique|in use|conflict|已存在|重复";
/// Words like those of [`TAKEN`] that say the opposite.
const ABSENT: &str = "no longer|no such|expired";
const MODERATED: &str = "risk control|risk_control|policy|policies|sensitive|moderat|prohibited|\
    violat|content safety|content security|风控|风险|敏感|违规|审核";
const BAD_INPUT: &str = "image|picture|invalid|illegal|format|resolution|aspect ratio|download|\
    not supported|unsupported|parameter|图片|参数";

/// Whether a message has one of these words, which a bar divides.
fn says(message: &str, words: &str) -> bool {
    let message = message.to_lowercase();
    words.split('|').any(|word| message.contains(word))
}
