//! The calls that vendors understand: submit, poll, cancel, find, repeat; and whether a
//! callback is theirs. Each goes by the account of its task.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use tokio::time::Instant;

use super::accounts::Account;
use super::exchange::{Unanswered, exchange, read_request_id};
use super::registry::{NoAccount, Registry};
use super::report::Exchange;
use crate::dialects::{
    Callback, CallbackRefused, Cancelled, Found, Handle, Polled, Search, Submitted,
};
use crate::platform::Clock;
use crate::platform::http_client::{Roots, http_client};
use crate::platform::secrets::StoredSecret;
use crate::task::{AccountId, Fault, FaultKind, Task, TaskId, Vendor};

/// The most and the least time that a vendor is given to answer a submission.
const LONGEST_SUBMISSION: Duration = Duration::from_secs(20);
const SHORTEST_SUBMISSION: Duration = Duration::from_secs(5);
/// What is left of an invocation to write down what came of it, and to say so.
const WRITING: Duration = Duration::from_secs(5);
/// Of a vendor's list, a hundred tasks each.
const MOST_PAGES: usize = 20;

/// The time that a vendor has for a submission that begins now. None when what is left
/// of the invocation is too little for it: what is begun and killed may cost money.
pub fn patience(clock: &Clock) -> Option<Duration> {
    let left = clock.left().checked_sub(WRITING)?;
    (left >= SHORTEST_SUBMISSION).then(|| left.min(LONGEST_SUBMISSION))
}

/// What came of a submission.
#[derive(Debug)]
pub struct Reply {
    pub submitted: Submitted,
    /// The tag of the credentials that it was made with.
    pub credentials: Arc<str>,
    /// The vendor's name for the exchange, where it has one and all went well.
    pub request_id: Option<String>,
}

/// A submission that may be sent once more, as it will be sent.
#[derive(Debug)]
pub struct Repetition {
    account: Account,
    request: Request<Bytes>,
}

/// Why a callback is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    NoAccount(NoAccount),
    Refused(CallbackRefused),
}

/// The vendors, with this gateway's accounts, and the way to reach them.
#[derive(Debug)]
pub struct Vendors {
    /// Opens a connection for each request. One that was idle may be dead without
    /// our knowing, and a submission lost on it could never be told from one heard.
    submitting: reqwest::Client,
    /// Keeps connections: asking twice does no harm.
    polling: reqwest::Client,
    registry: Registry,
}

impl Vendors {
    /// Vendors with the accounts that a secret holds, now and later.
    pub fn open(secret: StoredSecret) -> Self {
        Self {
            submitting: http_client(Roots::default(), |client| client.pool_max_idle_per_host(0)),
            polling: http_client(Roots::default(), |client| client),
            registry: Registry::open(secret),
        }
    }

    /// Reads the accounts, unless they were read before, so that a cold start can do
    /// so beside its other work.
    pub async fn load(&self) -> Result<(), NoAccount> {
        self.registry.load().await
    }

    /// The account for a new task.
    pub async fn choose(&self, vendor: Vendor, now: Timestamp) -> Result<Account, NoAccount> {
        self.registry.choose(vendor, now).await
    }

    /// The accounts for new tasks, one of each vendor that has one.
    pub async fn accounts(&self, now: Timestamp) -> Result<Vec<Account>, NoAccount> {
        self.registry.all(now).await
    }

    /// Sends a submission, once. When its account is refused and has other credentials
    /// by now, surely nothing was made, and the submission is sent anew, once `anew` has built
    /// it and written down whom it goes to. None when there is no time to send it at all.
    pub async fn submit(
        &self,
        account: &Account,
        task: &TaskId,
        request: Request<Bytes>,
        anew: impl AsyncFnOnce(&Account) -> Option<Request<Bytes>>,
        clock: &Clock,
    ) -> Option<Reply> {
        let reply = self.submit_once(account, task, request, patience(clock)?).await;
        let Submitted::Refused(fault) = &reply.submitted else { return Some(reply) };
        if !fault.kind.is_operators() {
            return Some(reply);
        }
        let renewed = self.registry.renewed(account, clock.now()).await;
        let Some(account) = renewed.filter(|_| patience(clock).is_some()) else {
            return Some(reply);
        };
        let Some(request) = anew(&account).await else { return Some(reply) };
        match patience(clock) {
            Some(patience) => Some(self.submit_once(&account, task, request, patience).await),
            None => Some(reply),
        }
    }

    /// The submission of a task as it can be sent once more: to the very account that was
    /// asked first, for only that one recognises it. None where it cannot.
    pub async fn repetition(&self, task: &Task, now: Timestamp) -> Option<Repetition> {
        let body = Bytes::from(task.repeat.clone()?);
        let account = self.registry.of_task(task, now).await.ok()?;
        if *account.credentials != task.credentials {
            return None;
        }
        let request = account.dialect().repeat(&task.endpoint, body, now)?;
        Some(Repetition { account, request })
    }

    /// Sends a submission once more that the vendor surely does not have.
    pub async fn repeat(&self, task: &TaskId, repetition: Repetition, patience: Duration) -> Reply {
        let Repetition { account, request } = repetition;
        self.submit_once(&account, task, request, patience).await
    }

    async fn submit_once(
        &self,
        account: &Account,
        task: &TaskId,
        request: Request<Bytes>,
        patience: Duration,
    ) -> Reply {
        let began = Instant::now();
        let mut request_id = None;
        let submitted = match exchange(&self.submitting, request, patience).await {
            Ok(answer) => {
                request_id = read_request_id(&answer);
                account.dialect().read_submitted(&answer, task)
            }
            Err(Unanswered { heard: false, fault }) => Submitted::Refused(fault),
            Err(Unanswered { heard: true, fault }) => Submitted::Unknown(fault),
        };
        let exchange = Exchange { vendor: account.vendor, task, took: began.elapsed() };
        exchange.submitted(&submitted, request_id.as_deref());
        Reply { submitted, credentials: account.credentials.clone(), request_id }
    }

    /// Asks how a task is doing. None as long as there is nothing to ask by.
    pub async fn poll(&self, task: &Task, now: Timestamp, timeout: Duration) -> Option<Polled> {
        let handle = Handle::of(task)?;
        let account = match self.account_of(task, now).await {
            Ok(account) => account,
            Err(fault) => return Some(Polled::Nothing(fault)),
        };
        let request = account.dialect().poll(&handle, now);
        let began = Instant::now();
        let polled = match exchange(&self.polling, request, timeout).await {
            Ok(answer) => account.dialect().read_polled(&answer, &handle, now),
            Err(unanswered) => Polled::Nothing(unanswered.fault),
        };
        let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
        let polled = match polled {
            Polled::Missing(fault) if *account.credentials != task.credentials => {
                Polled::Nothing(fault)
            }
            polled => polled,
        };
        exchange.polled(&polled, task.status);
        if let Polled::Nothing(fault) = &polled {
            self.renew_if_refused(&account, fault, now).await;
        }
        Some(polled)
    }

    /// Asks the vendor to stop a task. None as long as there is nothing to ask by, and where the
    /// vendor stops none.
    pub async fn cancel(
        &self,
        task: &Task,
        now: Timestamp,
        timeout: Duration,
    ) -> Option<Cancelled> {
        let handle = Handle::of(task)?;
        let account = match self.account_of(task, now).await {
            Ok(account) => account,
            Err(fault) => return Some(Cancelled::Nothing(fault)),
        };
        let request = account.dialect().cancel(&handle, now)?;
        let began = Instant::now();
        let cancelled = match exchange(&self.polling, request, timeout).await {
            Ok(answer) => account.dialect().read_cancelled(&answer),
            Err(unanswered) => Cancelled::Nothing(unanswered.fault),
        };
        let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
        exchange.cancelled(&cancelled);
        if let Cancelled::Nothing(fault) = &cancelled {
            self.renew_if_refused(&account, fault, now).await;
        }
        Some(cancelled)
    }

    /// Looks for a task of which nobody knows whether the vendor made it: by our name
    /// for it, or by the vendor's task that a callback speaks of. None where the
    /// vendor has no way to find out.
    pub async fn find(
        &self,
        task: &Task,
        callback: Option<&[u8]>,
        now: Timestamp,
        timeout: Duration,
    ) -> Option<Found> {
        let search = self.leaf_through(task, callback, now, timeout);
        tokio::time::timeout(timeout, search).await.unwrap_or_else(|_| {
            Some(Found::Nothing(Fault::with_message(FaultKind::Unreadable, "no answer in time")))
        })
    }

    /// One page of the vendor's list after the other, where it is a list.
    async fn leaf_through(
        &self,
        task: &Task,
        callback: Option<&[u8]>,
        now: Timestamp,
        timeout: Duration,
    ) -> Option<Found> {
        let account = match self.account_of(task, now).await {
            Ok(account) => account,
            Err(fault) => return Some(Found::Nothing(fault)),
        };
        let dialect = account.dialect();
        let hint = callback.and_then(|body| dialect.hint(body));
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let search = Search {
                task_id: &task.id,
                endpoint: &task.endpoint,
                created_at: task.created_at,
                hint: hint.as_deref(),
                page: page.as_deref(),
            };
            let request = dialect.find(&search, now)?;
            let began = Instant::now();
            let found = match exchange(&self.polling, request, timeout).await {
                Ok(answer) => dialect.read_found(&answer, &search),
                Err(unanswered) => Found::Nothing(unanswered.fault),
            };
            let found = match found {
                Found::Absent | Found::Unlisted if *account.credentials != task.credentials => {
                    let message = "the account has other credentials than when it was asked";
                    Found::Nothing(Fault::with_message(FaultKind::NotFound, message))
                }
                found => found,
            };
            let exchange = Exchange { vendor: task.vendor, task: &task.id, took: began.elapsed() };
            exchange.found(&found);
            if let Found::Nothing(fault) = &found {
                self.renew_if_refused(&account, fault, now).await;
            }
            match found {
                Found::More(next) => page = Some(next),
                found => return Some(found),
            }
        }
        Some(Found::Nothing(Fault::with_message(FaultKind::NotFound, "not on so many pages")))
    }

    /// Whether a vendor itself called, by the account that the callback's token names.
    pub async fn verify(
        &self,
        vendor: Vendor,
        account: &AccountId,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let account =
            self.registry.of(vendor, account, now).await.map_err(Unverified::NoAccount)?;
        let mut verified = account.dialect().verify_callback(callback, now);
        // Signed with a key of the account, which may have been exchanged since we read it.
        if verified == Err(CallbackRefused::Mismatch)
            && let Some(account) = self.registry.renewed(&account, now).await
        {
            verified = account.dialect().verify_callback(callback, now);
        }
        verified.map_err(Unverified::Refused)
    }

    /// Whether a vendor's console tries an address, signed with an account of ours.
    pub async fn is_test_call(
        &self,
        vendor: Vendor,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> bool {
        let verify = |account: &Account| account.dialect().verify_test_call(callback, now);
        let is_signed = |account: &Account| verify(account) != Err(CallbackRefused::Unsigned);
        // What strangers send unsigned is no reason to read a secret again.
        self.registry.knows(vendor, is_signed)
            && self.registry.has(vendor, |account| verify(account).is_ok(), now).await
    }

    async fn account_of(&self, task: &Task, now: Timestamp) -> Result<Account, Fault> {
        let account = self.registry.of_task(task, now).await;
        account.map_err(|no| match no {
            // The registry has logged it.
            NoAccount::Unreadable => {
                Fault::with_message(FaultKind::Unavailable, "the accounts cannot be read")
            }
            NoAccount::Missing => {
                let (task, vendor, account) = (&task.id, task.vendor, &task.account);
                tracing::error!(task.id = %task, %vendor, %account, "a task's vendor cannot be asked: its account is gone from the accounts secret");
                Fault::with_message(FaultKind::Unavailable, "the task's account is gone")
            }
        })
    }

    /// Whoever asks next has the operator's current account.
    async fn renew_if_refused(&self, refused: &Account, fault: &Fault, now: Timestamp) {
        if fault.kind.is_operators() {
            drop(self.registry.renewed(refused, now).await);
        }
    }
}
