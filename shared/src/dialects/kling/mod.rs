//! Kling: <https://kling.ai/document-api/api/get-started/quick-start>.
//!
//! Two designs live side by side, chosen by the model's name: the old one names
//! the model in the body, the new one in the path. Not here: several reference
//! images, extending, effects, lip-sync, motion control, balance.

mod account;
mod answers;
mod callback;
mod endpoints;
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

use self::account::{Account, Credentials};
use self::endpoints::{create_path, is_new};
use self::models::Design;
use super::request::json_request;
use crate::api::{ApiError, Generation};
use crate::dialects::address::path_segment;
use crate::dialects::contract::{
    Callback, CallbackRefused, Dialect, Found, Handle, Polled, Search, Submission, SubmitContext,
    Submitted,
};
use crate::task::{Fault, FaultKind, TaskId, Vendor};

/// Kling's protocol, spoken with an account.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Kling {
    account: Account,
}

impl Dialect for Kling {
    fn submit(
        &self,
        generation: Generation,
        context: &SubmitContext<'_>,
    ) -> Result<Submission, ApiError> {
        self.require_key_for(&generation.model)?;
        // Our id for the task is in it, and Kling takes an id once.
        let repeatable = true;
        let translation = submit::translate(generation, context)?;
        Ok(translation.submission(repeatable, FACTS.pace.deadline, |endpoint, body| {
            self.request(&create_path(endpoint), Some(body), context.now)
        }))
    }

    /// Kling answers 1002 to the token of a key pair at its new design.
    fn serves(&self, model: &str) -> bool {
        let is_pair = matches!(self.account.credentials, Credentials::KeyPair { .. });
        !is_pair || Design::of(model) == Design::Old
    }

    fn read_submitted(&self, answer: &Response<Bytes>, task_id: &TaskId) -> Submitted {
        match answers::read(answer) {
            Ok(read) => match read.created(task_id) {
                Some(task) => Submitted::Accepted {
                    vendor_task_id: task.id().to_owned(),
                    figures: answers::figures(task),
                },
                None => Submitted::Unknown(answers::unreadable(read, "the answer has no task_id")),
            },
            Err(fault) if answers::may_have_a_task(&fault, task_id) => Submitted::Unknown(fault),
            Err(fault) => Submitted::Refused(fault),
        }
    }

    fn refuses_model(&self, fault: &Fault) -> bool {
        answers::speaks_of_model(fault)
    }

    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes> {
        let id = path_segment(handle.vendor_task_id);
        let path = if is_new(handle.endpoint) {
            format!("/tasks?task_ids={id}")
        } else {
            format!("{}/{id}", create_path(handle.endpoint))
        };
        self.request(&path, None, now)
    }

    fn read_polled(&self, answer: &Response<Bytes>, handle: &Handle<'_>, now: Timestamp) -> Polled {
        let read = match answers::read(answer) {
            Ok(read) => read,
            Err(fault) if fault.kind == FaultKind::NotFound => return Polled::Missing(fault),
            Err(fault) => return Polled::Nothing(fault),
        };
        match read.data.tasks().iter().find(|task| task.id() == handle.vendor_task_id) {
            Some(task) if !task.status().is_empty() => {
                Polled::Progress(Box::new(answers::read_progress(task, now)))
            }
            Some(_) => Polled::Nothing(answers::unreadable(read, "the answer has no status")),
            None if is_new(handle.endpoint) && answers::names_no_task(&read, answer) => {
                Polled::Missing(Fault::with_message(FaultKind::NotFound, "the answer has no task"))
            }
            None => Polled::Nothing(answers::unreadable(read, answers::STRANGE)),
        }
    }

    fn verify_callback(
        &self,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        // Without a secret Kling signs nothing, and the token in the path protects.
        let secret = self.account.webhook_secret.as_ref();
        secret.map_or(Ok(()), |secret| callback::verify(callback, secret, now))
    }

    fn verify_test_call(
        &self,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        match &self.account.webhook_secret {
            Some(secret) => callback::verify(callback, secret, now),
            None => callback::verify_none(callback),
        }
    }

    fn find(&self, search: &Search<'_>, now: Timestamp) -> Option<Request<Bytes>> {
        Some(self.request(&find::path(search), None, now))
    }

    fn read_found(&self, answer: &Response<Bytes>, search: &Search<'_>) -> Found {
        find::read(answer, search)
    }

    fn repeat(&self, endpoint: &str, body: Bytes, now: Timestamp) -> Option<Request<Bytes>> {
        Some(self.request(&create_path(endpoint), Some(body), now))
    }
}

impl Kling {
    fn request(&self, path: &str, body: Option<Bytes>, now: Timestamp) -> Request<Bytes> {
        let Account { base_url, credentials, .. } = &self.account;
        json_request(base_url.join(path), format!("Bearer {}", credentials.token(now)), body)
    }

    /// What Kling would refuse, its operator can be told before.
    fn require_key_for(&self, model: &str) -> Result<(), ApiError> {
        if self.serves(model) {
            return Ok(());
        }
        let fault = Fault::new(FaultKind::Credentials);
        let mut error = ApiError::refused_by(Vendor::Kling, &fault).at("model");
        error.body.message = format!(
            "{model} takes an API key only, and this gateway's account with Kling has access_key \
             and secret_key; its operator has to give it an api_key instead."
        );
        Err(error)
    }
}

#[cfg(test)]
mod tests;
