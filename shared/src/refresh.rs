//! Ask the vendor, raise the task: the one path to the truth.
//!
//! Whoever wants to know how a task is doing comes through here. A look that
//! fails says nothing about the task and changes nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::store::{StoreError, Tasks};
use crate::task::Task;
use crate::vendor::{Polled, Vendors};

/// How old the last look may be before a client's question is worth another.
pub const FRESH: SignedDuration = SignedDuration::from_secs(3);

/// How long a client or a ringing vendor waits for the vendor's answer.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Looks at a task that has not ended, and returns it as it stands then. None
/// when the look told nothing: the vendor did not answer, or cannot be asked
/// because its id for the task is not known.
pub async fn refresh(
    tasks: &Tasks,
    vendors: &Vendors,
    task: Task,
    now: Timestamp,
) -> Result<Option<Task>, StoreError> {
    match vendors.poll(&task, now, PATIENCE).await {
        // Only what is new is worth a write.
        Some(Polled::News(news)) if news.status == task.status => Ok(Some(task)),
        Some(Polled::News(news)) => tasks.raise(&task, &news, now).await,
        Some(Polled::Missing(_) | Polled::Nothing(_)) | None => Ok(None),
    }
}

/// Like [`refresh`], when the last look is some seconds old; of several who ask
/// at once, one looks. Returns the task as far as it is known.
pub async fn refresh_if_stale(
    tasks: &Tasks,
    vendors: &Vendors,
    task: Task,
    now: Timestamp,
) -> Result<Task, StoreError> {
    let is_stale = now.duration_since(task.looked_at) >= FRESH;
    let worth_it = !task.status.is_final() && task.vendor_task_id.is_some() && is_stale;
    if worth_it && tasks.claim_look(&task.id, task.looked_at, now).await? {
        Ok(refresh(tasks, vendors, task.clone(), now).await?.unwrap_or(task))
    } else {
        Ok(task)
    }
}
