//! What a vendor says of a task that we have given up: the proof that an end of ours was
//! wrong, and that somebody has paid for nothing.

use jiff::Timestamp;

use super::asker::{Asker, Lifecycle};
use crate::dialects::Polled;
use crate::platform::telemetry::{Line, Unit};
use crate::store::StoreError;
use crate::task::{EventKind, Task};

impl Lifecycle {
    /// Follows the callback of a task that we have given up. The end stays, for its client
    /// was told; the operator is told what the vendor has, to help that client.
    pub async fn hear_of_given_up(
        &self,
        task: Task,
        body: &[u8],
        asker: &Asker,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let given_up = task.error.as_ref().map_or("", |error| error.code.as_str());
        let mut line = Line::new("a vendor has a task that was given up")
            .with("task_id", task.id.as_str())
            .with("key", task.owner.as_str())
            .with("vendor", task.vendor.as_str())
            .with("given_up", given_up)
            .metric("ContradictedEnds", Unit::Count, 1, &[&[]]);
        let found = self.find_by_callback(task, body, asker, now).await;
        let told = match found {
            Ok(task) => {
                line.set("vendor_task_id", task.vendor_task_id.as_deref());
                let polled = self.vendors.poll(&task, now, asker.timeout).await;
                let status = if let Some(Polled::Progress(progress)) = &polled {
                    line.set("url", progress.url.as_deref());
                    Some(progress.status.as_str())
                } else {
                    None
                };
                line.set("vendor_status", status);
                let event = asker.by.event(EventKind::Contradicted, now);
                let event = event.with_detail(status.unwrap_or("called_back"));
                self.tasks.note(&task, event).await
            }
            Err(error) => Err(error),
        };
        line.write();
        told
    }
}
