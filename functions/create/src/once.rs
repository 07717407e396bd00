//! A request with an `Idempotency-Key`: done once, answered as often as it comes.

use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use shared::api::{ApiError, Created, Record, Repeated};
use shared::platform::Clock;
use shared::task::{Status, Task};

use super::Create;
use super::plan::Plan;

/// What is left of an invocation to hand out its answer.
const ANSWERING: Duration = Duration::from_millis(500);

impl Create {
    /// Keeps what came of a request that may come twice. A refusal frees its key:
    /// nothing was made, and the client may well try the same again.
    pub(crate) async fn keep(
        &self,
        record: &Record,
        created: &Result<Created, ApiError>,
        clock: &Clock,
    ) {
        let kept = match created {
            Ok(created) => {
                clock.within(ANSWERING, self.lifecycle.tasks.keep_answer(record, created)).await
            }
            Err(_) => clock.within(ANSWERING, self.lifecycle.tasks.release(record)).await,
        };
        // Who asks again then waits for the lease to end, and finds the tasks.
        match kept {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "the answer to an idempotent request could not be kept");
            }
            None => tracing::warn!("the answer to an idempotent request could not be kept in time"),
        }
    }

    /// What came of a request that came before. None when nothing was made of it, and
    /// its key is free again.
    pub(crate) async fn replay(
        &self,
        earlier: &Record,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Option<Created>, ApiError> {
        let Some(again) = &plan.record else { return Ok(None) };
        let (ids, warnings) = match earlier.clone().repeat(again, now)? {
            Repeated::Answer(created) => return Ok(Some(created)),
            Repeated::Tasks(ids, warnings) => (ids, warnings),
        };
        let tasks = &self.lifecycle.tasks;
        let found = try_join_all(ids.iter().map(|id| tasks.get(id))).await;
        let found = found.map_err(|error| {
            tracing::error!(%error, "the tasks of an idempotent request could not be read");
            ApiError::internal()
        })?;
        // Its first owner died after it had refused them, or could not free the key. A task that
        // is not there was made, and deleted.
        let was_refused = |task: &Option<Task>| task.as_ref().is_some_and(Task::was_refused);
        if found.iter().all(was_refused) {
            tasks.release(earlier).await.map_err(|error| {
                tracing::error!(%error, "an idempotency key could not be freed");
                ApiError::internal()
            })?;
            return Ok(None);
        }
        let several = ids.len() > 1;
        let taken: Vec<_> = ids.into_iter().zip(found).filter(|it| !was_refused(&it.1)).collect();
        let first = taken.first().and_then(|(_, task)| task.as_ref());
        let status = first.map_or(Status::Queued, |task| task.status);
        // Of tasks that were deleted meanwhile the request tells what it told then.
        let like = first.or(plan.tasks.first()).ok_or_else(ApiError::internal)?;
        let task_ids = taken.iter().map(|(id, _)| id.clone()).collect();
        Ok(Some(Created::of(like, task_ids, several, status, warnings)))
    }
}
