//! A request with an `Idempotency-Key`: done once, answered as often as it comes.

use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use shared::api::generations::Created;
use shared::api::{ApiError, Record, Repeated, http};
use shared::task::Status;

use super::Create;

impl Create {
    /// Keeps the answer to a request that may come twice. A refusal frees its key:
    /// nothing was made, and the client may well try the same again.
    pub(crate) async fn keep(&self, record: &Record, answer: &Result<Response<Body>, ApiError>) {
        let kept = match answer {
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
