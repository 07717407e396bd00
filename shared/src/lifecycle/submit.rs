//! Submitting a stored task, once, and writing down what came of it.

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use tokio::time::Instant;

use super::asker::Lifecycle;
use crate::api::ApiError;
use crate::dialects::{Dialect, Submitted};
use crate::store::StoreError;
use crate::task::{Actor, EventKind, Figures, Progress, Status, Task, TaskId};
use crate::vendors::Account;

/// A stored task, with the request that its vendor gets.
#[derive(Debug)]
pub struct Submitting<'a> {
    pub task: &'a Task,
    pub account: &'a Account,
    pub request: Request<Bytes>,
}

/// What came of a submission.
#[derive(Debug)]
pub enum SubmitOutcome {
    Accepted(TaskId, Status),
    /// Nobody knows yet whether the vendor took the task.
    Unknown(TaskId),
    /// Surely nothing was made of it.
    Refused(ApiError),
}

impl SubmitOutcome {
    /// The outcome in a word, for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(..) => "accepted",
            Self::Unknown(_) => "unknown",
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
        now: Timestamp,
    ) -> SubmitOutcome {
        let Submitting { task, account, request } = submitting;
        let (id, vendor) = (&task.id, task.vendor);
        let began = Instant::now();
        let reply = self.vendors.submit(account, id, request, anew, now).await;
        // The vendor may have taken its time.
        let now = now + began.elapsed();
        match reply.submitted {
            Submitted::Accepted { vendor_task_id, figures } => {
                let event = Actor::Create.event(EventKind::Accepted, now);
                let event = event.with_request_id(reply.request_id);
                let accepted = self.tasks.accept(task, &vendor_task_id, &figures, event).await;
                let status = check_accepted(task, &vendor_task_id, accepted);
                SubmitOutcome::Accepted(task.id.clone(), status)
            }
            Submitted::Unknown(fault) => {
                let event = Actor::Create.fault(EventKind::Unknown, &fault, now);
                if let Err(error) = self.tasks.note(task, event).await {
                    tracing::warn!(task.id = %id, %error, "an event of a task could not be kept");
                }
                SubmitOutcome::Unknown(task.id.clone())
            }
            Submitted::Refused(fault) => {
                let refusal = ApiError::refused_by(vendor, &fault);
                if let Err(error) = self.refuse(task, &refusal.body, now).await {
                    tracing::error!(task.id = %id, %error, "a refused task could not be marked as failed");
                    self.never_repeat(task, &refusal, now).await;
                }
                SubmitOutcome::Refused(refusal)
            }
        }
    }

    /// A client that is told of a refusal may ask again, so nobody else may: what
    /// was kept to be sent once more goes, though the task could not be ended.
    async fn never_repeat(&self, task: &Task, refusal: &ApiError, now: Timestamp) {
        let refused = Progress::failed((*refusal.body).clone(), Figures::default());
        let event = Actor::Create.rise(&refused, now);
        if let Err(error) = self.tasks.claim_repeat(task, event).await {
            tracing::error!(task.id = %task.id, %error, "a refused task may be submitted once more");
        }
    }
}

/// The status of a task that its vendor took. A task whose vendor's id is not stored
/// is paid for: its timer stands, and the line here names both ids.
fn check_accepted(
    task: &Task,
    vendor_task_id: &str,
    accepted: Result<Option<Task>, StoreError>,
) -> Status {
    let stored = accepted.as_ref().ok().and_then(Option::as_ref);
    let status = stored.map_or(Status::Queued, |task| task.status);
    if stored.and_then(|task| task.vendor_task_id.as_deref()) != Some(vendor_task_id) {
        let (vendor, error) = (task.vendor, accepted.err());
        tracing::error!(task.id = %task.id, %vendor, vendor_task_id, ?error, "the vendor's id of a task could not be stored");
    }
    status
}
