//! Raising a task, above all to its end, and the line that tells an end.

use jiff::Timestamp;

use super::asker::{Asker, Lifecycle};
use super::ends;
use crate::platform::telemetry::{Line, Unit, millis};
use crate::store::{Raised, StoreError};
use crate::task::{Actor, Charged, ErrorBody, Figures, Progress, Status, Task};

impl Lifecycle {
    /// Raises a task to what a poll said, and tells an end. Returns the task as it
    /// stands then; none when there is no such task.
    pub(super) async fn raise(
        &self,
        task: &Task,
        progress: &Progress,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let mut events = Vec::from_iter(asker.callback);
        if progress.status != task.status {
            events.push(asker.by.rise(progress, now));
        }
        let Some(raised) = self.tasks.raise(task, progress, events, now).await? else {
            return Ok(None);
        };
        Ok(Some(tell_end(raised, asker.by)))
    }

    /// Ends a task in our own words.
    pub(super) async fn fail(
        &self,
        task: &Task,
        end: ErrorBody,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let progress = Progress::failed(end, Figures::default());
        self.raise(task, &progress, Asker::patient(by), now).await
    }

    /// Ends a task that its vendor does not know, by its own words.
    pub(super) async fn fail_missing(
        &self,
        task: &Task,
        end: ErrorBody,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let progress = Progress::failed(end, Figures::default());
        let events = vec![by.rise(&progress, now)];
        let ended = self.tasks.end_missing(task, &progress, events, now).await?;
        Ok(ended.map(|ended| tell_end(ended, by)))
    }

    /// Ends a task of which its client is being told.
    pub(super) async fn refuse(
        &self,
        task: &Task,
        error: &ErrorBody,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let raised = self.tasks.refuse(task, error, Actor::Create.refusal(error, now)).await?;
        raised.map(|raised| tell_end(raised, Actor::Create));
        Ok(())
    }

    /// Ends a task that has had all the time its vendor gives.
    pub async fn end_if_overdue(
        &self,
        task: &Task,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if now < task.deadline {
            return Ok(());
        }
        let end = match task.vendor_task_id {
            Some(_) => ends::overdue(task.vendor),
            None => ends::unknown(task.vendor),
        };
        self.fail(task, end, by, now).await.map(drop)
    }
}

/// Tells an end, if this attempt was the one that ended the task.
fn tell_end(raised: Raised, by: Actor) -> Task {
    if raised.is_end {
        report_end(&raised.task, by);
    }
    raised.task
}

/// The line of a task that has just ended: each has one.
fn report_end(task: &Task, by: Actor) {
    let took = task.updated_at.duration_since(task.created_at).unsigned_abs();
    let mut line = Line::new("task ended")
        .with("task_id", task.id.as_str())
        .with("key", task.owner.as_str())
        .with("vendor", task.vendor.as_str())
        .with("vendor_task_id", task.vendor_task_id.as_deref())
        .with("model", task.model.as_str())
        .with("status", task.status.as_str())
        .with("by", by.as_str())
        .with("polls", task.polls)
        .with("seconds", task.figures.duration)
        .with("credits", task.figures.credits)
        .metric("Ended", Unit::Count, 1, &[&["vendor", "status"]]);
    if let Some(error) = &task.error {
        line.set("code", error.code.as_str());
        line.set("charged", serde_json::json!(error.charged));
        // Given up without its vendor's word, though it may be paid for.
        if error.code.is_given_up() && error.charged != Charged::No {
            line.measure("DoubtfulEnds", Unit::Count, 1, &[&[], &["vendor"]]);
        }
    }
    if task.status == Status::Succeeded {
        line.measure("EndToEndTime", Unit::Milliseconds, millis(took), &[&["vendor"]]);
    }
    line.write();
}
