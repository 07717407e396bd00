//! The only code that talks to vendors.
//!
//! Not here: what is said (the dialects) and when (the functions).
//! Nothing is retried: a submission that might have been heard is never
//! repeated, and a look that failed is somebody else's next look.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::Instant;

use super::accounts::{Accounts, AccountsError};
use super::report::Exchange;
use crate::dialects::{Dialect, Found, Handle, Polled, Sought, Submitted};
use crate::platform::SetupError;
use crate::platform::http_client::{Roots, http_client};
use crate::platform::secrets::{Renewable, StoredSecret};
use crate::platform::telemetry::{Line, Unit, WaitsForVendor};
use crate::task::{Fault, Kind, Task, TaskId, Vendor};

/// A vendor may take its time over a submission, but API Gateway gives us 30 s in all.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);
/// Of a vendor's list, a hundred tasks each.
const MOST_PAGES: usize = 20;
/// An account may stay refused for long, and looking whether there is a new one costs.
const REREAD_PAUSE: SignedDuration = SignedDuration::from_secs(10);
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
    accounts: Renewable<Accounts>,
    /// Where the accounts come from.
    secret: Option<StoredSecret>,
}

impl Vendors {
    /// Vendors with these accounts, and no others ever.
    pub fn read(accounts: &str) -> Result<Self, AccountsError> {
        Ok(Self::new(Some(Accounts::read(accounts)?), None))
    }

    /// Vendors with the accounts that a secret holds, now and later.
    pub fn open(secret: StoredSecret) -> Self {
        Self::new(None, Some(secret))
    }

    fn new(accounts: Option<Accounts>, secret: Option<StoredSecret>) -> Self {
        let submitting = http_client(Roots::default(), |client| client.pool_max_idle_per_host(0));
        let accounts = Renewable::new(accounts, REREAD_PAUSE);
        Self {
            submitting,
            looking: http_client(Roots::default(), |client| client),
            accounts,
            secret,
        }
    }

    /// Waits until the accounts are known, so that there is something to be asked of
    /// the rest. What is wrong with them is logged here.
    pub async fn ready(&self) -> Result<(), SetupError> {
        let read = async || match &self.secret {
            Some(secret) => read_secret(secret).await,
            None => Err(SetupError::new("there are no accounts")),
        };
        let read = self.accounts.ready(read).await;
        read.map(drop).inspect_err(|error| {
            tracing::error!(%error, "no vendor can be asked");
            let divided_by: &[&[_]] = &[&[]];
            let line = Line::new("no accounts");
            line.metric("CredentialsRefused", Unit::Count, 1, divided_by).write();
        })
    }

    /// None when this gateway has no account with the vendor, as far as is known.
    pub fn dialect(&self, vendor: Vendor) -> Option<Arc<dyn Dialect>> {
        self.accounts.current()?.dialect(vendor)
    }

    /// Like [`Self::dialect`], but an account that is missing may have been added.
    pub async fn dialect_by_now(&self, vendor: Vendor, now: Timestamp) -> Option<Arc<dyn Dialect>> {
        match self.dialect(vendor) {
            None => self.renewed(vendor, None, now).await,
            known => known,
        }
    }

    /// Another account with the vendor than the one that was refused, if the
    /// operator has put one into the secret by now.
    pub async fn renewed(
        &self,
        vendor: Vendor,
        refused: Option<&Arc<dyn Dialect>>,
        now: Timestamp,
    ) -> Option<Arc<dyn Dialect>> {
        let secret = self.secret.as_ref()?;
        let other = |accounts: &Accounts| {
            let dialect = accounts.dialect(vendor)?;
            refused.is_none_or(|refused| !Arc::ptr_eq(refused, &dialect)).then_some(dialect)
        };
        let suffices = |accounts: &Accounts| other(accounts).is_some();
        let read = async || {
            let accounts = read_secret(secret).await?;
            Ok(match self.accounts.current() {
                Some(before) => accounts.keeping(&before),
                None => accounts,
            })
        };
        other(&*self.accounts.renewed(suffices, now, read).await?)
    }

    /// Sends a submission, once.
    pub async fn submit(
        &self,
        vendor: Vendor,
        dialect: &dyn Dialect,
        task: &TaskId,
        request: Request<Bytes>,
    ) -> Reply {
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
        if self.ready().await.is_err() {
            return Some(Polled::Nothing(no_accounts()));
        }
        let dialect = self.dialect_by_now(task.vendor, now).await?;
        let request = dialect.poll(&Handle::of(task)?, now);
        let began = Instant::now();
        let polled = match exchange(&self.looking, request, timeout).await {
            Ok(answer) => dialect.read_polled(&answer, now),
            Err(unanswered) => Polled::Nothing(unanswered.fault),
        };
        let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
        exchange.polled(&polled, task.status);
        if let Polled::Nothing(fault) = &polled {
            self.renew_if_refused(task.vendor, &dialect, fault, now).await;
        }
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
        if self.ready().await.is_err() {
            return Some(Found::Nothing(no_accounts()));
        }
        let dialect = self.dialect_by_now(task.vendor, now).await?;
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
            if let Found::Nothing(fault) = &found {
                self.renew_if_refused(task.vendor, &dialect, fault, now).await;
            }
            match found {
                Found::More(next) => page = Some(next),
                found => return Some(found),
            }
        }
        Some(Found::Nothing(Fault::with_message(Kind::NotFound, "not on so many pages")))
    }

    /// Whoever looks next has the account that the operator has put there by now.
    async fn renew_if_refused(
        &self,
        vendor: Vendor,
        refused: &Arc<dyn Dialect>,
        fault: &Fault,
        now: Timestamp,
    ) {
        if fault.kind.is_operators() {
            drop(self.renewed(vendor, Some(refused), now).await);
        }
    }
}

fn no_accounts() -> Fault {
    Fault::with_message(Kind::Unavailable, "the accounts cannot be read")
}

async fn read_secret(secret: &StoredSecret) -> Result<Accounts, SetupError> {
    let text = secret.current().await?;
    Accounts::read(&text).map_err(|error| secret.error(&format!("is not good: {error}")))
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

async fn exchange(
    http: &reqwest::Client,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, Unanswered> {
    let _waits = WaitsForVendor::begin();
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
