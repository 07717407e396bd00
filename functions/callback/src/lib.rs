//! `POST /v1/callbacks/{vendor}/{token}`: a vendor calls, and we poll for ourselves.
//!
//! The body is never believed. The token proves that we made the address, the
//! signature, where the vendor has one, that the vendor called it; all they do
//! is make us ask. A vendor that cannot be asked, or not yet, is told to call
//! again. What a vendor's console signs to try an address is answered, and has no effect.

use jiff::Timestamp;
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::{ApiError, http};
use shared::dialects;
use shared::lifecycle::{Asker, Lifecycle};
use shared::platform::SetupError;
use shared::platform::telemetry::{self, Unit};
use shared::runtime::{Environment, answered};
use shared::store::StoreError;
use shared::task::{Actor, Code, EventKind, Task, TaskId, Vendor};
use shared::vendors::{Addressee, CallbackTokens, NoAccount, Unverified};

#[derive(Debug)]
pub struct Callback {
    lifecycle: Lifecycle,
    tokens: CallbackTokens,
}

impl Callback {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { lifecycle: environment.lifecycle()?, tokens: environment.callback_tokens()? })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("callback", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        http::require_method(request, "POST")?;
        let Some((vendor, addressee, path)) = self.read_path(request, now).await? else {
            count("accepted", "test");
            return Ok(http::done());
        };
        self.verify(request, vendor, &addressee, &path, now).await?;

        let id = &addressee.task;
        let store_error = |error| {
            tracing::error!(task.id = %id, %vendor, %error, "a callback could not be followed");
            ApiError::callback_retry()
        };
        let task = self.lifecycle.tasks.get(id).await.map_err(store_error)?;
        let task = task.ok_or_else(ApiError::unknown_task)?;
        count("accepted", "none");
        let by = Actor::Callback;
        let called_back = Some(by.event(EventKind::CalledBack, now));
        let asker = Asker { callback: called_back, ..Asker::waiting(by) };
        if task.was_given_up() {
            let told = self.lifecycle.hear_of_given_up(task, request.body(), &asker, now).await;
            return told.map(|()| http::done()).map_err(store_error);
        }
        if task.status.is_final() {
            return Ok(http::done());
        }
        let polled = self.follow(request, task, asker, now).await.map_err(store_error)?;
        polled.map(|_| http::done()).ok_or_else(ApiError::callback_retry)
    }

    /// Asks the vendor about the task that it called for. A callback may be the first
    /// that is heard of a submission whose answer was lost.
    async fn follow(
        &self,
        request: &Request,
        task: Task,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let task = self.lifecycle.find_by_callback(task, request.body(), &asker, now).await?;
        self.lifecycle.poll(&task, asker, now).await
    }

    /// The vendor, the task and its account that the address names, and its path as
    /// we gave it out. None when a vendor's console only tries whether somebody is here.
    async fn read_path(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<(Vendor, Addressee, String)>, ApiError> {
        let parameters = request.path_parameters();
        let vendor = parameters.first("vendor").and_then(|vendor| vendor.parse::<Vendor>().ok());
        let token = parameters.first("token");
        telemetry::tell(|line| line.set("vendor", vendor.map_or("unknown", Vendor::as_str)));
        if let Some((vendor, token)) = vendor.zip(token) {
            // Side by side, because a cold start reads both.
            let (addressee, loaded) =
                tokio::join!(self.tokens.read(vendor, token, now), self.lifecycle.vendors.load());
            let addressee = addressee.map_err(|error| {
                tracing::error!(%error, "no address of a callback can be read");
                ApiError::callback_retry()
            })?;
            if let Some(addressee) = addressee {
                telemetry::tell(|line| line.set("task_id", addressee.task.as_str()));
                loaded.map_err(|_| ApiError::callback_retry())?;
                return Ok(Some((vendor, addressee, self.tokens.path(vendor, token))));
            }
            let path = self.tokens.path(vendor, token);
            let callback = read_callback(request, &path);
            if self.lifecycle.vendors.is_test_call(vendor, &callback, now).await {
                return Ok(None);
            }
        }
        count("refused", "address");
        Err(ApiError::unknown_route(request.method().as_str(), "/v1/callbacks/…"))
    }

    async fn verify(
        &self,
        request: &Request,
        vendor: Vendor,
        addressee: &Addressee,
        path: &str,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let callback = read_callback(request, path);
        let Addressee { task, account } = addressee;
        let verified = self.lifecycle.vendors.verify(vendor, account, &callback, now).await;
        let refused = match verified {
            Ok(()) => return Ok(()),
            Err(Unverified::NoAccount(NoAccount::Unreadable)) => {
                return Err(ApiError::callback_retry());
            }
            Err(Unverified::NoAccount(NoAccount::Missing)) => {
                count("refused", "no_account");
                let message = "This gateway has no account with this vendor.";
                return Err(ApiError::new(Code::NoAccount, message));
            }
            Err(Unverified::Refused(refused)) => refused,
        };
        count("refused", refused.code());
        if let Err(error) = self.note_refused(task, refused.code(), now).await {
            tracing::warn!(task.id = %task, %error, "an event of a task could not be kept");
        }
        let message = format!("This callback was refused: {refused}.");
        Err(ApiError::new(Code::CallbackRefused, message))
    }

    /// Who has a task's address but not the vendor's signature is worth an event of a
    /// task that has not ended.
    async fn note_refused(
        &self,
        id: &TaskId,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tasks = &self.lifecycle.tasks;
        match tasks.get(id).await? {
            Some(task) if !task.status.is_final() => {
                let event =
                    Actor::Callback.event(EventKind::CallbackRefused, now).with_detail(reason);
                tasks.note(&task, event).await
            }
            _ => Ok(()),
        }
    }
}

/// A call as its vendor signed it.
fn read_callback<'a>(request: &'a Request, path: &'a str) -> dialects::Callback<'a> {
    // Addresses of ours have no query; what somebody appends is signed by nobody.
    dialects::Callback { path, query: "", headers: request.headers(), body: request.body() }
}

/// What became of a callback, in numbers.
fn count(outcome: &'static str, reason: &'static str) {
    telemetry::tell(|line| {
        line.set("outcome", outcome);
        line.set("reason", reason);
        let divided_by: &[&[_]] = &[&["outcome"], &["vendor", "outcome", "reason"]];
        line.measure("Callbacks", Unit::Count, 1, divided_by);
    });
}
