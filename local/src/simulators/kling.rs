//! Kling as it looks from outside, in both designs: creating from text and images, queries,
//! callbacks on every change.
//! Not here: lists of tasks, reference images and videos, extending, effects, lip-sync, motion
//! control, balance, limits of rate and of concurrency, pictures that are too small, links that
//! expire.
//!
//! <https://kling.ai/document-api>

mod auth;
mod callback;
mod create;
mod models;
mod refusal;
mod task;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Uri};
use jiff::Timestamp;
use serde::Serialize;
use shared::task::Vendor;
use url::form_urlencoded;

pub use self::auth::Credentials;
use self::callback::Signer;
use self::create::Generation;
use self::models::{Design, Endpoint};
use self::refusal::{Code, Refusal};
use self::task::{State as TaskState, Task};
use super::callbacks::{Callbacks, Caller};
use super::ledger::Ledger;
use super::members::{self, Body};
use super::submissions::{AskedInVain, Record, Submissions};
use super::{ids, sample};
use crate::clock::Clock;
use crate::random::random;
use crate::server::Server;

/// This vendor in the ledger and in the log.
const NAME: &str = "kling";

/// The ids that clients gave, in the ledger: each leads to a task.
const EXTERNAL_IDS: &str = "kling external ids";

/// Two images of the largest kind, in base64, and what is around them.
const LARGEST_BODY: usize = 140 << 20;

const MOST_IDS: usize = 20;

pub struct Settings {
    /// The one account that is served.
    pub credentials: Credentials,
    /// `whsec_…`; with it every callback is signed.
    pub webhook_secret: Option<String>,
    /// The time from a task's creation to its end.
    pub pace: Duration,
    pub ledger: Ledger,
    pub clock: Clock,
}

/// A running Kling; dropping it stops it.
pub struct Kling {
    server: Server,
    service: Arc<Service>,
}

impl Kling {
    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.server.base_url()
    }

    /// The submissions and what came of them.
    pub fn records(&self) -> io::Result<Vec<Record>> {
        let now = self.service.clock.now();
        self.service
            .submissions
            .records(|id| Ok(self.service.task(id)?.and_then(|task| task.timeline.end(now))))
    }

    /// The questions about tasks that this account does not have, since it was started.
    pub fn asked_in_vain(&self) -> Vec<AskedInVain> {
        self.service.submissions.asked_in_vain()
    }
}

/// Starts on a port of this machine, and takes up the tasks that the ledger holds.
pub async fn start(settings: Settings) -> io::Result<Kling> {
    let signer = settings.webhook_secret.as_deref().map(Signer::read).transpose()?;
    let listener = super::listen(Vendor::Kling, &settings.ledger).await?;
    let (caller, to_call_for) = Caller::new(NAME, &settings.ledger, settings.clock)?;
    let service = Arc::new(Service {
        credentials: settings.credentials,
        signer,
        pace: settings.pace,
        submissions: Submissions::new(NAME, settings.pace, &settings.ledger),
        ledger: settings.ledger,
        clock: settings.clock,
        base_url: listener.base_url(),
        creating: Mutex::new(()),
        caller: caller.clone(),
    });
    let mut server = listener.serve(router(&service));
    let signer = service.clone();
    server.keep(caller.run(to_call_for, move |client, id, callbacks, callback| {
        callback::request(&signer, client, id, callbacks, callback)
    }));
    Ok(Kling { server, service })
}

fn router(service: &Arc<Service>) -> Router {
    let guard = |design| from_fn_with_state((service.clone(), design), authorize);
    let old = Router::new()
        .route("/v1/videos/text2video", create_old(Endpoint::OldText))
        .route("/v1/videos/image2video", create_old(Endpoint::OldImage))
        .route("/v1/videos/text2video/{id}", query_old(Endpoint::OldText))
        .route("/v1/videos/image2video/{id}", query_old(Endpoint::OldImage))
        .route_layer(guard(Design::Old));
    let new = Router::new()
        .route("/text-to-video/{model}", create_new(Endpoint::NewText))
        .route("/image-to-video/{model}", create_new(Endpoint::NewImage))
        .route("/omni-video/{model}", create_new(Endpoint::NewOmni))
        .route("/tasks", get(query_new))
        .route_layer(guard(Design::New));
    old.merge(new)
        .route("/videos/{file}", get(serve_video))
        .fallback(refuse_path)
        .method_not_allowed_fallback(refuse_path)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(service.clone())
}

struct Service {
    credentials: Credentials,
    signer: Option<Signer>,
    pace: Duration,
    ledger: Ledger,
    clock: Clock,
    base_url: String,
    /// Held while an external id is looked up and taken.
    creating: Mutex<()>,
    submissions: Submissions,
    caller: Caller,
}

impl Service {
    fn task(&self, id: &str) -> io::Result<Option<Task>> {
        self.ledger.get(NAME, id)
    }

    /// The task of an id that its client gave.
    fn task_of(&self, external_id: &str) -> io::Result<Option<Task>> {
        match self.ledger.get::<String>(EXTERNAL_IDS, external_id)? {
            Some(id) => self.task(&id),
            None => Ok(None),
        }
    }

    async fn submit(
        &self,
        endpoint: Endpoint,
        generation: Generation,
    ) -> Result<Response, Refusal> {
        let (submission, now) = (generation.submission(), self.clock.now());
        if let Some(bad_answer) = self.submissions.receive(&submission, now)? {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        let task = self.create(endpoint, &generation, now)?;
        self.submissions.accept(&submission, &task.id)?;
        match submission.after() {
            Some(bad_answer) => bad_answer.response().await.ok_or_else(Refusal::busy),
            None => Ok(Good::new(task.created()).into_response()),
        }
    }

    fn create(
        &self,
        endpoint: Endpoint,
        generation: &Generation,
        now: Timestamp,
    ) -> Result<Task, Refusal> {
        let task = Task::new(ids::new_task(), endpoint, generation, self.pace, now);
        let creating = self.creating.lock().expect("nothing panics holding it");
        if let Some(external_id) = &task.external_id {
            // The ids of all endpoints are in one space.
            if self.ledger.get::<String>(EXTERNAL_IDS, external_id)?.is_some() {
                let message = format!("External task id {external_id} already exists");
                return Err(Refusal::new(Code::InvalidParameter, message));
            }
            self.ledger.put(EXTERNAL_IDS, external_id, &task.id)?;
        }
        self.ledger.put(NAME, &task.id, &task)?;
        drop(creating);
        if let Some(callback_url) = &generation.callback_url {
            let callbacks = callback::plan(&task.timeline);
            let callbacks = Callbacks::plan(callback_url, &task.timeline, callbacks);
            self.caller.begin(&task.id, &callbacks)?;
        }
        Ok(task)
    }
}

async fn authorize(
    State((service, design)): State<(Arc<Service>, Design)>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    match service.credentials.admit(header, design, service.clock.now()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn refuse_path() -> Refusal {
    Refusal::new(Code::InvalidMethod, "The requested method is invalid")
}

fn create_old(endpoint: Endpoint) -> MethodRouter<Arc<Service>> {
    post(move |State(service): State<Arc<Service>>, headers: HeaderMap, body: Body| async move {
        let body = read_body(&headers, body)?;
        service.submit(endpoint, create::old::read(endpoint, &body)?).await
    })
}

fn create_new(endpoint: Endpoint) -> MethodRouter<Arc<Service>> {
    post(
        move |State(service): State<Arc<Service>>,
              Path(model): Path<String>,
              headers: HeaderMap,
              body: Body| async move {
            let body = read_body(&headers, body)?;
            service.submit(endpoint, create::new::read(endpoint, &model, &body)?).await
        },
    )
}

/// A task is found by either id, but only where it was made.
fn query_old(endpoint: Endpoint) -> MethodRouter<Arc<Service>> {
    get(move |State(service): State<Arc<Service>>, Path(id): Path<String>| async move {
        let now = service.clock.now();
        let task = match service.task(&id)? {
            Some(task) => Some(task),
            None => service.task_of(&id)?,
        };
        if task.is_none() {
            service.submissions.ask_in_vain(&id, now);
        }
        let not_found = || {
            let message = format!("Task not found by id/external id: {id}");
            Refusal::new(Code::InvalidParameter, message)
        };
        let task = task.filter(|task| task.endpoint == endpoint).ok_or_else(not_found)?;
        if let Some(bad_answer) = task.timeline.bad_answer(now) {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        if task.timeline.is_unknown(now) {
            return Err(not_found());
        }
        Ok(Good::new(task.answer(task.state(now), &service.base_url)).into_response())
    })
}

/// Tasks of the new design, by one kind of id; those that do not exist are left out.
async fn query_new(State(service): State<Arc<Service>>, uri: Uri) -> Result<Response, Refusal> {
    let (mut ids, mut external_ids) = (Vec::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let list = match name.as_ref() {
            "task_ids" => &mut ids,
            "external_task_ids" => &mut external_ids,
            other => return Err(Refusal::invalid(other)),
        };
        list.extend(value.split(',').filter(|id| !id.is_empty()).map(str::to_owned));
    }
    if ids.is_empty() == external_ids.is_empty() || ids.len() + external_ids.len() > MOST_IDS {
        return Err(Refusal::invalid("task_ids"));
    }
    let now = service.clock.now();
    let by_id = ids.iter().map(|id| (id, service.task(id)));
    let by_external_id = external_ids.iter().map(|id| (id, service.task_of(id)));
    let mut answers = Vec::new();
    for (id, task) in by_id.chain(by_external_id) {
        let task = task?;
        if task.is_none() {
            service.submissions.ask_in_vain(id, now);
        }
        if let Some(task) = task
            && task.endpoint.design() == Design::New
        {
            if let Some(bad_answer) = task.timeline.bad_answer(now) {
                return bad_answer.response().await.ok_or_else(Refusal::busy);
            }
            if !task.timeline.is_unknown(now) {
                answers.push(task.answer(task.state(now), &service.base_url));
            }
        }
    }
    Ok(Good::new(answers).into_response())
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
        Some(task) if task.state(service.clock.now()) == TaskState::Succeeded => {
            Ok(sample::serve(method, headers).await)
        }
        _ => Err(Refusal::new(Code::NoSuchResource, "the video does not exist")),
    }
}

/// ```json
/// {"code":0,"message":"SUCCEED","request_id":"5f0c…","data":{}}
/// ```
#[derive(Serialize)]
struct Good<T> {
    code: u16,
    message: &'static str,
    request_id: String,
    data: T,
}

impl<T> Good<T> {
    fn new(data: T) -> Self {
        Self { code: 0, message: "SUCCEED", request_id: new_request_id(), data }
    }
}

impl<T: Serialize> IntoResponse for Good<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    members::read_body(headers, body).map_err(|wrong| Refusal::new(Code::InvalidRequest, wrong))
}

fn new_request_id() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        tracing::warn!(vendor = NAME, %error, "the ledger failed");
        Self::new(Code::Internal, "Internal server error")
    }
}

#[cfg(test)]
mod tests;
