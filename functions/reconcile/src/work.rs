//! What is done for one task that is due.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use shared::dialects::{Found, Polled, Submitted};
use shared::lifecycle::raise;
use shared::store::{Due, StoreError};
use shared::task::timer::{self, Lane};
use shared::task::{Charged, ErrorBody, Figures, News, Source, Task, Vendor, What};

use super::{Reconcile, ends};

const BY: Source = Source::Reconcile;

/// How long a vendor may take over an answer here, where nobody waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often in a row a vendor must say that it does not know a task.
const MISSES: u32 = 3;

impl Reconcile {
    /// Claims a due task and does what is to be done. False when somebody else has it.
    pub(crate) async fn work(
        &self,
        lane: Lane,
        due: &Due,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match lane {
            Lane::Vendor(vendor) => self.work_for(vendor, due, now).await,
            Lane::Webhooks => self.deliveries.deliver_due(&self.tasks, due, BY, now).await,
        }
    }

    async fn work_for(
        &self,
        vendor: Vendor,
        due: &Due,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let next = timer::after_look(vendor, &due.id, now);
        let Some(task) = self.tasks.claim_due(due, next, now).await? else { return Ok(false) };
        if self.vendors.dialect_by_now(vendor, now).await.is_none() {
            tracing::error!(task.id = %task.id, %vendor, "a task waits for a vendor that has no account any more");
            self.fail_if_overdue(&task, now).await?;
        } else if task.vendor_task_id.is_some() {
            self.look(&task, now).await?;
        } else {
            self.resolve(&task, now).await?;
        }
        Ok(true)
    }

    /// Asks the vendor how a task is doing. Whoever is overdue has had its last look.
    async fn look(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        match self.vendors.poll(task, now, PATIENCE).await {
            Some(Polled::News(news)) if news.status != task.status || task.misses > 0 => {
                let raised = raise(&self.tasks, task, &news, BY, None, now).await?;
                if raised.is_some_and(|task| task.status.is_final()) {
                    return Ok(());
                }
            }
            Some(Polled::Missing(_)) if task.misses + 1 >= MISSES => {
                return self.fail(task, ends::forgotten(task.vendor), now).await;
            }
            Some(Polled::Missing(fault)) => {
                self.tasks.miss(task, BY.fault(What::Missing, &fault, now)).await?;
            }
            Some(Polled::Nothing(fault)) => {
                self.tasks.note(task, BY.fault(What::LookFailed, &fault, now)).await?;
            }
            Some(Polled::News(_)) | None => {}
        }
        self.fail_if_overdue(task, now).await
    }

    /// Finds out whether a submission arrived of which no answer came.
    async fn resolve(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        match self.vendors.find(task, None, now, PATIENCE).await {
            Some(Found::Task { vendor_task_id, figures }) => {
                let step = BY.step(What::Found, now);
                self.tasks.accept(task, &vendor_task_id, &figures, step).await?;
                return Ok(());
            }
            Some(Found::Absent)
                if self.tasks.claim_repeat(task, BY.step(What::Repeated, now)).await? =>
            {
                return self.repeat(task, now).await;
            }
            Some(Found::Absent) if task.misses + 1 >= MISSES => {
                return self.fail(task, ends::never_arrived(task.vendor), now).await;
            }
            Some(Found::Absent) => self.tasks.miss(task, BY.step(What::Missing, now)).await?,
            Some(Found::Nothing(fault)) => {
                self.tasks.note(task, BY.fault(What::LookFailed, &fault, now)).await?;
            }
            Some(Found::More(_)) => {}
            // There is no way to find out, now or later.
            None => return self.fail(task, ends::unknown(task.vendor), now).await,
        }
        self.fail_if_overdue(task, now).await
    }

    /// The only second submission there is: the vendor surely has no such task,
    /// and would recognise it if it had.
    async fn repeat(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        let body = task.submission.clone().map(Bytes::from).unwrap_or_default();
        let Some(dialect) = self.vendors.dialect(task.vendor) else { return Ok(()) };
        let Some(request) = dialect.repeat(&task.endpoint, body, now) else { return Ok(()) };
        let reply = self.vendors.submit(task.vendor, &*dialect, &task.id, request).await;
        match reply.submitted {
            Submitted::Accepted { vendor_task_id, figures } => {
                let step = BY.step(What::Accepted, now).with_request_id(reply.request_id);
                self.tasks.accept(task, &vendor_task_id, &figures, step).await.map(drop)
            }
            Submitted::Refused(fault) => {
                self.fail(task, fault.body(task.vendor, Charged::No), now).await
            }
            Submitted::Unknown(_) => Ok(()),
        }
    }

    async fn fail_if_overdue(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        if !timer::is_overdue(task.vendor, task.created_at, now) {
            return Ok(());
        }
        let end = match task.vendor_task_id {
            Some(_) => ends::overdue(task.vendor),
            None => ends::unknown(task.vendor),
        };
        self.fail(task, end, now).await
    }

    async fn fail(&self, task: &Task, end: ErrorBody, now: Timestamp) -> Result<(), StoreError> {
        let news = News::failed(end, Figures::default());
        raise(&self.tasks, task, &news, BY, None, now).await.map(drop)
    }
}
