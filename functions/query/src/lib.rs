//! `GET /v1/video/generations/{task_id}`: a task as its owner sees it, under `…/events` what
//! happened to it, and without an id all tasks of a key, page by page.
//!
//! A task that has not ended is polled first, when nobody did for some
//! seconds; a vendor that is slow or down costs the client nothing but
//! freshness. Every path that has no function of its own ends here, too: it is
//! a 404 in the documented shape.

use jiff::Timestamp;
use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Request, Response};
use shared::api::generations::{Events, TaskView};
use shared::api::page::{List, Page};
use shared::api::{ApiError, http, routes};
use shared::auth;
use shared::lifecycle::{Asker, FRESH, Lifecycle};
use shared::platform::{SetupError, telemetry};
use shared::runtime::{Environment, answered};
use shared::store::Keys;
use shared::task::{Actor, Status, Task, TaskId};

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
        use routes::{CHARACTERS, EDITS, EVENTS, EXTENSIONS, GENERATION, GENERATIONS, REMIX};
        match http::route(request) {
            Some(route @ (GENERATION | EVENTS)) => {
                http::require_method_at(route, request, "GET")?;
                http::refuse_query(request)?;
                let stored = self.find(request, now).await?;
                if route == EVENTS {
                    return Ok(http::json(StatusCode::OK, &Events::from(&stored)));
                }
                Ok(self.show(stored, now).await)
            }
            Some(route @ GENERATIONS) => {
                http::require_method_at(route, request, "GET")?;
                self.list(request, now).await
            }
            Some(route @ (EDITS | EXTENSIONS | CHARACTERS | REMIX)) => {
                http::require_method_at(route, request, "POST")?;
                auth::admit(&self.keys, request.headers(), now).await?;
                Err(ApiError::not_supported(route))
            }
            _ => {
                let (method, path) = (request.method().as_str(), request.uri().path());
                Err(ApiError::unknown_route(method, path))
            }
        }
    }

    /// A page of the key's tasks, as they are stored: no vendor is asked.
    async fn list(&self, request: &Request, now: Timestamp) -> Result<Response<Body>, ApiError> {
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let page = Page::read(request, Status::read)?;
        let listed = self.lifecycle.tasks.list(&key.id, &page).await.map_err(|error| {
            tracing::error!(%error, "tasks could not be listed");
            ApiError::unreadable()
        })?;
        let views = listed.tasks.iter().map(|task| (task.id.to_string(), TaskView::from(task)));
        let last = listed.last.as_ref().map(TaskId::to_string);
        Ok(http::json(StatusCode::OK, &List::new(views, last, listed.has_more)))
    }

    /// A task as it stands, polled before if nobody did for a while.
    async fn show(&self, stored: Task, now: Timestamp) -> Response<Body> {
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
        response
    }

    /// A task of the key that asks for it.
    async fn find(&self, request: &Request, now: Timestamp) -> Result<Task, ApiError> {
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let id = http::task_id(request)?;
        telemetry::tell(|line| line.set("task_id", id.as_str()));
        let found = self.lifecycle.tasks.get(&id).await.map_err(|error| {
            tracing::error!(task.id = %id, %error, "a task could not be read");
            ApiError::unreadable()
        })?;
        found.filter(|task| task.owner == key.id).ok_or_else(ApiError::unknown_task)
    }
}
