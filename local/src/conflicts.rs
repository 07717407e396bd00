//! Conflicts as DynamoDB has them, in front of the embedded one, which has none: a transaction
//! holds its items for a while, and whoever writes one of them meanwhile is refused.
//!
//! Not here: throttling, and whatever else may fail.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::server::{Listener, Server};
use crate::simulators::http_client;

/// A database that conflicts; dropping it stops it.
pub struct Conflicts {
    server: Server,
    items: Arc<Items>,
}

struct Items {
    database: String,
    client: reqwest::Client,
    /// How long a transaction takes at least.
    hold: Duration,
    held: Mutex<HashSet<String>>,
    refused: AtomicUsize,
}

impl Conflicts {
    /// In front of a database, whose transactions each hold their items for so long.
    pub async fn start(database: &str, hold: Duration) -> io::Result<Self> {
        let items = Arc::new(Items {
            database: database.to_owned(),
            client: http_client(),
            hold,
            held: Mutex::default(),
            refused: AtomicUsize::new(0),
        });
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let server = listener.serve(Router::new().fallback(pass).with_state(items.clone()));
        Ok(Self { server, items })
    }

    pub fn url(&self) -> &str {
        self.server.base_url()
    }

    /// How many writes and transactions were refused so far.
    pub fn count(&self) -> usize {
        self.items.refused.load(Ordering::Relaxed)
    }
}

impl Items {
    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn forward(&self, mut headers: HeaderMap, body: Bytes) -> Response {
        headers.remove(header::HOST);
        match self.client.post(&self.database).headers(headers).body(body).send().await {
            Ok(answer) => {
                let answer: http::Response<reqwest::Body> = answer.into();
                answer.map(Body::new).into_response()
            }
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

/// Items that a transaction holds until this is dropped, also when its client goes away.
struct Hold<'a> {
    items: &'a Items,
    names: Vec<String>,
}

impl<'a> Hold<'a> {
    /// Holds all of them, or says of each whether somebody else does.
    fn take(items: &'a Items, names: Vec<String>) -> Result<Self, Vec<bool>> {
        let mut held = items.held();
        let conflicts: Vec<_> = names.iter().map(|name| held.contains(name)).collect();
        if conflicts.contains(&true) {
            return Err(conflicts);
        }
        held.extend(names.iter().cloned());
        drop(held);
        Ok(Self { items, names })
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut held = self.items.held();
        held.retain(|name| !self.names.contains(name));
    }
}

async fn pass(State(items): State<Arc<Items>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match operation {
        "TransactWriteItems" => {
            let over = Instant::now() + items.hold;
            let parts = request["TransactItems"].as_array().into_iter().flatten();
            let parts = parts.filter_map(|part| part.as_object()?.values().next());
            let hold = match Hold::take(&items, parts.map(name).collect()) {
                Ok(hold) => hold,
                Err(conflicts) => return canceled(&items, &conflicts),
            };
            let answer = items.forward(headers, body).await;
            sleep_until(over).await;
            drop(hold);
            answer
        }
        "PutItem" | "UpdateItem" | "DeleteItem" if items.held().contains(&name(&request)) => {
            let body = json!({ "__type": "TransactionConflictException", "message": ONGOING });
            refused(&items, body)
        }
        _ => items.forward(headers, body).await,
    }
}

const ONGOING: &str = "Transaction is ongoing for the item";

fn canceled(items: &Items, conflicts: &[bool]) -> Response {
    let reasons = conflicts.iter().map(|conflict| match conflict {
        true => json!({ "Code": "TransactionConflict", "Message": ONGOING }),
        false => json!({ "Code": "None" }),
    });
    let body = json!({
        "__type": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons.collect::<Vec<_>>(),
    });
    refused(items, body)
}

fn refused(items: &Items, body: Value) -> Response {
    items.refused.fetch_add(1, Ordering::Relaxed);
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
}

/// What a write is on: the table and the key, which a new item has among the rest.
fn name(write: &Value) -> String {
    let table = write["TableName"].as_str().unwrap_or_default();
    let place = if write["Key"].is_object() { &write["Key"] } else { &write["Item"] };
    let key: &[&str] = match table {
        "Usage" => &["owner", "what"],
        "Keys" => &["sha256"],
        _ => &["id"],
    };
    let key = key.iter().map(|part| place[*part]["S"].as_str().unwrap_or_default());
    format!("{table} {}", key.collect::<Vec<_>>().join(" "))
}
