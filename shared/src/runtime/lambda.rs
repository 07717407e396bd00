//! How a function runs in Lambda: what all `main`s have in common.
//!
//! The only code that reads the environment. Not here: what a function does, and
//! the clock, which each `main` hands over.

use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::ExitCode;

use futures_util::FutureExt;
use jiff::Timestamp;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::{Body, Error, IntoResponse, Request, RequestExt, Response, service_fn};
use serde::de::DeserializeOwned;
use serde_json::json;
use tracing::level_filters::LevelFilter;

use super::http::{origin, request_id};
use super::log::{Log, log_panics};
use super::setup::Environment;
use crate::api::{ApiError, http};
use crate::platform::http_client::{Roots, http_client};
use crate::platform::telemetry::{self, Origin, invocation};
use crate::platform::{Clock, SetupError};

/// Why a function ended.
#[derive(Debug)]
pub enum Failure {
    Setup(SetupError),
    /// Lambda itself could not be talked to.
    Runtime(Error),
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

/// The variables of this process.
pub fn environment() -> Environment<'static> {
    Environment::new(&variable)
}

#[expect(clippy::disallowed_methods, reason = "this is where variables come from")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a function: its start, and then its invocations, until Lambda ends the
/// process. What keeps it from starting is logged in one line and told to Lambda.
pub async fn run(function: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    // Also what is wrong with the log has to be logged.
    let (log, wrong) = match environment().log() {
        Ok(log) => (log, None),
        Err(error) => (Log::new("unknown".to_owned(), LevelFilter::INFO), Some(error)),
    };
    log.install();
    log_panics();
    let function = async {
        match wrong {
            None => function.await,
            Some(error) => Err(Failure::Setup(error)),
        }
    };
    let failure = match AssertUnwindSafe(function).catch_unwind().await {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Setup(SetupError::new(PANICKED)),
    };
    match failure {
        Failure::Setup(error) => {
            tracing::error!(%error, "this function cannot start");
            report(&error).await;
        }
        Failure::Runtime(error) => tracing::error!(error, "this function was cut off from Lambda"),
    }
    ExitCode::FAILURE
}

/// The clock of a request's invocation, which Lambda kills at its deadline.
pub fn clock(request: &Request, now: Timestamp) -> Clock {
    let deadline = request.lambda_context_ref().map(|context| context.deadline());
    let deadline = deadline.and_then(|deadline| Timestamp::try_from(deadline).ok());
    Clock::starting(now, deadline.unwrap_or(now))
}

/// Answers API Gateway. A panic is a 500 in the documented shape, which Lambda
/// takes for no error, and the next request is served.
pub async fn serve_http<A>(
    function: &'static str,
    answer: impl Fn(Request) -> A,
) -> Result<(), Failure>
where
    A: Future<Output = Response<Body>> + Send,
{
    let service = service_fn(|request: Request| {
        let is_safe = request.method().is_safe();
        let origin = origin(function, &request);
        let id = request_id(&request);
        let answer = AssertUnwindSafe(answer(request)).catch_unwind();
        async move {
            Ok::<_, Error>(Whole(answer.await.unwrap_or_else(|_| {
                telemetry::panicked(&origin);
                // Only what changes nothing has surely cost nothing.
                let error = if is_safe { ApiError::internal() } else { ApiError::broken_off() };
                http::error(&error, id.as_deref())
            })))
        }
    });
    lambda_http::run(service).await.map_err(Failure::Runtime)
}

/// An answer that is sent as it is. What `lambda_http` does with others brings the
/// tables of every character set there is.
struct Whole(Response<Body>);

impl IntoResponse for Whole {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// Handles events, each until a deadline and with a line in the log. A panic is
/// reported as an error of its invocation, which the runtime logs as well, and
/// the next event is handled.
pub async fn serve_events<E, A>(
    function: &'static str,
    line: &'static str,
    handle: impl Fn(E, Timestamp) -> A,
) -> Result<(), Failure>
where
    E: DeserializeOwned,
    A: Future<Output = ()>,
{
    let service = service_fn(async |event: LambdaEvent<E>| {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        let origin = Origin::of(function, &event.context);
        let handled = invocation(origin.clone(), line, handle(event.payload, deadline), |(), _| {});
        let handled = AssertUnwindSafe(handled).catch_unwind().await;
        handled.map_err(|_| {
            telemetry::panicked(&origin);
            Error::from(PANICKED)
        })
    });
    lambda_runtime::run(service).await.map_err(Failure::Runtime)
}

const PANICKED: &str = "the function panicked; its log says where";

/// Tells Lambda why there will be no invocations, for those who look there.
async fn report(error: &SetupError) {
    let Some(runtime_api) = variable("AWS_LAMBDA_RUNTIME_API") else { return };
    let body = json!({
        "errorType": "SetupError",
        "errorMessage": error.to_string(),
        "stackTrace": [],
    });
    let request = http_client(Roots::default(), |client| client)
        .post(format!("http://{runtime_api}/2018-06-01/runtime/init/error"))
        .header("lambda-runtime-function-error-type", "Function.SetupError")
        .body(body.to_string());
    if let Err(error) = request.send().await {
        tracing::error!(%error, "Lambda could not be told");
    }
}
