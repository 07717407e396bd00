//! Jimeng, of Volcengine's visual service: <https://www.volcengine.com/docs/85621>.
//!
//! Two keys sign every request. Not here: callbacks, a list of tasks and a view
//! at the balance, of which Jimeng has none, and the marking of its files
//! (`req_json`), which it takes with a poll only.

mod account;
mod answers;
mod facts;
mod models;
mod signature;
mod submit;
mod wire;

pub(super) use facts::FACTS;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use self::account::Account;
use crate::api::{ApiError, Generation};
use crate::dialects::contract::{
    Callback, CallbackRefused, Dialect, Handle, Polled, Submission, SubmitContext, Submitted,
};
use crate::dialects::lenient::known;
use crate::task::{Fault, FaultKind, Figures, TaskId};

/// Jimeng's protocol, spoken with an account.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Jimeng {
    account: Account,
}

impl Dialect for Jimeng {
    fn submit(
        &self,
        generation: Generation,
        context: &SubmitContext<'_>,
    ) -> Result<Submission, ApiError> {
        let repeatable = false;
        let translation = submit::translate(generation)?;
        Ok(translation.submission(repeatable, FACTS.pace.deadline, |_, body| {
            self.post("CVSync2AsyncSubmitTask", body, context.now)
        }))
    }

    fn read_submitted(&self, answer: &Response<Bytes>, _task_id: &TaskId) -> Submitted {
        match answers::read(answer) {
            Ok(read) => {
                let wire::Data { task_id, .. } = read.data.unwrap_or_default();
                match known(task_id) {
                    Some(vendor_task_id) => {
                        Submitted::Accepted { vendor_task_id, figures: Figures::default() }
                    }
                    None => Submitted::Unknown(Fault {
                        request_id: known(read.request_id),
                        ..Fault::with_message(FaultKind::Unreadable, "the answer has no task_id")
                    }),
                }
            }
            // After these Jimeng may have a task all the same.
            Err(fault) if fault.kind.leaves_it_open() => Submitted::Unknown(fault),
            Err(fault) => Submitted::Refused(fault),
        }
    }

    /// Jimeng has no code for it, and calls its models keys.
    fn refuses_model(&self, fault: &Fault) -> bool {
        let is_named = |message: &str| message.to_lowercase().contains("req_key");
        fault.kind == FaultKind::BadRequest && fault.message.as_deref().is_some_and(is_named)
    }

    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes> {
        let query = wire::Query { req_key: handle.endpoint, task_id: handle.vendor_task_id };
        let body = serde_json::to_vec(&query).expect("the wire type has string keys only");
        self.post("CVSync2AsyncGetResult", body.into(), now)
    }

    fn read_polled(&self, answer: &Response<Bytes>, handle: &Handle<'_>, now: Timestamp) -> Polled {
        if answers::names_another(answer, handle.vendor_task_id) {
            return Polled::Nothing(Fault::with_message(
                FaultKind::Unreadable,
                "the answer is not about the task that was asked for",
            ));
        }
        match answers::read(answer) {
            Ok(read) => answers::read_progress(read.data.unwrap_or_default(), now),
            // What moderation says is said of the task, all else of the poll.
            Err(fault)
                if matches!(fault.kind, FaultKind::Moderation | FaultKind::OutputModeration) =>
            {
                answers::failed(&fault)
            }
            Err(fault) => Polled::Nothing(fault),
        }
    }

    /// Jimeng has no callbacks: whoever calls is somebody else.
    fn verify_callback(
        &self,
        _callback: &Callback<'_>,
        _now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        Err(CallbackRefused::Unsigned)
    }
}

impl Jimeng {
    fn post(&self, action: &str, body: Bytes, now: Timestamp) -> Request<Bytes> {
        let path = format!("/?Action={action}&Version=2022-08-31");
        let address = self.account.base_url.join(&path);
        let url = Url::parse(&address).expect("a base URL that was checked, and a query of ours");
        signature::signed_post(&url, body, self.account.keys(), now)
    }
}

#[cfg(test)]
mod tests;
