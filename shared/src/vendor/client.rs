//! The only code that talks to vendors.
//!
//! Not here: what is said (the dialects) and when (the functions).
//! Nothing is retried: a submission that might have been heard is never
//! repeated, and a look that failed is somebody else's next look.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::report::Exchange;
use super::{Dialect, Fault, Found, Handle, Kind, Polled, Sought, Submitted, Vendor};
use crate::client::http_client;
use crate::task::{Task, TaskId};

/// A vendor may take its time over a submission, but API Gateway gives us 30 s in all.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);
/// Of a vendor's list, a hundred tasks each.
const MOST_PAGES: usize = 20;
/// Answers may echo the request, images and all, and those fit into a Lambda event.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

const LONGEST_REQUEST_ID: usize = 100;

/// What came of a submission.
#[derive(Debug)]
pub struct Reply {
    pub submitted: Submitted,
    /// The vendor's name for the exchange, where it has one and all went well.
    pub request_id: Option<String>,
}

/// The configured vendors, each with its account, and the way to reach them.
#[derive(Debug)]
pub struct Vendors {
    /// Opens a connection for each request. One that was idle may be dead without
    /// our knowing, and a submission lost on it could never be told from one heard.
    submitting: reqwest::Client,
    /// Keeps connections: asking twice does no harm.
    looking: reqwest::Client,
    dialects: BTreeMap<Vendor, Box<dyn Dialect>>,
}

/// What is wrong with the accounts, without a word of what is in them.
#[derive(Debug)]
pub struct AccountsError(String);

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AccountsError {}

impl Vendors {
    /// Reads the accounts: `{"vidu":{"api_key":"…"}}`.
    pub fn read(accounts: &str) -> Result<Self, AccountsError> {
        let accounts: Map<String, Value> = serde_json::from_str(accounts).map_err(|error| {
            // serde_json would quote the text, which is full of keys.
            let (line, column) = (error.line(), error.column());
            AccountsError(format!(
                "the accounts are no JSON object of vendors (line {line}, column {column})"
            ))
        })?;
        let mut dialects = BTreeMap::new();
        for (name, account) in accounts {
            let vendor: Vendor = name.parse().map_err(|()| {
                let known = Vendor::ALL.map(Vendor::as_str).join(", ");
                AccountsError(format!("the accounts name `{name}`; known vendors are {known}"))
            })?;
            let dialect = vendor.dialect(account).map_err(|error| {
                AccountsError(format!("the account of `{name}` {}", without_values(&error)))
            })?;
            dialects.insert(vendor, dialect);
        }
        let submitting = http_client(|client| client.pool_max_idle_per_host(0));
        Ok(Self { submitting, looking: http_client(|client| client), dialects })
    }

    /// None when this gateway has no account with the vendor.
    pub fn dialect(&self, vendor: Vendor) -> Option<&dyn Dialect> {
        self.dialects.get(&vendor).map(Box::as_ref)
    }

    /// Sends a submission, once.
    pub async fn submit(&self, vendor: Vendor, task: &TaskId, request: Request<Bytes>) -> Reply {
        let Some(dialect) = self.dialect(vendor) else {
            let fault = Fault::with_message(Kind::Unavailable, "no account");
            return Reply { submitted: Submitted::Refused(fault), request_id: None };
        };
        let began = Instant::now();
        let mut request_id = None;
        let submitted = match exchange(&self.submitting, request, SUBMIT_TIMEOUT).await {
            Ok(answer) => {
                request_id = read_request_id(&answer);
                dialect.read_submitted(&answer)
            }
            Err(Unanswered { heard: false, fault }) => Submitted::Refused(fault),
            Err(Unanswered { heard: true, fault }) => Submitted::Unknown(fault),
        };
        let exchange = Exchange { vendor, task, took: began.elapsed() };
        exchange.submitted(&submitted, request_id.as_deref());
        Reply { submitted, request_id }
    }

    /// Asks how a task is doing. None as long as there is nothing to ask by.
    pub async fn poll(&self, task: &Task, now: Timestamp, timeout: Duration) -> Option<Polled> {
        let dialect = self.dialect(task.vendor)?;
        let request = dialect.poll(&Handle::of(task)?, now);
        let began = Instant::now();
        let polled = match exchange(&self.looking, request, timeout).await {
            Ok(answer) => dialect.read_polled(&answer, now),
            Err(unanswered) => Polled::Nothing(unanswered.fault),
        };
        let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
        exchange.polled(&polled, task.status);
        Some(polled)
    }

    /// Looks for a task of which nobody knows whether the vendor made it. None
    /// where the vendor has no way to find out.
    pub async fn find(
        &self,
        task: &Task,
        hint: Option<&str>,
        now: Timestamp,
        timeout: Duration,
    ) -> Option<Found> {
        let search = self.leaf_through(task, hint, now, timeout);
        tokio::time::timeout(timeout, search).await.unwrap_or_else(|_| {
            Some(Found::Nothing(Fault::with_message(Kind::Unreadable, "no answer in time")))
        })
    }

    /// One page of the vendor's list after the other, where it is a list.
    async fn leaf_through(
        &self,
        task: &Task,
        hint: Option<&str>,
        now: Timestamp,
        timeout: Duration,
    ) -> Option<Found> {
        let dialect = self.dialect(task.vendor)?;
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let sought = Sought {
                task_id: &task.id,
                endpoint: &task.endpoint,
                created_at: task.created_at,
                payload: task.payload.as_deref(),
                hint,
                page: page.as_deref(),
            };
            let request = dialect.find(&sought, now)?;
            let began = Instant::now();
            let found = match exchange(&self.looking, request, timeout).await {
                Ok(answer) => dialect.read_found(&answer, &sought),
                Err(unanswered) => Found::Nothing(unanswered.fault),
            };
            let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
            exchange.found(&found);
            match found {
                Found::More(next) => page = Some(next),
                found => return Some(found),
            }
        }
        Some(Found::Nothing(Fault::with_message(Kind::NotFound, "not on so many pages")))
    }
}

/// The vendor's name for an exchange, where its answer begins with one.
fn read_request_id(answer: &Response<Bytes>) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        request_id: String,
    }
    let Named { request_id } = serde_json::from_slice(answer.body()).ok()?;
    Some(request_id.chars().take(LONGEST_REQUEST_ID).collect())
}

/// What is wrong with an account. serde quotes the values that it does not
/// like, and these are keys, so its words are passed on only without one.
fn without_values(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let expected = message.split_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) if message.starts_with("unknown field") => {
            format!(
                "has a member that is none of these: {}",
                expected.trim_start_matches("one of ")
            )
        }
        _ if message.starts_with("invalid ") => {
            "is not as it should be: an object whose members are texts".to_owned()
        }
        _ => format!("is not good: {message}"),
    }
}

async fn exchange(
    http: &reqwest::Client,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, Unanswered> {
    let read = async {
        let request = reqwest::Request::try_from(request)?;
        let mut answer = http.execute(request).await?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    };
    match tokio::time::timeout(timeout, read).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(Unanswered::of(&error)),
        Err(_) => Err(Unanswered {
            heard: true,
            fault: Fault::with_message(Kind::Unreadable, "no answer in time"),
        }),
    }
}

struct Unanswered {
    /// Whether the vendor may have heard the request.
    heard: bool,
    fault: Fault,
}

impl Unanswered {
    fn of(error: &reqwest::Error) -> Self {
        // Without a connection nothing was said; a request that could not even
        // be built was never sent.
        let heard = !(error.is_connect() || error.is_builder());
        let (kind, message) = if heard {
            (Kind::Unreadable, "the connection broke before an answer")
        } else {
            (Kind::Unavailable, "no connection")
        };
        Self { heard, fault: Fault::with_message(kind, message) }
    }
}
