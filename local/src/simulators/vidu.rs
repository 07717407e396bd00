//! Vidu as it looks from outside: four ways to create, a query, a list of tasks, a cancel, callbacks.
//! Not here: credits and packages, limits of rate and of concurrency, the off-peak
//! delay, links that expire.
//!
//! <https://platform.vidu.com/docs>

mod callback;
mod cancel;
mod create;
mod list;
mod models;
mod refusal;
mod task;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
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
use serde::Serialize;
use serde_json::{Value, json};
use shared::task::Vendor;

pub use self::callback::signed_headers;
use self::create::Generation;
use self::models::Endpoint;
use self::refusal::{Reason, Refusal};
use self::task::Task;
use super::callbacks::{Callbacks, Caller};
use super::ledger::Ledger;
use super::members::{self, Body};
use super::script::Script;
use super::submissions::{AskedInVain, Record, Submissions};
use super::{ids, sample};
use crate::clock::Clock;
use crate::random::random;
use crate::server::Server;

/// This vendor in the ledger and in the log.
const NAME: &str = "vidu";

const LARGEST_BODY: usize = 20 << 20;

pub struct Settings {
    /// The one key that is served, which also signs the callbacks; it can be exchanged.
    pub api_key: String,
    /// The time from a task's creation to its end.
    pub pace: Duration,
    pub ledger: Ledger,
    pub clock: Clock,
    /// Answers of a test's, in the place of the vendor's own.
    pub script: Option<Arc<Script>>,
}

/// A running Vidu; dropping it stops it.
pub struct Vidu {
    server: Server,
    service: Arc<Service>,
}

impl Vidu {
    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.server.base_url()
    }

    /// The account that the gateway calls it with.
    pub fn account(&self) -> Value {
        json!({ "base_url": self.base_url(), "api_key": *self.service.lock_key() })
    }

    /// From now on only this key is good, for requests and under callbacks.
    pub fn exchange_key(&self, api_key: &str) {
        api_key.clone_into(&mut self.service.lock_key());
    }

    /// How many requests were refused for their key.
    pub fn unauthorized(&self) -> usize {
        self.service.unauthorized.load(Ordering::Relaxed)
    }

    /// The submissions and what came of them.
    pub fn records(&self) -> io::Result<Vec<Record>> {
        let now = self.service.clock.now();
        self.service
            .submissions
            .records(|id| Ok(self.service.task(id)?.and_then(|task| task.end(now))))
    }

    /// The questions about tasks that this account does not have, since it was started.
    pub fn asked_in_vain(&self) -> Vec<AskedInVain> {
        self.service.submissions.asked_in_vain()
    }
}

/// Starts on a free port of this machine, and takes up the tasks that the ledger holds.
pub async fn start(settings: Settings) -> io::Result<Vidu> {
    let listener = super::listen(Vendor::Vidu, &settings.ledger).await?;
    let (caller, to_call_for) = Caller::new(NAME, &settings.ledger, settings.clock)?;
    let service = Arc::new(Service {
        api_key: Mutex::new(settings.api_key),
        unauthorized: AtomicUsize::new(0),
        script: settings.script,
        pace: settings.pace,
        submissions: Submissions::new(NAME, settings.pace, &settings.ledger),
        ledger: settings.ledger,
        clock: settings.clock,
        base_url: listener.base_url(),
        caller: caller.clone(),
    });
    let mut server = listener.serve(router(&service));
    let signer = service.clone();
    server.keep(caller.run(to_call_for, move |client, id, callbacks, callback| {
        callback::request(&signer, client, id, callbacks, callback)
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
        .route("/ent/v2/tasks/{id}/cancel", post(cancel::answer))
        .route_layer(from_fn_with_state(service.clone(), authorize))
        .route("/videos/{file}", get(serve_video))
        .fallback(refuse_path)
        .method_not_allowed_fallback(refuse_path)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(service.clone())
}

struct Service {
    api_key: Mutex<String>,
    unauthorized: AtomicUsize,
    script: Option<Arc<Script>>,
    pace: Duration,
    ledger: Ledger,
    clock: Clock,
    base_url: String,
    submissions: Submissions,
    caller: Caller,
}

impl Service {
    fn lock_key(&self) -> MutexGuard<'_, String> {
        self.api_key.lock().expect("nothing panics holding the key")
    }

    fn task(&self, id: &str) -> io::Result<Option<Task>> {
        self.ledger.get(NAME, id)
    }
}

async fn authorize(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let expected = format!("Token {}", service.lock_key());
    match request.headers().get(AUTHORIZATION) {
        Some(token) if token.as_bytes() == expected.as_bytes() => next.run(request).await,
        _ => {
            service.unauthorized.fetch_add(1, Ordering::Relaxed);
            Refusal::new(Reason::Unauthorized, "unauthorized").into_response()
        }
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
        if let Some(script) = &service.script
            && let Some(scripted) = script.submission(&body).await
        {
            return Ok(scripted);
        }
        let generation = Generation::read(endpoint, &body)?;
        let (submission, now) = (generation.submission(), service.clock.now());
        if let Some(bad_answer) = service.submissions.receive(&submission, now)? {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        let task = Task::new(ids::new_task(), &generation, service.pace, now);
        service.ledger.put(NAME, &task.id, &task)?;
        if let Some(callback_url) = &generation.callback_url {
            let callbacks = callback::plan(&task.timeline);
            let callbacks = Callbacks::plan(callback_url, &task.timeline, callbacks);
            service.caller.begin(&task.id, &callbacks)?;
        }
        service.submissions.accept(&submission, &task.id)?;
        if let Some(bad_answer) = submission.after() {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        let created = Created {
            state: task::State::Created,
            seed: generation.seed.unwrap_or_else(new_seed),
            credits: task.credits(task::State::Created),
            created_at: task.timeline.created_at,
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
    if let Some(script) = &service.script
        && let Some(scripted) = script.poll(Some(&id)).await
    {
        return Ok(scripted);
    }
    let now = service.clock.now();
    let Some(task) = service.task(&id)? else {
        service.submissions.ask_in_vain(&id, now);
        return Err(task_not_found());
    };
    if let Some(bad_answer) = task.timeline.bad_answer(now) {
        return bad_answer.response().await.ok_or_else(Refusal::busy);
    }
    if task.timeline.is_unknown(now) {
        return Err(task_not_found());
    }
    Ok(Json(task.answer(task.state(now), &service.base_url)).into_response())
}

async fn serve_video(
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
        Some(task) if task.state(service.clock.now()) == task::State::Success => {
            Ok(sample::serve(method, headers).await)
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
