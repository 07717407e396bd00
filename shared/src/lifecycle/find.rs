//! Learning whether a submission arrived of which no answer came.

use jiff::Timestamp;

use super::asker::{Asker, Lifecycle};
use super::ends;
use crate::dialects::{Found, Submitted, facts};
use crate::platform::Clock;
use crate::store::StoreError;
use crate::task::{Absence, Actor, Change, EventKind, Task};
use crate::vendors::patience;

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
    pub async fn find(&self, task: &Task, asker: &Asker, clock: &Clock) -> Result<(), StoreError> {
        let (by, now) = (asker.by, clock.now());
        let pace = &facts(task.vendor).pace;
        let missing = || by.event(EventKind::Missing, now);
        if task.repeat.is_some() && !task.may_be_repeated(now) {
            self.tasks.forget_repeat(task).await?;
        }
        match self.vendors.find(task, None, now, asker.timeout).await {
            Some(found @ Found::Task { .. }) => {
                self.accept_found(task, found, by, now).await?;
                return Ok(());
            }
            Some(Found::Absent) if self.repeat(task, by, clock).await? => return Ok(()),
            Some(Found::Absent) if task.is_proved(Absence::Unheard, pace, now) => {
                self.fail_missing(task, ends::never_arrived(task.vendor), by, now).await?;
                return Ok(());
            }
            Some(Found::Unlisted) if task.is_proved(Absence::Unlisted, pace, now) => {
                self.fail_missing(task, ends::unknown(task.vendor), by, now).await?;
                return Ok(());
            }
            Some(Found::Absent | Found::Unlisted) => self.tasks.miss(task, missing()).await?,
            Some(Found::Nothing(fault)) => {
                let event = by.fault(EventKind::PollFailed, &fault, now);
                self.tasks.note_failed(task, event).await?;
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
        let first_poll = facts(task.vendor).pace.after_accept(now);
        let event = by.event(EventKind::Found, now);
        let change = Change::accept(task, &vendor_task_id, &figures, first_poll, event);
        self.tasks.accept(task, &change).await
    }

    /// The only second submission there is: its client was told of the task, the vendor
    /// surely does not have it, and would recognise it if it had. False when there is none
    /// to make.
    async fn repeat(&self, task: &Task, by: Actor, clock: &Clock) -> Result<bool, StoreError> {
        let now = clock.now();
        if !task.may_be_repeated(now) {
            return Ok(false);
        }
        let Some(repetition) = self.vendors.repetition(task, now).await else { return Ok(false) };
        if patience(clock).is_none() {
            // The right to it stays for who has the time.
            return Ok(true);
        }
        let repeated = by.event(EventKind::Repeated, now);
        let Some(task) = &self.tasks.claim_repeat(task, repeated).await? else {
            return Ok(false);
        };
        let Some(patience) = patience(clock) else { return Ok(true) };
        let reply = self.vendors.repeat(&task.id, repetition, patience).await;
        match &reply.submitted {
            Submitted::Accepted { .. } => {
                self.keep_accepted(task, &reply, by, clock).await;
            }
            // It says nothing about the first submission, which may be what is in its way.
            Submitted::Refused(fault) => {
                let refused = by.fault(EventKind::RepeatRefused, fault, clock.now());
                self.tasks.note(task, refused).await?;
            }
            Submitted::Unknown(fault) => {
                let unknown = by.fault(EventKind::Unknown, fault, clock.now());
                self.tasks.note(task, unknown).await?;
            }
        }
        Ok(true)
    }
}
