//! Submitting a stored task, once, and writing down what came of it.
//!
//! A task that is not accepted, and not noted as in doubt, is submitted by nobody else:
//! so a client may be told that nothing was made, whatever could be stored.

use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::asker::Lifecycle;
use super::ends;
use super::insist::insist;
use crate::api::ApiError;
use crate::dialects::{Dialect, Submitted, facts, listed, vendor_of};
use crate::platform::Clock;
use crate::platform::telemetry::{Line, Unit};
use crate::task::{Actor, Change, ErrorBody, EventKind, Set, Status, Task, TaskId};
use crate::vendors::{Account, Reply};

/// How long a client waits at most for what costs nothing when it is not written.
const UNPAID: Duration = Duration::from_secs(5);

/// A stored task, with the request that its vendor gets.
#[derive(Debug)]
pub struct Submitting<'a> {
    pub task: &'a Task,
    pub account: &'a Account,
    pub request: Request<Bytes>,
    /// What may be sent once more, should it be unknown whether the vendor took it.
    pub repeat: Option<String>,
}

/// What came of a submission.
#[derive(Debug)]
pub enum SubmitOutcome {
    Accepted(TaskId, Status),
    /// Nobody knows yet whether the vendor took the task. Its client is to be told that
    /// there is one, and then this is to be kept.
    Unknown(TaskId, Box<Change>),
    /// Surely nothing was made of it, and nothing will be.
    Refused(ApiError),
}

impl SubmitOutcome {
    /// The outcome in a word, for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(..) => "accepted",
            Self::Unknown(..) => "unknown",
            Self::Refused(_) => "refused",
        }
    }
}

impl Lifecycle {
    /// Submits a task. `anew` builds the request once more, should the account have
    /// other credentials by now.
    pub async fn submit(
        &self,
        submitting: Submitting<'_>,
        anew: impl FnOnce(&dyn Dialect) -> Option<Request<Bytes>>,
        clock: &Clock,
    ) -> SubmitOutcome {
        let Submitting { task, account, request, repeat } = submitting;
        let anew = async |account: &Account| {
            let request = anew(account.dialect())?;
            self.entrust(task, account, clock).await.then_some(request)
        };
        let Some(reply) = self.vendors.submit(account, &task.id, request, anew, clock).await else {
            let error = ApiError::out_of_time(task.vendor);
            self.refuse_for_good(task, &error.body, clock).await;
            return SubmitOutcome::Refused(error);
        };
        match &reply.submitted {
            Submitted::Accepted { .. } => {
                let status = self.keep_accepted(task, &reply, Actor::Create, clock).await;
                SubmitOutcome::Accepted(task.id.clone(), status)
            }
            Submitted::Unknown(fault) => {
                let event = Actor::Create.fault(EventKind::Unknown, fault, clock.now());
                let doubt = Change::doubt(repeat, event);
                let doubt = Change { credentials: credentials(task, &reply), ..doubt };
                SubmitOutcome::Unknown(task.id.clone(), Box::new(doubt))
            }
            Submitted::Refused(fault) => {
                let mut refusal = ApiError::refused_by(task.vendor, fault);
                if account.dialect().refuses_model(fault) {
                    refusal = about_model(refusal, task);
                }
                self.refuse_for_good(task, &refusal.body, clock).await;
                SubmitOutcome::Refused(refusal)
            }
        }
    }

    /// Writes down that a task goes to another account than it was stored with. Whoever looks
    /// for it must know, whatever becomes of this function: the other account does not have it,
    /// and would say so. False when that could not be written, and then nothing may be sent.
    async fn entrust(&self, task: &Task, account: &Account, clock: &Clock) -> bool {
        let credentials = Set::To(account.credentials.to_string());
        let change = Change { credentials, ..Change::default() };
        let entrusted = insist(clock, UNPAID, || self.tasks.entrust(task, &change)).await;
        if let Err(error) = &entrusted {
            tracing::error!(task.id = %task.id, ?error, "a task could not be given to another account");
        }
        entrusted.is_ok_and(|is_there| is_there)
    }

    /// Ends a task of which it is unknown whether it is stored, and which nobody has
    /// submitted. Should it be stored and stay, it is submitted by nobody.
    pub async fn take_back(&self, task: &Task, clock: &Clock) {
        self.refuse_for_good(task, &ends::never_submitted(task.vendor), clock).await;
    }

    /// Ends a task of which its client is told that nothing was made.
    async fn refuse_for_good(&self, task: &Task, error: &ErrorBody, clock: &Clock) {
        let now = clock.now();
        if let Err(error) = insist(clock, UNPAID, || self.refuse(task, error, now)).await {
            tracing::error!(task.id = %task.id, ?error, "a refused task could not be ended: its timer will");
        }
    }

    /// Writes down that the vendor took the task, as long as there is time: it is paid
    /// for. Returns its status as it stands then.
    pub(super) async fn keep_accepted(
        &self,
        task: &Task,
        reply: &Reply,
        by: Actor,
        clock: &Clock,
    ) -> Status {
        let Submitted::Accepted { vendor_task_id, figures } = &reply.submitted else {
            return task.status;
        };
        let now = clock.now();
        let event = by.event(EventKind::Accepted, now).with_request_id(reply.request_id.clone());
        let first_poll = facts(task.vendor).pace.after_accept(now);
        let change = Change {
            credentials: credentials(task, reply),
            ..Change::accept(task, vendor_task_id, figures, first_poll, event)
        };
        let accept = || self.tasks.accept(task, &change);
        let accepted = insist(clock, Duration::MAX, accept).await;
        let stored = accepted.as_ref().ok().and_then(Option::as_ref);
        let status = stored.map_or(Status::Queued, |task| task.status);
        if stored.and_then(|task| task.vendor_task_id.as_ref()) != Some(vendor_task_id) {
            let (vendor, error) = (task.vendor, accepted.err().flatten());
            tracing::error!(task.id = %task.id, %vendor, vendor_task_id, ?error, "the vendor's id of a task could not be stored");
            Line::new("lost vendor id")
                .with("task_id", task.id.as_str())
                .with("vendor", vendor.as_str())
                .with("vendor_task_id", vendor_task_id.as_str())
                .metric("LostVendorIds", Unit::Count, 1, &[&[]])
                .write();
        }
        status
    }

    /// Writes down that nobody knows whether the vendor took the task, and with it what may
    /// be sent once more: the last thing before its client is told of it.
    pub async fn keep_doubt(&self, task: &Task, doubt: &Change, clock: &Clock) {
        let doubt = || self.tasks.doubt(task, doubt);
        if let Err(error) = insist(clock, UNPAID, doubt).await {
            tracing::error!(task.id = %task.id, ?error, "a doubt could not be stored: the task is looked for, and not submitted again");
        }
    }
}

/// The refusal of a model, with the names that its client may have meant. Who asked by an
/// operator's name for it is told none of the vendor's.
fn about_model(refusal: ApiError, task: &Task) -> ApiError {
    let mut refusal = refusal.at("model");
    let Task { vendor, model, .. } = task;
    let known: Vec<_> = listed(*vendor).collect();
    if vendor_of(model) == Some(*vendor) && !known.contains(&model.as_str()) {
        let known = format!("; known models of {vendor} are {}", known.join(", "));
        refusal.body.message.push_str(&known);
    }
    refusal
}

/// The credentials that the vendor was asked with, if they are not those of the task.
fn credentials(task: &Task, reply: &Reply) -> Set<String> {
    let other = (*reply.credentials != task.credentials).then(|| reply.credentials.to_string());
    other.into()
}
