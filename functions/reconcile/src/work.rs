//! The work on one task that is due: when, how patiently, and on whose behalf.

use jiff::Timestamp;
use shared::dialects::facts;
use shared::lifecycle::Asker;
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
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match lane {
            Lane::Vendor(vendor) => self.work_for(vendor, due, now).await,
            Lane::Webhooks => {
                self.deliveries.deliver_due(&self.lifecycle.tasks, due, BY, now).await
            }
        }
    }

    /// Polls a task or finds it. A task that is overdue has had its last poll.
    async fn work_for(
        &self,
        vendor: Vendor,
        due: &Due,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let next = facts(vendor).pace.after_poll(&due.id, now);
        let lane = Lane::Vendor(vendor);
        let claimed = self.lifecycle.tasks.claim_due(lane, due, next, now).await?;
        let Some(task) = claimed else { return Ok(false) };
        match task.vendor_duty {
            Some(Duty::Find) => self.lifecycle.find(&task, &Asker::patient(BY), now).await?,
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
