//! Stopping a task at its vendor, where the vendor can: asked for, and then polled like any other.

use jiff::Timestamp;

use super::asker::{Asker, Lifecycle};
use crate::api::ApiError;
use crate::dialects::{Cancelled, facts};
use crate::task::{Actor, EventKind, Task};

impl Lifecycle {
    /// Stops a task if its vendor can, and returns it as it stands then, whatever that is.
    pub async fn cancel(&self, task: Task, now: Timestamp) -> Result<Task, ApiError> {
        let vendor = task.vendor;
        if task.status.is_final() {
            return Ok(task);
        }
        if !facts(vendor).cancels {
            return Err(ApiError::cancel_unsupported(vendor));
        }
        if task.vendor_task_id.is_none() {
            return Err(ApiError::cancel_too_early(vendor));
        }
        let asker = Asker::waiting(Actor::Withdraw);
        let requested = asker.by.event(EventKind::CancelRequested, now);
        if let Err(error) = self.tasks.note(&task, requested).await {
            tracing::warn!(task.id = %task.id, %error, "an event of a task could not be kept");
        }
        match self.vendors.cancel(&task, now, asker.timeout).await {
            // It may have ended meanwhile, which the poll tells as well.
            Some(Cancelled::Stopped | Cancelled::TooLate(_)) => {}
            Some(Cancelled::Nothing(fault)) => return Err(ApiError::cancel_failed(vendor, &fault)),
            None => return Err(ApiError::cancel_unsupported(vendor)),
        }
        let polled = self.poll(&task, asker, now).await.unwrap_or_else(|error| {
            // Its timer goes on, and so the task is not lost.
            tracing::error!(task.id = %task.id, %error, "a cancelled task could not be polled");
            None
        });
        Ok(polled.unwrap_or(task))
    }
}
