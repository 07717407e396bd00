//! The work on one task that is due: when, how patiently, and on whose behalf.

use jiff::Timestamp;
use shared::dialects::facts;
use shared::lifecycle::{Asker, Lifecycle};
use shared::platform::Clock;
use shared::store::{Due, StoreError};
use shared::task::{Actor, Duty, Lane, Vendor};

use super::Reconcile;

const BY: Actor = Actor::Reconcile;

impl Reconcile {
    /// Claims a due task and does what is to be done. False when somebody else has it.
    pub(crate) async fn work(
        &self,
        lane: Lane,
        due: &Due,
        clock: &Clock,
    ) -> Result<bool, StoreError> {
        match lane {
            Lane::Vendor(vendor) => self.work_for(vendor, due, clock).await,
            Lane::Webhooks => self.deliver(due, clock.now()).await,
        }
    }

    /// Tries a webhook again, with a link that is alive if the vendor has one.
    async fn deliver(&self, due: &Due, now: Timestamp) -> Result<bool, StoreError> {
        let Lifecycle { tasks, .. } = &self.lifecycle;
        let Some(task) = self.deliveries.claim(tasks, due, now).await? else { return Ok(false) };
        let renewed = self.lifecycle.renew_link(task.clone(), &Asker::patient(BY), now).await;
        let task = renewed.unwrap_or_else(|error| {
            tracing::warn!(task.id = %task.id, %error, "a link could not be renewed");
            task
        });
        self.deliveries.deliver(tasks, task, BY, now).await;
        Ok(true)
    }

    /// Polls a task or finds it. A task that is overdue has had its last poll.
    async fn work_for(&self, vendor: Vendor, due: &Due, clock: &Clock) -> Result<bool, StoreError> {
        let now = clock.now();
        let next = facts(vendor).pace.after_poll(&due.id, now);
        let lane = Lane::Vendor(vendor);
        let claimed = self.lifecycle.tasks.claim_due(lane, due, next, now).await?;
        let Some(task) = claimed else { return Ok(false) };
        match task.vendor_duty {
            Some(Duty::Find) => self.lifecycle.find(&task, &Asker::patient(BY), clock).await?,
            _ => {
                let polled = self.lifecycle.poll(&task, Asker::patient(BY), now).await?;
                if !polled.is_some_and(|task| task.status.is_final()) {
                    self.lifecycle.end_if_overdue(&task, BY, now).await?;
                }
            }
        }
        Ok(true)
    }
}
