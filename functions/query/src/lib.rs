//! What a client asks of its tasks, on both surfaces: one of them, what happened to it, the way
//! to its video, and all of them page by page; and the models that may be asked for.
//!
//! A task that has not ended is polled first, when nobody did for some
//! seconds; a vendor that is slow or down costs the client nothing but
//! freshness. Every path that has no function of its own ends here, too: it is
//! a 404 in the documented shape.

mod content;
mod models;

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use shared::api::generations::{Events, TaskView};
use shared::api::page::{List, Page};
use shared::api::videos::{self, VideoView};
use shared::api::{ApiError, http, routes};
use shared::auth;
use shared::dialects::{Aliases, facts};
use shared::lifecycle::{Asker, FRESH, Lifecycle};
use shared::platform::{SetupError, telemetry};
use shared::runtime::{Environment, answered};
use shared::store::Keys;
use shared::task::{Actor, Status, Surface, Task, TaskId};

#[derive(Debug)]
pub struct Query {
    lifecycle: Lifecycle,
    keys: Keys,
    aliases: Aliases,
}

impl Query {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            lifecycle: environment.lifecycle()?,
            keys: environment.keys()?,
            aliases: environment.parse("MODEL_ALIASES")?,
        })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("query", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        use routes::{
            CHARACTERS, CONTENT, EDITS, EVENTS, EXTENSIONS, GENERATION, GENERATIONS, MODEL, MODELS,
            REMIX, VIDEO, VIDEO_MODELS, VIDEOS, VIDEOS_MODELS,
        };
        match http::route(request) {
            Some(route @ (GENERATION | EVENTS | VIDEO)) => {
                http::require_method_at(route, request, "GET")?;
                http::refuse_query(request)?;
                let stored = self.find(request, now).await?;
                if route == EVENTS {
                    return Ok(http::json(StatusCode::OK, &Events::from(&stored)));
                }
                let task = self.current(stored, now).await;
                Ok(show(&task, routes::surface(route), now))
            }
            Some(route @ (GENERATIONS | VIDEOS)) => {
                http::require_method_at(route, request, "GET")?;
                self.list(request, routes::surface(route), now).await
            }
            Some(route @ CONTENT) => {
                http::require_method_at(route, request, "GET")?;
                content::refuse_variants(request)?;
                let stored = self.find(request, now).await?;
                content::lead_to(&self.current(stored, now).await, now)
            }
            Some(route @ (MODELS | MODEL | VIDEO_MODELS | VIDEOS_MODELS)) => {
                self.models(route, request, now).await
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
    async fn list(
        &self,
        request: &Request,
        surface: Surface,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let page = match surface {
            Surface::Generations => Page::read(request, Status::read)?,
            Surface::Videos => Page::read(request, videos::status_of)?,
        };
        let listed = self.lifecycle.tasks.list(&key.id, &page).await.map_err(|error| {
            tracing::error!(%error, "tasks could not be listed");
            ApiError::unreadable()
        })?;
        let (tasks, last) = (listed.tasks.iter(), listed.last.as_ref());
        Ok(match surface {
            Surface::Generations => {
                let views = tasks.map(|task| (task.id.to_string(), TaskView::from(task)));
                let last = last.map(TaskId::to_string);
                http::json(StatusCode::OK, &List::new(views, last, listed.has_more))
            }
            Surface::Videos => {
                let views = tasks.map(|task| (task.id.as_video(), video(task, now)));
                let last = last.map(TaskId::as_video);
                http::json(StatusCode::OK, &List::new(views, last, listed.has_more))
            }
        })
    }

    /// A task as it stands, polled before if nobody did for a while.
    async fn current(&self, stored: Task, now: Timestamp) -> Task {
        let id = stored.id.clone();
        let current = match stored.status.is_final() {
            true => {
                self.lifecycle.renew_link(stored.clone(), &Asker::waiting(Actor::Query), now).await
            }
            false => self.lifecycle.poll_if_stale(stored.clone(), now).await,
        };
        current.unwrap_or_else(|error| {
            tracing::error!(task.id = %id, %error, "a task could not be polled");
            stored
        })
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

/// A task on the surface on which it is asked for.
fn show(task: &Task, surface: Surface, now: Timestamp) -> Response<Body> {
    let mut response = match surface {
        Surface::Generations => http::json(StatusCode::OK, &TaskView::from(task)),
        Surface::Videos => http::json(StatusCode::OK, &video(task, now)),
    };
    if !task.status.is_final() {
        // Who asks earlier is answered from the table.
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, FRESH.as_secs().into());
        let millis = facts(task.vendor).poll_after.as_millis();
        let millis = u64::try_from(millis).unwrap_or_default();
        headers.insert("openai-poll-after-ms", HeaderValue::from(millis));
    }
    response
}

fn video(task: &Task, now: Timestamp) -> VideoView<'_> {
    VideoView::new(task, facts(task.vendor).usual_time, now)
}
