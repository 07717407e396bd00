//! `GET /v1/video/generations/{task_id}`: a task as its owner sees it, and under
//! `…/events` what happened to it.
//!
//! A task that has not ended is polled first, when nobody did for some
//! seconds; a vendor that is slow or down costs the client nothing but
//! freshness. Every path that has no function of its own ends here, too: it is
//! a 404 in the documented shape.

use jiff::Timestamp;
use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::generations::{Events, TaskView};
use shared::api::{ApiError, http, routes};
use shared::auth;
use shared::lifecycle::{Asker, FRESH, Lifecycle};
use shared::platform::{SetupError, telemetry};
use shared::runtime::{Environment, answered};
use shared::store::Keys;
use shared::task::{Actor, Task, TaskId};

#[derive(Debug)]
pub struct Query {
    lifecycle: Lifecycle,
    keys: Keys,
}

impl Query {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { lifecycle: environment.lifecycle()?, keys: environment.keys()? })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("query", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        let parameters = request.path_parameters();
        let Some(id) = parameters.first("task_id") else {
            let (method, path) = (request.method().as_str(), request.uri().path());
            return Err(ApiError::unknown_route(method, path));
        };
        http::require_method(request, "GET")?;
        http::refuse_query(request)?;
        let stored = self.find(id, request, now).await?;
        // A proxy in front may have put something before the path.
        let events = routes::EVENTS.trim_start_matches(routes::GENERATION);
        if request.uri().path().ends_with(events) {
            return Ok(http::json(StatusCode::OK, &Events::from(&stored)));
        }
        let id = stored.id.clone();
        let current = match stored.status.is_final() {
            true => {
                self.lifecycle.renew_link(stored.clone(), &Asker::waiting(Actor::Query), now).await
            }
            false => self.lifecycle.poll_if_stale(stored.clone(), now).await,
        };
        let task = current.unwrap_or_else(|error| {
            tracing::error!(task.id = %id, %error, "a task could not be polled");
            stored
        });
        let mut response = http::json(StatusCode::OK, &TaskView::from(&task));
        if !task.status.is_final() {
            // Who asks earlier is answered from the table.
            let seconds = FRESH.as_secs().into();
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        Ok(response)
    }

    /// A task of the key that asks for it.
    async fn find(&self, id: &str, request: &Request, now: Timestamp) -> Result<Task, ApiError> {
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let id: TaskId = id.parse().map_err(|()| ApiError::unknown_task())?;
        telemetry::tell(|line| line.set("task_id", id.as_str()));
        let found = self.lifecycle.tasks.get(&id).await.map_err(|error| {
            tracing::error!(task.id = %id, %error, "a task could not be read");
            ApiError::unreadable()
        })?;
        found.filter(|task| task.owner == key.id).ok_or_else(ApiError::unknown_task)
    }
}
