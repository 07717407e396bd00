//! A request with an `Idempotency-Key`: done once, answered as often as it comes.

use shared::api::{ApiError, Created, Record, Repeated};
use shared::task::Status;

use super::Create;

impl Create {
    /// Keeps what came of a request that may come twice. A refusal frees its key:
    /// nothing was made, and the client may well try the same again.
    pub(crate) async fn keep(&self, record: &Record, created: &Result<Created, ApiError>) {
        let kept = match created {
            Ok(created) => self.lifecycle.tasks.keep_answer(record, created).await,
            Err(_) => self.lifecycle.tasks.release(record).await,
        };
        if let Err(error) = kept {
            // Who asks again waits for the lease to end, and finds the tasks.
            tracing::warn!(%error, "the answer to an idempotent request could not be kept");
        }
    }

    /// What came of a request that came before.
    pub(crate) async fn replay(&self, repeated: Repeated) -> Result<Created, ApiError> {
        let (task_ids, warnings) = match repeated {
            Repeated::Answer(created) => return Ok(created),
            Repeated::Tasks(task_ids, warnings) => (task_ids, warnings),
        };
        let task_id = task_ids.first().ok_or_else(ApiError::internal)?;
        let first = self.lifecycle.tasks.get(task_id).await.map_err(|error| {
            tracing::error!(task.id = %task_id, %error, "a task could not be read");
            ApiError::internal()
        })?;
        let status = first.map_or(Status::Queued, |task| task.status);
        Ok(Created { several: task_ids.len() > 1, task_ids, status, warnings })
    }
}
