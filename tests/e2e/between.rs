//! Somebody between the functions and their database, who sees and may answer every call.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;

/// A call at DynamoDB: `PutItem` and so on.
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) request: Value,
}

/// What somebody between does.
pub(crate) trait Between: Send + Sync + 'static {
    /// What is answered in the place of the database; the request may be changed.
    fn ask(&self, _call: &mut Call) -> Option<(StatusCode, Value)> {
        None
    }

    /// Sees what the database answered.
    fn answered(&self, _call: &Call, _answer: &Value) {}
}

/// The address of a database with somebody between.
pub(crate) async fn serve(database: &str, between: Arc<impl Between>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let state = (database.to_owned(), between, reqwest::Client::new());
    let router = Router::new().fallback(forward).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    address
}

async fn forward<B: Between>(
    State((database, between, client)): State<(String, Arc<B>, reqwest::Client)>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let target = parts.headers["x-amz-target"].to_str().expect("text");
    let operation = target.rsplit('.').next().expect("a name").to_owned();
    let request = serde_json::from_slice(&body).expect("JSON");
    let mut call = Call { operation, request };
    if let Some((status, answer)) = between.ask(&mut call) {
        return json(status, &answer);
    }
    parts.headers.remove("host");
    parts.headers.remove("content-length");
    let body = call.request.to_string();
    let sent = client.post(database).headers(parts.headers).body(body).send().await;
    let answer = sent.expect("the database answers");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    between.answered(&call, &answer);
    json(status, &answer)
}

fn json(status: StatusCode, body: &Value) -> Response {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/x-amz-json-1.0");
    response.body(Body::from(body.to_string())).expect("a response")
}
