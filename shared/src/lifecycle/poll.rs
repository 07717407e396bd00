//! Ask the vendor, raise the task: the one path to the truth.
//!
//! Whoever wants to know how a task is doing comes through here. A look that
//! fails says nothing about the task and changes nothing but its story.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::dialects::Polled;
use crate::platform::telemetry::{Line, Unit, millis};
use crate::store::{StoreError, Tasks};
use crate::task::{ErrorBody, Figures, News, Source, Status, Step, Task, What};
use crate::vendors::Vendors;

/// How old the last look may be before a client's question is worth another.
pub const FRESH: SignedDuration = SignedDuration::from_secs(3);

/// How long a client or a ringing vendor waits for the vendor's answer.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Looks at a task that has not ended, and returns it as it stands then. None
/// when the look told nothing: the vendor did not answer, or cannot be asked
/// because its id for the task is not known. A `ring` that made us look is told
/// in the task's story.
pub async fn refresh(
    tasks: &Tasks,
    vendors: &Vendors,
    task: Task,
    by: Source,
    ring: Option<Step>,
    now: Timestamp,
) -> Result<Option<Task>, StoreError> {
    match vendors.poll(&task, now, PATIENCE).await {
        // Only what is new is worth a write.
        Some(Polled::News(news)) if news.status == task.status => {
            if let Some(ring) = ring {
                tasks.note(&task, ring).await?;
            }
            Ok(Some(task))
        }
        Some(Polled::News(news)) => raise(tasks, &task, &news, by, ring, now).await,
        Some(Polled::Missing(fault) | Polled::Nothing(fault)) => {
            tasks.note(&task, by.fault(What::LookFailed, &fault, now)).await?;
            Ok(None)
        }
        None => Ok(None),
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
        let refreshed = refresh(tasks, vendors, task.clone(), Source::Query, None, now).await?;
        Ok(refreshed.unwrap_or(task))
    } else {
        Ok(task)
    }
}

/// Raises a task to what a look said, and tells it. Returns the task as it stands then.
pub async fn raise(
    tasks: &Tasks,
    task: &Task,
    news: &News,
    by: Source,
    ring: Option<Step>,
    now: Timestamp,
) -> Result<Option<Task>, StoreError> {
    let mut steps = Vec::from_iter(ring);
    if news.status != task.status {
        steps.push(by.rise(news, now));
    }
    let Some(raised) = tasks.raise(task, news, &steps, now).await? else { return Ok(None) };
    if raised.is_end {
        report_end(&raised.task, by);
    }
    Ok(Some(raised.task))
}

/// Ends a task of which its client is being told.
pub async fn refuse(
    tasks: &Tasks,
    task: &Task,
    error: &ErrorBody,
    now: Timestamp,
) -> Result<(), StoreError> {
    let step = Source::Create.rise(&News::failed(error.clone(), Figures::default()), now);
    let raised = tasks.refuse(task, error, step).await?;
    if let Some(raised) = raised.filter(|raised| raised.is_end) {
        report_end(&raised.task, Source::Create);
    }
    Ok(())
}

/// The line of a task that has just ended: each has one.
fn report_end(task: &Task, by: Source) {
    let took = task.updated_at.duration_since(task.created_at).unsigned_abs();
    let mut line = Line::new("task ended")
        .with("task_id", task.id.as_str())
        .with("key", task.owner.as_str())
        .with("vendor", task.vendor.as_str())
        .with("vendor_task_id", task.vendor_task_id.as_deref())
        .with("model", task.model.as_str())
        .with("status", task.status.as_str())
        .with("by", by.as_str())
        .with("looks", task.looks)
        .with("seconds", task.figures.duration)
        .with("credits", task.figures.credits)
        .metric("Ended", Unit::Count, 1, &[&["vendor", "status"]]);
    if let Some(error) = &task.error {
        line.set("code", error.code.as_str());
        line.set("charged", serde_json::json!(error.charged));
    }
    if task.status == Status::Succeeded {
        line.measure("EndToEndTime", Unit::Milliseconds, millis(took), &[&["vendor"]]);
    }
    line.write();
}
