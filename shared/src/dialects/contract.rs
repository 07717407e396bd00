//! The contract of a dialect.
//!
//! A dialect is pure: requests and responses are values, time is an argument.
//! Not here: who sends the requests, when, and with what patience.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::{SignedDuration, Timestamp};

use crate::api::{ApiError, Generation, Warning};
use crate::task::{Fault, FaultKind, Figures, Progress, Task, TaskId};

/// What a vendor's folder provides: its protocol, spoken with one account.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// The request that submits this generation, or what the client has to change.
    fn submit(
        &self,
        generation: Generation,
        context: &SubmitContext<'_>,
    ) -> Result<Submission, ApiError>;

    /// Whether the account is good for a model, as far as its credentials tell.
    fn serves(&self, _model: &str) -> bool {
        true
    }

    /// The answer to the submission of this task.
    fn read_submitted(&self, answer: &Response<Bytes>, task_id: &TaskId) -> Submitted;

    /// Whether a submission was refused because of its model.
    fn refuses_model(&self, fault: &Fault) -> bool;

    /// The request that asks how a task is doing.
    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes>;

    /// The answer to a poll of this task. One about another task says nothing.
    fn read_polled(&self, answer: &Response<Bytes>, handle: &Handle<'_>, now: Timestamp) -> Polled;

    /// Whether the vendor itself called. The token in the path was checked before.
    fn verify_callback(
        &self,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), CallbackRefused>;

    /// Whether this is the call with which the vendor's console tries any address, for no
    /// task: only a signature tells.
    fn verify_test_call(
        &self,
        _callback: &Callback<'_>,
        _now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        Err(CallbackRefused::Unsigned)
    }

    /// The vendor's task that a callback speaks of. Only a hint: bodies are not believed.
    fn hint(&self, _body: &[u8]) -> Option<String> {
        None
    }

    /// The request that finds a task of which nobody knows whether it was made.
    /// None where the vendor has no handle for that.
    fn find(&self, _sought: &Search<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        None
    }

    /// The answer to a search. One about another task says nothing.
    fn read_found(&self, _answer: &Response<Bytes>, _sought: &Search<'_>) -> Found {
        Found::Nothing(Fault::new(FaultKind::Unreadable))
    }

    /// The request that stops a task. None where the vendor stops none.
    fn cancel(&self, _handle: &Handle<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        None
    }

    /// The answer to a cancel.
    fn read_cancelled(&self, _answer: &Response<Bytes>) -> Cancelled {
        Cancelled::Nothing(Fault::new(FaultKind::Unreadable))
    }

    /// A submission once more, where the vendor makes no second task of the same.
    fn repeat(&self, _endpoint: &str, _body: Bytes, _now: Timestamp) -> Option<Request<Bytes>> {
        None
    }
}

/// The gateway's part of a submission.
#[derive(Clone, Copy, Debug)]
pub struct SubmitContext<'a> {
    pub task_id: &'a TaskId,
    /// The gateway's own address for this task's callbacks.
    pub callback_url: &'a str,
    pub now: Timestamp,
}

/// A generation, ready to be sent.
#[derive(Debug)]
pub struct Submission {
    pub request: Request<Bytes>,
    /// Whether the vendor recognises it when it comes twice, so that
    /// [`Dialect::repeat`] costs nobody a second video.
    pub repeatable: bool,
    /// The model that was asked for in the end, by its vendor's name: an option
    /// of the vendor's may name another one than the client did.
    pub model: String,
    /// Kept with the task as [`Handle::endpoint`].
    pub endpoint: String,
    /// The age at which nobody waits for the task's end any more.
    pub deadline: SignedDuration,
    /// What is known of the video before the vendor says a word; some never say any.
    pub figures: Figures,
    /// What is asked for, whatever the vendor calls it.
    pub meaning: Meaning,
    /// What could not be honoured.
    pub warnings: Vec<Warning>,
}

/// What a request asks for in the words that all vendors share, with the vendor's own choice
/// where nobody has chosen, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meaning {
    pub seconds: Option<i64>,
    pub ratio: Option<Cow<'static, str>>,
    /// The quality class: 1080 for 1080p.
    pub class: Option<u32>,
    pub seed: Option<i64>,
}

/// The answer to a submission.
#[derive(Debug, PartialEq)]
pub enum Submitted {
    /// The vendor has the task. How far it is, a poll may tell later.
    Accepted { vendor_task_id: String, figures: Figures },
    /// The vendor surely made no task of it.
    Refused(Fault),
    /// The vendor may have made a task of it. Never submit again.
    Unknown(Fault),
}

/// What a vendor needs to find a task again.
#[derive(Clone, Copy, Debug)]
pub struct Handle<'a> {
    pub vendor_task_id: &'a str,
    pub endpoint: &'a str,
}

impl<'a> Handle<'a> {
    /// None as long as it is unknown whether the vendor took the task.
    pub fn of(task: &'a Task) -> Option<Self> {
        let vendor_task_id = task.vendor_task_id.as_deref()?;
        Some(Self { vendor_task_id, endpoint: &task.endpoint })
    }
}

/// The answer to a poll.
#[derive(Debug, PartialEq)]
pub enum Polled {
    Progress(Box<Progress>),
    /// The vendor says in its own words that it does not know the task. It may not know it yet.
    Missing(Fault),
    /// Nothing about the task: the vendor was unreachable, busy or made no sense.
    Nothing(Fault),
}

/// A task of which it is unknown whether the vendor made it.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    pub task_id: &'a TaskId,
    pub endpoint: &'a str,
    pub created_at: Timestamp,
    /// The vendor's task that a callback named.
    pub hint: Option<&'a str>,
    /// The page of the vendor's list that comes next, as the last one called it.
    pub page: Option<&'a str>,
}

/// The answer to a search for a task.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// The vendor has the task, and calls it this.
    Task { vendor_task_id: String, figures: Figures },
    /// The vendor says in its own words that it has no such task.
    Absent,
    /// The vendor's list was read well to its end, and does not show the task. It may be late.
    Unlisted,
    /// Not on this page of the vendor's list; this one comes next.
    More(String),
    /// Nothing either way.
    Nothing(Fault),
}

/// The answer to a cancel. How the task stands then, only a poll tells.
#[derive(Debug, PartialEq)]
pub enum Cancelled {
    /// The vendor stops the task.
    Stopped,
    /// The vendor does not stop the task: it has ended, or is too far.
    TooLate(Fault),
    /// Nothing either way.
    Nothing(Fault),
}

/// A call at our callback address.
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// Of the address that we gave out, which may differ from the one that a function sees.
    pub path: &'a str,
    /// As written, without the question mark. The addresses we give out have none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl<'a> Callback<'a> {
    /// A header of the signature. API Gateway may have renamed it, and puts what it signs
    /// or says itself in its place.
    pub(super) fn header(&self, name: &str) -> Result<&'a str, CallbackRefused> {
        let remapped = self.headers.get(format!("x-amzn-remapped-{name}"));
        let value = remapped.or_else(|| self.headers.get(name));
        let value = value.and_then(|value| value.to_str().ok());
        value.filter(|value| !value.is_empty()).ok_or(CallbackRefused::Unsigned)
    }
}

/// Why a callback was not believed to be the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackRefused {
    /// A header of the signature is missing or no text.
    Unsigned,
    /// Signed too long ago, or in the future.
    Stale,
    /// The date cannot be read.
    Malformed,
    /// Signed with another key, or for another call.
    Mismatch,
}

impl CallbackRefused {
    /// The reason in a word, for metrics and events.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
        }
    }
}

impl fmt::Display for CallbackRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "the signature is missing",
            Self::Stale => "the date is too far off",
            Self::Malformed => "the date cannot be read",
            Self::Mismatch => "the signature does not match",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::testing::task;

    #[test]
    fn a_task_has_a_handle_once_its_vendor_took_it() {
        let mut task = task();
        assert!(Handle::of(&task).is_none(), "nobody knows what the vendor calls it");
        task.vendor_task_id = Some("839".to_owned());
        let handle = Handle::of(&task).expect("a handle");
        assert_eq!((handle.vendor_task_id, handle.endpoint), ("839", "text2video"));
    }

    #[test]
    fn a_reason_to_refuse_a_callback_has_a_word_and_a_sentence_of_its_own() {
        use CallbackRefused::{Malformed, Mismatch, Stale, Unsigned};
        let reasons = [Unsigned, Stale, Malformed, Mismatch];
        for said in [reasons.map(|it| it.code().to_owned()), reasons.map(|it| it.to_string())] {
            let mut sorted = said.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), reasons.len(), "{said:?}");
            assert!(said.iter().all(|word| !word.is_empty()), "{said:?}");
        }
    }
}
