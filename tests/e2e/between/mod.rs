//! Somebody between the functions and AWS, who sees every call and says what becomes of it.
//!
//! Not here: whom it should happen to, which whoever stands there decides.

mod conflicts;
mod fault;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http_body_util::{Full, Limited};
use serde_json::Value;
use shared::platform::http_client::{Roots, http_client};
use tokio::net::TcpListener;

use self::conflicts::UnderWay;
pub(crate) use self::fault::{Fault, Refusal};

/// A call of a function at DynamoDB or Secrets Manager.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The path of the address that was called, by which callers can be told apart.
    pub(crate) caller: String,
    /// `PutItem` and so on.
    pub(crate) operation: String,
    pub(crate) request: Value,
}

impl Call {
    /// The function that calls, where callers are called after theirs.
    pub(crate) fn function(&self) -> &str {
        self.caller.split('-').next().unwrap_or_default()
    }

    /// The shard whose timers are listed, if they are.
    pub(crate) fn shard(&self) -> Option<&str> {
        self.request["ExpressionAttributeValues"][":shard"]["S"].as_str()
    }

    /// The task that is read or written, if it is one.
    pub(crate) fn task_id(&self) -> Option<&str> {
        if let Some(writes) = self.request["TransactItems"].as_array() {
            let mut parts = writes.iter().flat_map(|it| it.as_object().into_iter().flatten());
            return parts.find_map(|(_, part)| task_id(part));
        }
        task_id(&self.request)
    }
}

fn task_id(part: &Value) -> Option<&str> {
    let whole = if part["Key"].is_object() { &part["Key"] } else { &part["Item"] };
    whole["id"]["S"].as_str().filter(|_| part["TableName"] == "Tasks")
}

/// Whoever stands between.
pub(crate) trait Between: Send + Sync + 'static {
    /// Says what becomes of a call, whose request may be changed.
    fn ask(&self, _call: &mut Call) -> Fault {
        Fault::None
    }

    /// Sees what the service answered.
    fn answered(&self, _call: &Call, _answer: &Value) {}

    /// Ends the function that made this call, which gets no answer.
    fn kill(&self, _call: &Call) {}

    /// How long a write is kept open. Writes of one item that are under way at once are in each
    /// other's way where one is a transaction, as the embedded database's never are.
    fn keeps_open(&self) -> Option<Duration> {
        None
    }
}

struct Service<B> {
    url: String,
    between: Arc<B>,
    client: reqwest::Client,
    under_way: UnderWay,
}

/// The address of a service with somebody between.
pub(crate) async fn serve(service: &str, between: Arc<impl Between>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    // One that reads no certificates, which takes longer than a test.
    let client = http_client(Roots::default(), |client| client);
    let under_way = UnderWay::default();
    let service = Service { url: service.to_owned(), between, client, under_way };
    let router = Router::new().fallback(answer).with_state(Arc::new(service));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    address
}

async fn answer<B: Between>(State(service): State<Arc<Service<B>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let target = parts.headers["x-amz-target"].to_str().expect("text");
    let mut call = Call {
        caller: parts.uri.path().trim_matches('/').to_owned(),
        operation: target.rsplit('.').next().expect("a name").to_owned(),
        request: serde_json::from_slice(&body).expect("JSON"),
    };
    let fault = service.between.ask(&mut call);
    let fault = match fault {
        Fault::Refuse(refusal) => return refusal.response(&call),
        Fault::CutBefore => return cut(),
        Fault::Hang => return pending().await,
        Fault::KillBefore => {
            service.between.kill(&call);
            return pending().await;
        }
        Fault::Delay(released) => {
            drop(released.await);
            Fault::None
        }
        fault => fault,
    };
    let answered = service.forward(&call, parts.headers).await;
    match fault {
        Fault::BreakAfter => Refusal::Broken.response(&call),
        Fault::CutAfter => cut(),
        Fault::KillAfter => {
            service.between.kill(&call);
            pending().await
        }
        _ => answered,
    }
}

impl<B: Between> Service<B> {
    async fn forward(&self, call: &Call, mut headers: http::HeaderMap) -> Response {
        let opened = match self.between.keeps_open() {
            None => None,
            Some(time) => match self.under_way.open(call) {
                Ok(opened) => {
                    tokio::time::sleep(time).await;
                    Some(opened)
                }
                Err(conflict) => return conflict.response(call),
            },
        };
        headers.remove("host");
        headers.remove("content-length");
        let body = call.request.to_string();
        let sent = self.client.post(&self.url).headers(headers).body(body).send().await;
        let answer = sent.expect("the service answers");
        let status = answer.status();
        let body = answer.bytes().await.expect("a body");
        drop(opened);
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        self.between.answered(call, &answer);
        json(status, body.into())
    }
}

fn json(status: StatusCode, body: Body) -> Response {
    let response = Response::builder().status(status);
    response.header("content-type", "application/x-amz-json-1.0").body(body).expect("a response")
}

/// A body that breaks before its first byte: hyper then closes the connection, and not even the
/// status line was sent.
fn cut() -> Response {
    Response::new(Body::new(Limited::new(Full::from("more than one byte"), 1)))
}
