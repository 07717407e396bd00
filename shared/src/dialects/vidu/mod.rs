//! Vidu: <https://platform.vidu.com/docs/introduction>.
//!
//! One key for everything: `Authorization: Token …`, and the secret under its
//! callbacks. Not here: templates, multi-frame, balance.

mod account;
mod answers;
mod callback;
mod facts;
mod find;
mod models;
mod submit;
mod wire;

pub(super) use facts::FACTS;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde::Deserialize;

use self::account::Account;
use super::lenient::{known, object};
use super::request::json_request;
use crate::api::{ApiError, Generation};
use crate::dialects::address::path_segment;
use crate::dialects::contract::{
    Callback, CallbackRefused, Cancelled, Dialect, Found, Handle, Polled, Search, Submission,
    SubmitContext, Submitted,
};
use crate::task::{Fault, FaultKind, Figures, TaskId};

/// Vidu's protocol, spoken with an account.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Vidu {
    account: Account,
}

impl Dialect for Vidu {
    fn submit(
        &self,
        generation: Generation,
        context: &SubmitContext<'_>,
    ) -> Result<Submission, ApiError> {
        let repeatable = false;
        let (translation, deadline) = submit::translate(generation, context)?;
        Ok(translation.submission(repeatable, deadline, |endpoint, body| {
            self.request(&format!("/ent/v2/{endpoint}"), Some(body))
        }))
    }

    fn read_submitted(&self, answer: &Response<Bytes>, task_id: &TaskId) -> Submitted {
        let created: wire::Created = answers::read(answer);
        if !created.payload.is_empty() && created.payload != task_id.as_str() {
            return Submitted::Unknown(answers::strange(answer));
        }
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
        let fault = answers::read_fault(answer);
        // After some the vendor may have a task all the same.
        if fault.kind.leaves_it_open() {
            Submitted::Unknown(fault)
        } else {
            Submitted::Refused(fault)
        }
    }

    fn refuses_model(&self, fault: &Fault) -> bool {
        fault.code.as_deref() == Some("ModelUnavailable")
    }

    fn poll(&self, handle: &Handle<'_>, _now: Timestamp) -> Request<Bytes> {
        let id = path_segment(handle.vendor_task_id);
        self.request(&format!("/ent/v2/tasks/{id}/creations"), None)
    }

    fn read_polled(&self, answer: &Response<Bytes>, handle: &Handle<'_>, now: Timestamp) -> Polled {
        let creations: wire::Creations = answers::read(answer);
        let named: wire::Listed = answers::read(answer);
        // The path names one task, and Vidu's own example of an answer names none.
        if !named.id().is_empty() && named.id() != handle.vendor_task_id {
            return Polled::Nothing(answers::strange(answer));
        }
        if answer.status().is_success() && !creations.state.is_empty() {
            return Polled::Progress(Box::new(answers::read_progress(creations, now)));
        }
        match answers::read_fault(answer) {
            fault if fault.kind == FaultKind::NotFound => Polled::Missing(fault),
            fault => Polled::Nothing(fault),
        }
    }

    fn verify_callback(
        &self,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        callback::verify(callback, self.account.api_key.reveal(), now)
    }

    fn hint(&self, body: &[u8]) -> Option<String> {
        let task: wire::Listed = object(body)?;
        known(task.id().to_owned())
    }

    fn cancel(&self, handle: &Handle<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        let id = path_segment(handle.vendor_task_id);
        let body = serde_json::to_vec(&wire::Cancel { id: handle.vendor_task_id });
        let body = body.expect("the wire types have string keys only").into();
        Some(self.request(&format!("/ent/v2/tasks/{id}/cancel"), Some(body)))
    }

    fn read_cancelled(&self, answer: &Response<Bytes>) -> Cancelled {
        answers::read_cancelled(answer)
    }

    fn find(&self, search: &Search<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        Some(self.request(&find::path(search), None))
    }

    fn read_found(&self, answer: &Response<Bytes>, search: &Search<'_>) -> Found {
        find::read(answer, search)
    }
}

impl Vidu {
    fn request(&self, path: &str, body: Option<Bytes>) -> Request<Bytes> {
        let Account { base_url, api_key } = &self.account;
        json_request(base_url.join(path), format!("Token {}", api_key.reveal()), body)
    }
}

#[cfg(test)]
mod tests;
