//! Lambda in this process: runs the binaries that ship, each behind a Runtime API
//! of its own, as <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.
//!
//! Not here: freezing between invocations, and the time and memory of a start.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as PathParameter, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::server::{Listener, Server};

/// How long an invocation may take.
const TIMEOUT: Duration = Duration::from_secs(29);

/// A binary at work in an execution environment of its own; dropping it kills it.
pub struct Sandbox {
    process: Child,
    api: Arc<RuntimeApi>,
    events: mpsc::UnboundedSender<Event>,
    asked: watch::Receiver<bool>,
    timeout: Duration,
    output: JoinSet<()>,
    lines: Arc<Mutex<Vec<String>>>,
    _server: Server,
}

/// What became of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Response(Value),
    /// As reported: `errorType` and `errorMessage`.
    Error(Value),
    /// The process ended instead.
    Died,
    /// The invocation took too long, and the process was ended.
    TimedOut,
}

/// What was left of a process.
#[derive(Debug)]
pub struct Remains {
    pub status: ExitStatus,
    /// What the function told Lambda to have kept it from starting.
    pub init_error: Option<Value>,
    /// What the function wrote to standard output and standard error.
    pub log: Vec<String>,
}

struct Event {
    id: String,
    body: String,
    deadline: Timestamp,
}

struct RuntimeApi {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    /// Whether the function asked for work.
    asked: watch::Sender<bool>,
    function: String,
    under_way: Mutex<BTreeMap<String, oneshot::Sender<Outcome>>>,
    init_error: Mutex<Option<Value>>,
}

impl Sandbox {
    /// Starts a binary with these variables and Lambda's own, and no others.
    pub async fn start(
        binary: impl AsRef<Path>,
        variables: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let (events, queue) = mpsc::unbounded_channel();
        let (ask, asked) = watch::channel(false);
        let api = Arc::new(RuntimeApi {
            events: queue.into(),
            asked: ask,
            function: name(binary.as_ref()),
            under_way: Mutex::default(),
            init_error: Mutex::default(),
        });
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let address = listener.address().to_string();
        let server = listener.serve(router(api.clone()));

        let mut process = command(binary.as_ref(), variables, &address)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let mut output = JoinSet::new();
        if let (Some(stdout), Some(stderr)) = (process.stdout.take(), process.stderr.take()) {
            output.spawn(keep(stdout, lines.clone()));
            output.spawn(keep(stderr, lines.clone()));
        }
        let timeout = TIMEOUT;
        Ok(Self { process, api, events, asked, timeout, output, lines, _server: server })
    }

    /// From now on an invocation may take so long.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// None when the process has ended.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits until the function asks for work the first time. False when it ended instead.
    pub async fn first_next(&mut self) -> bool {
        tokio::select! {
            asked = self.asked.wait_for(|asked| *asked) => asked.is_ok(),
            _ = self.process.wait() => false,
        }
    }

    /// Hands the function an event.
    pub async fn invoke(&mut self, event: &Value) -> Outcome {
        let now = Timestamp::now();
        let id = format!("8476a536-e9f4-11e8-9739-{:012x}", now.as_microsecond());
        let (answer, answered) = oneshot::channel();
        lock(&self.api.under_way).insert(id.clone(), answer);
        let event = Event { id, body: event.to_string(), deadline: now + self.timeout };
        if self.events.send(event).is_err() {
            return Outcome::Died;
        }
        tokio::select! {
            outcome = answered => outcome.unwrap_or(Outcome::Died),
            _ = self.process.wait() => Outcome::Died,
            () = tokio::time::sleep(self.timeout) => {
                drop(self.process.kill().await);
                Outcome::TimedOut
            }
        }
    }

    /// Ends the process.
    pub async fn stop(mut self) -> io::Result<Remains> {
        self.process.start_kill()?;
        self.ended().await
    }

    /// Waits for a process that ends by itself.
    pub async fn ended(mut self) -> io::Result<Remains> {
        let status = self.process.wait().await?;
        while self.output.join_next().await.is_some() {}
        let init_error = lock(&self.api.init_error).take();
        Ok(Remains { status, init_error, log: std::mem::take(&mut lock(&self.lines)) })
    }
}

impl Remains {
    /// The lines that speak of something.
    pub fn lines_with<'a>(&'a self, words: &'a str) -> impl Iterator<Item = &'a str> {
        self.log.iter().map(String::as_str).filter(move |line| line.contains(words))
    }
}

/// Starts a binary as Lambda does, with a Runtime API at this address.
pub fn command(binary: &Path, variables: &BTreeMap<String, String>, runtime_api: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .envs(lambdas_own(&name(binary), runtime_api))
        .envs(variables)
        .stdin(Stdio::null());
    command
}

fn name(binary: &Path) -> String {
    binary.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Asserts that a binary does not start with these variables, and says why in
/// one line and to Lambda, in these words. Returns what it wrote.
pub async fn assert_cannot_start(
    binary: impl AsRef<Path>,
    variables: &BTreeMap<String, String>,
    why: &str,
) -> String {
    let sandbox = Sandbox::start(binary, variables).await.expect("there is such a binary");
    let ended = tokio::time::timeout(TIMEOUT, sandbox.ended()).await.expect("it ends");
    let Remains { status, init_error, log } = ended.expect("it can be waited for");
    assert!(!status.success(), "{status}: {why}");
    let [line] = &log[..] else { panic!("not one line: {log:#?}") };
    let line: Value = line.parse().unwrap_or_else(|_| panic!("no JSON: {line}"));
    assert_eq!(line["level"], "ERROR", "{line}");
    assert!(line["error"].as_str().is_some_and(|error| error.contains(why)), "{line}: {why}");
    let told = init_error.unwrap_or_else(|| panic!("Lambda was not told: {why}"));
    assert_eq!(told["errorType"], "SetupError");
    let message = told["errorMessage"].as_str().expect("a message");
    assert!(message.contains(why), "{message}: {why}");
    log.concat()
}

/// Asserts that a binary, though it starts, cannot do with an event what needs a
/// secret, and says why in these words. Returns its outcome and what it wrote.
pub async fn assert_lacks_secret(
    binary: impl AsRef<Path>,
    variables: &BTreeMap<String, String>,
    event: &Value,
    why: &str,
) -> (Outcome, String) {
    let mut sandbox = Sandbox::start(binary, variables).await.expect("there is such a binary");
    let outcome = sandbox.invoke(event).await;
    let remains = sandbox.stop().await.expect("it can be ended");
    let lines: Vec<Value> = remains.lines_with(why).filter_map(|it| it.parse().ok()).collect();
    let [line] = &lines[..] else { panic!("not one line: {why}: {remains:#?}") };
    assert_eq!(line["level"], "ERROR", "{line}");
    (outcome, remains.log.concat())
}

/// What Lambda itself puts into the environment, beside the region and the credentials.
fn lambdas_own(name: &str, runtime_api: &str) -> [(&'static str, String); 10] {
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/filmgate/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/21/[$LATEST]0".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ]
}

async fn keep(output: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        lock(&lines).push(line);
    }
}

fn router(api: Arc<RuntimeApi>) -> Router {
    let invocation = "/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{invocation}/next"), get(next))
        .route(&format!("{invocation}/{{id}}/response"), post(response))
        .route(&format!("{invocation}/{{id}}/error"), post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(api)
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    api.asked.send_replace(true);
    let Some(Event { id, body, deadline }) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let arn = format!("arn:aws:lambda:local:000000000000:function:{}", api.function);
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, body).into_response()
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    PathParameter(id): PathParameter<String>,
    body: Bytes,
) -> StatusCode {
    api.end(&id, Outcome::Response(read(&body)))
}

async fn error(
    State(api): State<Arc<RuntimeApi>>,
    PathParameter(id): PathParameter<String>,
    body: Bytes,
) -> StatusCode {
    api.end(&id, Outcome::Error(read(&body)))
}

async fn init_error(State(api): State<Arc<RuntimeApi>>, body: Bytes) -> StatusCode {
    *lock(&api.init_error) = Some(read(&body));
    StatusCode::ACCEPTED
}

impl RuntimeApi {
    fn end(&self, id: &str, outcome: Outcome) -> StatusCode {
        // Whoever waited may have gone.
        match lock(&self.under_way).remove(id).map(|waiting| waiting.send(outcome)) {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::BAD_REQUEST,
        }
    }
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
