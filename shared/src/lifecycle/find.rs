//! Learning whether a submission arrived of which no answer came.

use jiff::Timestamp;

use super::asker::{Asker, Lifecycle};
use super::ends;
use crate::dialects::{Found, Submitted, facts};
use crate::store::StoreError;
use crate::task::{Actor, Charged, EventKind, Task};

impl Lifecycle {
    /// Asks the vendor about the task that a callback speaks of, which may be the first
    /// that is heard of a lost submission. Returns the task as it stands then.
    pub async fn find_by_callback(
        &self,
        task: Task,
        body: &[u8],
        asker: &Asker,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        if task.vendor_task_id.is_some() {
            return Ok(task);
        }
        let found = self.vendors.find(&task, Some(body), now, asker.timeout).await;
        match found {
            Some(found @ Found::Task { .. }) => {
                Ok(self.accept_found(&task, found, asker.by, now).await?.unwrap_or(task))
            }
            _ => Ok(task),
        }
    }

    /// Looks for a task by our name for it, and decides what follows: it is kept, sent
    /// once more, given up, or looked for later.
    pub async fn find(&self, task: &Task, asker: &Asker, now: Timestamp) -> Result<(), StoreError> {
        let by = asker.by;
        match self.vendors.find(task, None, now, asker.timeout).await {
            Some(found @ Found::Task { .. }) => {
                self.accept_found(task, found, by, now).await?;
                return Ok(());
            }
            Some(Found::Absent)
                if self.tasks.claim_repeat(task, by.event(EventKind::Repeated, now)).await? =>
            {
                return self.repeat(task, by, now).await;
            }
            Some(Found::Absent) if task.is_missing_for_good(&facts(task.vendor).pace, now) => {
                self.fail_missing(task, ends::never_arrived(task.vendor), by, now).await?;
                return Ok(());
            }
            Some(Found::Absent) => self.tasks.miss(task, by.event(EventKind::Missing, now)).await?,
            Some(Found::Nothing(fault)) => {
                self.tasks.note(task, by.fault(EventKind::PollFailed, &fault, now)).await?;
            }
            Some(Found::More(_)) => {}
            // There is no way to find out, now or later.
            None => {
                self.fail(task, ends::unknown(task.vendor), by, now).await?;
                return Ok(());
            }
        }
        self.end_if_overdue(task, by, now).await
    }

    async fn accept_found(
        &self,
        task: &Task,
        found: Found,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let Found::Task { vendor_task_id, figures } = found else { return Ok(None) };
        self.tasks.accept(task, &vendor_task_id, &figures, by.event(EventKind::Found, now)).await
    }

    /// The only second submission there is: the vendor surely has no such task,
    /// and would recognise it if it had.
    async fn repeat(&self, task: &Task, by: Actor, now: Timestamp) -> Result<(), StoreError> {
        let Some(reply) = self.vendors.repeat(task, now).await else { return Ok(()) };
        match reply.submitted {
            Submitted::Accepted { vendor_task_id, figures } => {
                let event = by.event(EventKind::Accepted, now).with_request_id(reply.request_id);
                self.tasks.accept(task, &vendor_task_id, &figures, event).await.map(drop)
            }
            Submitted::Refused(fault) => {
                let end = fault.body(task.vendor, Charged::No);
                self.fail(task, end, by, now).await.map(drop)
            }
            Submitted::Unknown(_) => Ok(()),
        }
    }
}
