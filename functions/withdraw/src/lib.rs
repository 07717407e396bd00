//! The client withdraws: `DELETE …/{task_id}`, on both surfaces.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde_json::json;
use shared::api::{ApiError, http, routes};
use shared::auth;
use shared::platform::{SetupError, telemetry};
use shared::runtime::{Environment, answered};
use shared::store::{Keys, StoreError, Tasks};

#[derive(Debug)]
pub struct Withdraw {
    tasks: Tasks,
    keys: Keys,
}

impl Withdraw {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { tasks: environment.tasks()?, keys: environment.keys()? })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("withdraw", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        use routes::{GENERATION, VIDEO};
        match http::route(request) {
            Some(route @ (GENERATION | VIDEO)) => {
                http::require_method_at(route, request, "DELETE")?;
                self.delete(request, now).await
            }
            _ => {
                let (method, path) = (request.method().as_str(), request.uri().path());
                Err(ApiError::unknown_route(method, path))
            }
        }
    }

    /// Deletes a task that has ended; one that was deleted already is deleted.
    async fn delete(&self, request: &Request, now: Timestamp) -> Result<Response<Body>, ApiError> {
        http::refuse_query(request)?;
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let id = http::task_id(request)?;
        telemetry::tell(|line| line.set("task_id", id.as_str()));
        let failed = |error: StoreError| {
            tracing::error!(task.id = %id, %error, "a task could not be deleted");
            ApiError::internal()
        };
        match self.tasks.get(&id).await.map_err(failed)?.filter(|task| task.owner == key.id) {
            Some(task) if !task.status.is_final() => return Err(ApiError::in_progress()),
            Some(task) => self.tasks.delete(&task, now).await.map_err(failed)?,
            None if self.tasks.was_deleted(&key.id, &id, now).await.map_err(failed)? => {}
            None => return Err(ApiError::unknown_task()),
        }
        let body = match http::route(request) {
            Some(routes::VIDEO) => {
                json!({ "id": id.as_video(), "object": "video.deleted", "deleted": true })
            }
            _ => json!({ "task_id": id, "deleted": true }),
        };
        Ok(http::json(StatusCode::OK, &body))
    }
}
