//! Asking the vendor how a task is, and raising the task to what it says.

use jiff::{SignedDuration, Timestamp};

use super::asker::{Asker, Lifecycle};
use super::ends;
use crate::dialects::{Polled, facts};
use crate::store::StoreError;
use crate::task::{Absence, Actor, EventKind, Task};

/// How old the last poll may be before a client's question is worth another.
pub const FRESH: SignedDuration = SignedDuration::from_secs(3);

impl Lifecycle {
    /// Polls a task that has not ended, and returns it as it stands then. None when
    /// the poll told nothing: the vendor did not answer, does not know the task, or
    /// cannot be asked because its id for the task is not known.
    pub async fn poll(
        &self,
        task: &Task,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        match self.vendors.poll(task, now, asker.timeout).await {
            // Only what is new is worth a write.
            Some(Polled::Progress(progress))
                if progress.status == task.status && task.missing.is_none() =>
            {
                if let Some(callback) = asker.callback {
                    self.tasks.note(task, callback).await?;
                }
                Ok(Some(task.clone()))
            }
            // Old news tell at least that the vendor has the task.
            Some(Polled::Progress(progress))
                if task.missing.is_some() && task.status.below().contains(&progress.status) =>
            {
                self.tasks.unmiss(task, asker.callback).await?;
                Ok(Some(task.clone()))
            }
            Some(Polled::Progress(progress)) => self.raise(task, &progress, asker, now).await,
            Some(Polled::Missing(fault)) => {
                if task.is_proved(Absence::Forgotten, &facts(task.vendor).pace, now) {
                    return self.fail_missing(task, ends::lost(task.vendor), asker.by, now).await;
                }
                self.tasks.miss(task, asker.by.fault(EventKind::Missing, &fault, now)).await?;
                Ok(None)
            }
            Some(Polled::Nothing(fault)) => {
                let event = asker.by.fault(EventKind::PollFailed, &fault, now);
                self.tasks.note_failed(task, event).await?;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Polls a task when the last poll is some seconds old; of several who ask at once,
    /// one polls. Returns the task as far as it is known.
    pub async fn poll_if_stale(&self, task: Task, now: Timestamp) -> Result<Task, StoreError> {
        let is_stale = now.duration_since(task.polled_at) >= FRESH;
        let worth_it = !task.status.is_final() && task.vendor_task_id.is_some() && is_stale;
        if worth_it && self.tasks.claim_poll(&task.id, task.polled_at, now).await? {
            let polled = self.poll(&task, Asker::waiting(Actor::Query), now).await?;
            Ok(polled.unwrap_or(task))
        } else {
            Ok(task)
        }
    }
}
