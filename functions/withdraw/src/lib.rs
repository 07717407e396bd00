//! The client withdraws: `POST …/{task_id}/cancel` stops a task where its vendor can, and
//! `DELETE …/{task_id}` deletes one that has ended.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde_json::json;
use shared::api::generations::TaskView;
use shared::api::videos::VideoView;
use shared::api::{ApiError, http, routes};
use shared::auth;
use shared::dialects::facts;
use shared::lifecycle::Lifecycle;
use shared::platform::{SetupError, telemetry};
use shared::runtime::{Environment, answered};
use shared::store::{Keys, StoreError};
use shared::task::{ApiKey, Surface, Task, TaskId};

#[derive(Debug)]
pub struct Withdraw {
    lifecycle: Lifecycle,
    keys: Keys,
}

impl Withdraw {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { lifecycle: environment.lifecycle()?, keys: environment.keys()? })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("withdraw", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        use routes::{CANCEL_GENERATION, CANCEL_VIDEO, GENERATION, VIDEO};
        match http::route(request) {
            Some(route @ (GENERATION | VIDEO)) => {
                http::require_method_at(route, request, "DELETE")?;
                self.delete(request, routes::surface(route), now).await
            }
            Some(route @ (CANCEL_GENERATION | CANCEL_VIDEO)) => {
                http::require_method_at(route, request, "POST")?;
                self.cancel(request, routes::surface(route), now).await
            }
            _ => {
                let (method, path) = (request.method().as_str(), request.uri().path());
                Err(ApiError::unknown_route(method, path))
            }
        }
    }

    /// Deletes a task that has ended; one that was deleted already is deleted.
    async fn delete(
        &self,
        request: &Request,
        surface: Surface,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        http::refuse_query(request)?;
        let (key, id, found) = self.find(request, now).await?;
        let failed = |error: StoreError| {
            tracing::error!(task.id = %id, %error, "a task could not be deleted");
            ApiError::internal()
        };
        let tasks = &self.lifecycle.tasks;
        match found {
            Some(task) if !task.status.is_final() => return Err(ApiError::in_progress()),
            Some(task) => tasks.delete(&task, now).await.map_err(failed)?,
            None if tasks.was_deleted(&key.id, &id, now).await.map_err(failed)? => {}
            None => return Err(ApiError::unknown_task()),
        }
        let body = match surface {
            Surface::Generations => json!({ "task_id": id, "deleted": true }),
            Surface::Videos => {
                json!({ "id": id.as_video(), "object": "video.deleted", "deleted": true })
            }
        };
        Ok(http::json(StatusCode::OK, &body))
    }

    /// Stops a task if its vendor can, and tells how it stands then. The body is not read.
    async fn cancel(
        &self,
        request: &Request,
        surface: Surface,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        http::refuse_query(request)?;
        let (_, _, found) = self.find(request, now).await?;
        let task = found.ok_or_else(ApiError::unknown_task)?;
        let task = self.lifecycle.cancel(task, now).await?;
        Ok(match surface {
            Surface::Generations => http::json(StatusCode::OK, &TaskView::from(&task)),
            Surface::Videos => {
                let usual_time = facts(task.vendor).usual_time;
                http::json(StatusCode::OK, &VideoView::new(&task, usual_time, now))
            }
        })
    }

    /// The key that asks, the id that it names, and its task of that id.
    async fn find(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(ApiKey, TaskId, Option<Task>), ApiError> {
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let id = http::task_id(request)?;
        telemetry::tell(|line| line.set("task_id", id.as_str()));
        let found = self.lifecycle.tasks.get(&id).await.map_err(|error| {
            tracing::error!(task.id = %id, %error, "a task could not be read");
            ApiError::unreadable()
        })?;
        let found = found.filter(|task| task.owner == key.id);
        Ok((key, id, found))
    }
}
