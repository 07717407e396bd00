//! A request with an `Idempotency-Key`: done once, answered as often as it comes.

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use shared::api::answer::Created;
use shared::api::{ApiError, Warning, http};
use shared::idempotency::{Record, Repeated};
use shared::task::{Status, Task};

use super::Create;
use super::submit::{Prepared, Stored};

impl Create {
    /// Stores the tasks of a request with its record; gives the record of an earlier one.
    pub(crate) async fn insert_once(
        &self,
        tasks: &[Task],
        record: &Record,
        now: Timestamp,
    ) -> Result<Option<Record>, ApiError> {
        self.tasks.insert_once(tasks, record, now).await.map_err(|error| {
            tracing::error!(%error, "an idempotent request could not be stored; its vendor was not asked");
            ApiError::internal()
        })
    }

    /// Submits what was stored, and keeps the answer. A refusal frees the key:
    /// nothing was made, and the client may well try the same again.
    pub(crate) async fn submit_once(
        &self,
        prepared: Vec<Prepared>,
        warnings: Vec<Warning>,
        record: &Record,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        let answer = super::answer(self.submit_all(prepared, Stored::Yes, now).await, warnings);
        let kept = match &answer {
            Ok(response) => {
                let text = String::from_utf8_lossy(response.body());
                self.tasks.keep_answer(record, &text).await
            }
            Err(_) => self.tasks.release(record).await,
        };
        if let Err(error) = kept {
            // Who asks again waits for the lease to end, and finds the tasks.
            tracing::warn!(%error, "the answer to an idempotent request could not be kept");
        }
        answer
    }

    /// Answers a request that came before.
    pub(crate) async fn replay(&self, repeated: Repeated) -> Result<Response<Body>, ApiError> {
        let mut response = match repeated {
            Repeated::Answer(text) => http::json_text(StatusCode::OK, text),
            Repeated::Tasks(ids) => {
                let task_id = ids.first().cloned().ok_or_else(ApiError::internal)?;
                let first = self.tasks.get(&task_id).await.map_err(|error| {
                    tracing::error!(task.id = %task_id, %error, "a task could not be read");
                    ApiError::internal()
                })?;
                let status = first.map_or(Status::Queued, |task| task.status);
                let task_ids = (ids.len() > 1).then_some(ids);
                let created = Created { task_id, status, task_ids, warnings: Vec::new() };
                http::json(StatusCode::OK, &created)
            }
        };
        let replayed = HeaderValue::from_static("true");
        response.headers_mut().insert("idempotent-replayed", replayed);
        Ok(response)
    }
}
