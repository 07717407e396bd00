//! Jimeng as it looks from outside: one address, two actions, and a gateway before it that checks
//! signatures.
//! Not here: limits of rate and of concurrency, products that are not activated, tags for the
//! origin of a video, links that expire.
//!
//! <https://www.volcengine.com/docs/85621>

mod answer;
mod create;
mod products;
mod signature;
mod task;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::task::Vendor;
use url::form_urlencoded;

use self::answer::{Call, Code, GatewayCode, Refusal};
use self::create::Generation;
use self::signature::Keys;
use self::task::{State as TaskState, Task};
use super::ledger::Ledger;
use super::members::is_json;
use super::sample;
use super::submissions::{AskedInVain, Record, Submissions};
use crate::clock::Clock;
use crate::random::random;
use crate::server::Server;

/// This vendor in the ledger and in the log.
const NAME: &str = "jimeng";

const VERSION: &str = "2022-08-31";

/// Two images inline, and what goes with them.
const LARGEST_BODY: usize = 20 << 20;

pub struct Settings {
    /// The one pair of keys that is served.
    pub access_key: String,
    pub secret_key: String,
    /// With one the keys are temporary, and no request is served without it.
    pub session_token: Option<String>,
    /// The time from a task's creation to its end.
    pub pace: Duration,
    pub ledger: Ledger,
    pub clock: Clock,
}

/// A running Jimeng; dropping it stops it.
pub struct Jimeng {
    server: Server,
    service: Arc<Service>,
}

impl Jimeng {
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

/// Starts on a free port of this machine. The tasks that the ledger holds go on by their age.
pub async fn start(settings: Settings) -> io::Result<Jimeng> {
    let listener = super::listen(Vendor::Jimeng, &settings.ledger).await?;
    let service = Arc::new(Service {
        keys: Keys {
            access_key: settings.access_key,
            secret_key: settings.secret_key,
            session_token: settings.session_token,
        },
        pace: settings.pace,
        submissions: Submissions::new(NAME, settings.pace, &settings.ledger),
        ledger: settings.ledger,
        clock: settings.clock,
        base_url: listener.base_url(),
    });
    Ok(Jimeng { server: listener.serve(router(service.clone())), service })
}

fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", post(serve_action))
        .route("/videos/{file}", get(serve_video))
        .fallback(refuse_path)
        .method_not_allowed_fallback(refuse_path)
        .with_state(service)
}

struct Service {
    keys: Keys,
    pace: Duration,
    ledger: Ledger,
    clock: Clock,
    base_url: String,
    submissions: Submissions,
}

async fn serve_action(State(service): State<Arc<Service>>, request: Request) -> Response {
    let call = read_call(request.uri().query().unwrap_or_default());
    service.act(&call, request).await.unwrap_or_else(|refusal| refusal.answer(&call))
}

async fn refuse_path(request: Request) -> Response {
    let call = read_call(request.uri().query().unwrap_or_default());
    Refusal::Gateway(GatewayCode::InvalidActionOrVersion).answer(&call)
}

fn read_call(query: &str) -> Call {
    let parameter = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Call { action: parameter("Action"), version: parameter("Version") }
}

impl Service {
    async fn act(&self, call: &Call, request: Request) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, LARGEST_BODY).await;
        let body = body.map_err(|_| Refusal::input("the body is too large or was cut off"))?;
        let now = self.clock.now();

        if call.action.is_empty() || call.version.is_empty() {
            return Err(Refusal::Gateway(GatewayCode::MissingParameter));
        }
        let is_create = match (call.action.as_str(), call.version.as_str()) {
            ("CVSync2AsyncSubmitTask", VERSION) => true,
            ("CVSync2AsyncGetResult", VERSION) => false,
            _ => return Err(Refusal::Gateway(GatewayCode::InvalidActionOrVersion)),
        };
        signature::verify(&head, &body, &self.keys, now).map_err(Refusal::Gateway)?;
        if !is_json(&head.headers) {
            return Err(Refusal::input("content type"));
        }
        if is_create { self.create(&body, now).await } else { self.query(&body, now).await }
    }

    fn task(&self, id: &str) -> io::Result<Option<Task>> {
        self.ledger.get(NAME, id)
    }

    async fn create(&self, body: &[u8], now: Timestamp) -> Result<Response, Refusal> {
        let generation = Generation::read(body)?;
        let submission = generation.submission();
        if let Some(bad_answer) = self.submissions.receive(&submission, now)? {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        let task_id = new_id();
        self.ledger.put(NAME, &task_id, &Task::new(&generation, self.pace, now))?;
        self.submissions.accept(&submission, &task_id)?;
        if let Some(bad_answer) = submission.after() {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        Ok(answer::answer(Code::Success, Some(Created { task_id })))
    }

    async fn query(&self, body: &[u8], now: Timestamp) -> Result<Response, Refusal> {
        let asked: Query = serde_json::from_slice(body)
            .map_err(|_| Refusal::input("{\"req_key\": …, \"task_id\": …}"))?;
        let task = self.task(&asked.task_id)?;
        if task.is_none() {
            self.submissions.ask_in_vain(&asked.task_id, now);
        }
        // With another key than its own a task is not found.
        let task = task.filter(|task| task.req_key == asked.req_key);
        if let Some(bad_answer) = task.as_ref().and_then(|task| task.timeline.bad_answer(now)) {
            return bad_answer.response().await.ok_or_else(Refusal::busy);
        }
        let state = match task {
            Some(task) => task.state(now),
            None => TaskState::NotFound,
        };
        let mut result = Found {
            binary_data_base64: None,
            image_urls: None,
            resp_data: "",
            status: state.name(),
            video_url: String::new(),
            aigc_meta_tagged: None,
        };
        if matches!(state, TaskState::Done | TaskState::Refused) {
            result.video_url = format!("{}/videos/{}.mp4", self.base_url, asked.task_id);
            result.aigc_meta_tagged = Some(false);
        }
        // That a video was refused, the code alone tells.
        let is_refused = state == TaskState::Refused;
        let code = if is_refused { Code::OutputVideoRisk } else { Code::Success };
        Ok(answer::answer(code, Some(result)))
    }
}

#[derive(Serialize)]
struct Created {
    task_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    req_key: String,
    task_id: String,
}

/// ```json
/// {"binary_data_base64":null,"image_urls":null,"resp_data":"","status":"generating","video_url":""}
/// ```
#[derive(Serialize)]
struct Found {
    /// The interface also serves products that make images.
    binary_data_base64: Option<()>,
    image_urls: Option<()>,
    resp_data: &'static str,
    status: &'static str,
    video_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aigc_meta_tagged: Option<bool>,
}

/// The video's address needs no signature.
async fn serve_video(
    State(service): State<Arc<Service>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let task = match file.strip_suffix(".mp4") {
        Some(id) => service.task(id).ok().flatten(),
        None => None,
    };
    match task {
        Some(task) if task.state(service.clock.now()) == TaskState::Done => {
            sample::serve(method, headers).await
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Nineteen digits: more than a float can tell apart.
fn new_id() -> String {
    const FIRST: u64 = 7_000_000_000_000_000_000;
    (FIRST + u64::from_be_bytes(random()) % (FIRST / 7)).to_string()
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        tracing::warn!(vendor = NAME, %error, "the ledger failed");
        Self::Service(Code::Internal, String::new())
    }
}

#[cfg(test)]
mod tests;
