//! Vidu as it looks from outside: four ways to create, a query, a list of tasks, cancelling, a
//! balance, callbacks.
//! Not here: limits of rate and of concurrency, the off-peak delay, a balance that ends, links that
//! expire.
//!
//! <https://platform.vidu.com/docs>

mod callback;
mod create;
mod list;
mod models;
mod refusal;
mod task;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::task::Vendor;

use self::create::Generation;
use self::models::Endpoint;
use self::refusal::{Reason, Refusal};
use self::task::Task;
use super::follow::{Calls, Follower};
use super::ledger::Ledger;
use super::members::{self, Body};
use super::submissions::{Submissions, Truth};
use super::{film, ids};
use crate::random::random;
use crate::server::Server;

/// This vendor in the ledger and in the log.
const NAME: &str = "vidu";

const LARGEST_BODY: usize = 20 << 20;

pub struct Settings {
    /// The one key that is served, which also signs the callbacks.
    pub api_key: String,
    /// The time from a task's creation to its end.
    pub pace: Duration,
    pub ledger: Ledger,
}

/// A running Vidu; dropping it stops it.
pub struct Vidu {
    server: Server,
    service: Arc<Service>,
}

impl Vidu {
    /// Its scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.server.base_url()
    }

    /// What it heard and what came of it.
    pub fn truth(&self) -> io::Result<Vec<Truth>> {
        let now = Timestamp::now();
        self.service
            .submissions
            .truth(|id| Ok(self.service.task(id)?.and_then(|task| task.end(now))))
    }
}

/// Starts on a free port of this machine, and takes up the tasks that the ledger holds.
pub async fn start(settings: Settings) -> io::Result<Vidu> {
    let listener = super::listen(Vendor::Vidu, &settings.ledger).await?;
    let (follower, to_follow) = Follower::new(NAME, &settings.ledger)?;
    let service = Arc::new(Service {
        api_key: settings.api_key,
        pace: settings.pace,
        submissions: Submissions::new(NAME, settings.pace, &settings.ledger),
        ledger: settings.ledger,
        base_url: listener.base_url(),
        follower: follower.clone(),
    });
    let mut server = listener.serve(router(&service));
    let caller = service.clone();
    server.keep(follower.follow_all(to_follow, move |client, id, calls, call| {
        callback::request(&caller, client, id, calls, call)
    }));
    Ok(Vidu { server, service })
}

fn router(service: &Arc<Service>) -> Router {
    Router::new()
        .route("/ent/v2/text2video", create(Endpoint::Text))
        .route("/ent/v2/img2video", create(Endpoint::Image))
        .route("/ent/v2/start-end2video", create(Endpoint::StartEnd))
        .route("/ent/v2/reference2video", create(Endpoint::Reference))
        .route("/ent/v2/tasks", get(list::answer))
        .route("/ent/v2/tasks/{id}/creations", get(query))
        .route("/ent/v2/tasks/{id}/cancel", post(cancel))
        .route("/ent/v2/credits", get(credits))
        .route_layer(from_fn_with_state(service.clone(), authorize))
        .route("/films/{file}", get(serve_film))
        .fallback(refuse_path)
        .method_not_allowed_fallback(refuse_path)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(service.clone())
}

struct Service {
    api_key: String,
    pace: Duration,
    ledger: Ledger,
    base_url: String,
    submissions: Submissions,
    follower: Follower,
}

impl Service {
    fn task(&self, id: &str) -> io::Result<Option<Task>> {
        self.ledger.get(NAME, id)
    }
}

async fn authorize(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let expected = format!("Token {}", service.api_key);
    match request.headers().get(AUTHORIZATION) {
        Some(token) if token.as_bytes() == expected.as_bytes() => next.run(request).await,
        _ => Refusal::new(Reason::Unauthorized, "unauthorized").into_response(),
    }
}

async fn refuse_path() -> Refusal {
    Refusal::new(Reason::NotFound, "not found")
}

/// ```json
/// {"task_id":"839120512239071232","state":"created","model":"viduq2-turbo","prompt":"the tide",
///  "images":["https://…"],"duration":8,"seed":77,"resolution":"720p","movement_amplitude":"auto",
///  "payload":"","off_peak":false,"credits":64,"created_at":"2026-07-14T09:00:12.345678Z"}
/// ```
#[derive(Serialize)]
struct Created {
    task_id: String,
    state: task::State,
    #[serde(flatten)]
    generation: Generation,
    seed: u32,
    credits: u32,
    created_at: Timestamp,
}

fn create(endpoint: Endpoint) -> MethodRouter<Arc<Service>> {
    post(move |State(service): State<Arc<Service>>, headers: HeaderMap, body: Body| async move {
        let body = read_body(&headers, body)?;
        let generation = Generation::read(endpoint, &body)?;
        let (submission, now) = (generation.submission(), Timestamp::now());
        if let Some(instead) = service.submissions.hear(&submission, now)? {
            return instead.answer().await.ok_or_else(Refusal::busy);
        }
        let task = Task::new(ids::new_task(), &generation, service.pace, now);
        service.ledger.put(NAME, &task.id, &task)?;
        if let Some(callback_url) = &generation.callback_url {
            let calls = callback::plan(&task.course);
            let calls = Calls::plan(callback_url, &task.course, calls);
            service.follower.begin(&task.id, &calls)?;
        }
        service.submissions.accept(&submission, &task.id)?;
        if let Some(instead) = submission.after() {
            return instead.answer().await.ok_or_else(Refusal::busy);
        }
        let created = Created {
            state: task::State::Created,
            seed: generation.seed.unwrap_or_else(new_seed),
            credits: task.credits(task::State::Created),
            created_at: task.course.created_at,
            task_id: task.id,
            generation,
        };
        Ok(Json(created).into_response())
    })
}

async fn query(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let now = Timestamp::now();
    let task = service.task(&id)?.ok_or_else(task_not_found)?;
    if let Some(instead) = task.course.instead(now) {
        return instead.answer().await.ok_or_else(Refusal::busy);
    }
    if task.course.is_unknown(now) {
        return Err(task_not_found());
    }
    Ok(Json(task.answer(task.state(now), &service.base_url)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    id: String,
}

#[derive(Serialize)]
struct Cancelled {}

async fn cancel(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Cancelled>, Refusal> {
    let body = read_body(&headers, body)?;
    let asked: CancelBody = serde_json::from_slice(&body)
        .map_err(|_| Refusal::new(Reason::BadRequest, "request body is not {\"id\": …}"))?;
    if asked.id != id {
        return Err(Refusal::invalid("id"));
    }
    let now = Timestamp::now();
    service
        .ledger
        .change(NAME, &id, |task: &mut Task| task.cancel(now))?
        .ok_or_else(task_not_found)?
        .map_err(|state| {
            let state = state.name();
            let message = format!("task state is {state}, can not cancel");
            Refusal::new(Reason::BadRequest, message)
        })?;
    service.follower.hurry(&id)?;
    Ok(Json(Cancelled {}))
}

#[derive(Serialize)]
struct Credits {
    remains: [Remains; 1],
    /// There are none.
    packages: [(); 0],
}

#[derive(Serialize)]
struct Remains {
    r#type: &'static str,
    credit_remain: u32,
    concurrency_limit: u32,
    current_concurrency: usize,
    queue_count: usize,
}

/// The limit is told, as everywhere, but never enforced.
async fn credits(State(service): State<Arc<Service>>) -> Result<Json<Credits>, Refusal> {
    const ALL_CREDITS: u32 = 1_000_000;
    const CONCURRENCY_LIMIT: u32 = 5;
    let now = Timestamp::now();
    let mut remains = Remains {
        r#type: "metered",
        credit_remain: ALL_CREDITS,
        concurrency_limit: CONCURRENCY_LIMIT,
        current_concurrency: 0,
        queue_count: 0,
    };
    for (_, task) in service.ledger.all::<Task>(NAME)? {
        let state = task.state(now);
        remains.credit_remain = remains.credit_remain.saturating_sub(task.credits(state));
        match state {
            task::State::Created | task::State::Queueing => remains.queue_count += 1,
            task::State::Processing => remains.current_concurrency += 1,
            task::State::Success | task::State::Failed => {}
        }
    }
    Ok(Json(Credits { remains: [remains], packages: [] }))
}

async fn serve_film(
    State(service): State<Arc<Service>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let task = match file.strip_suffix(".mp4").and_then(ids::task_of) {
        Some(id) => service.task(&id)?,
        None => None,
    };
    match task {
        Some(task) if task.state(Timestamp::now()) == task::State::Success => {
            Ok(film::serve(method, headers).await)
        }
        _ => Err(Refusal::new(Reason::CreationNotFound, "creation not found")),
    }
}

fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    members::read_body(headers, body).map_err(|wrong| Refusal::new(Reason::BadRequest, wrong))
}

fn task_not_found() -> Refusal {
    Refusal::new(Reason::TaskNotFound, "task not found")
}

fn new_seed() -> u32 {
    1 + u32::from_be_bytes(random()) % (i32::MAX.unsigned_abs() - 1)
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        tracing::warn!(vendor = NAME, %error, "the ledger failed");
        Self::new(Reason::InternalServiceFailure, "internal service failure")
    }
}

#[cfg(test)]
mod tests;
