//! `POST /v1/callbacks/{vendor}/{token}`: a vendor rings, and we look for ourselves.
//!
//! The body is never believed. The token proves that we made the address, the
//! signature, where the vendor has one, that the vendor called it; all they do
//! is make us ask. A vendor that cannot be asked, or not yet, is told to ring
//! again.

use jiff::Timestamp;
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::{ApiError, http};
use shared::dialects::{Forged, Found, Ring};
use shared::lifecycle::{PATIENCE, refresh};
use shared::platform::SetupError;
use shared::platform::telemetry::{self, Unit};
use shared::runtime::{Environment, answered};
use shared::store::{StoreError, Tasks};
use shared::task::{Code, Source, Task, TaskId, Vendor, What};
use shared::vendors::{CallbackTokens, Vendors};

#[derive(Debug)]
pub struct Callback {
    tasks: Tasks,
    vendors: Vendors,
    tokens: CallbackTokens,
}

impl Callback {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            tasks: environment.tasks()?,
            vendors: environment.vendors()?,
            tokens: environment.callback_tokens()?,
        })
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
        let (vendor, id, path) = self.read_path(request, now).await?;
        self.verify(request, vendor, &id, &path, now).await?;

        let store_error = |error| {
            tracing::error!(task.id = %id, %vendor, %error, "a ring could not be followed");
            ApiError::callback_retry()
        };
        let task = self.tasks.get(&id).await.map_err(store_error)?;
        let task = task.ok_or_else(ApiError::unknown_task)?;
        count("accepted", "none");
        if task.status.is_final() {
            return Ok(http::done());
        }
        let task = self.learn_id(request, task, now).await.map_err(store_error)?;
        let ring = Some(Source::Callback.step(What::Rung, now));
        let (tasks, by) = (&self.tasks, Source::Callback);
        match refresh(tasks, &self.vendors, task, by, ring, now).await.map_err(store_error)? {
            Some(_) => Ok(http::done()),
            None => Err(ApiError::callback_retry()),
        }
    }

    /// A ring may be the first that we hear of a submission whose answer was lost.
    /// The vendor is asked whether the task that it names is ours.
    async fn learn_id(
        &self,
        request: &Request,
        task: Task,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let dialect = self.vendors.dialect(task.vendor).filter(|_| task.vendor_task_id.is_none());
        let Some(hint) = dialect.and_then(|dialect| dialect.hint(request.body())) else {
            return Ok(task);
        };
        match self.vendors.find(&task, Some(&hint), now, PATIENCE).await {
            Some(Found::Task { vendor_task_id, figures }) => {
                let step = Source::Callback.step(What::Found, now);
                let accepted = self.tasks.accept(&task, &vendor_task_id, &figures, step).await?;
                Ok(accepted.unwrap_or(task))
            }
            _ => Ok(task),
        }
    }

    /// The vendor and the task that the address names, and its path as we gave it out.
    async fn read_path(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(Vendor, TaskId, String), ApiError> {
        let parameters = request.path_parameters();
        let vendor = parameters.first("vendor").and_then(|vendor| vendor.parse::<Vendor>().ok());
        let token = parameters.first("token");
        telemetry::tell(|line| line.set("vendor", vendor.map_or("unknown", Vendor::as_str)));
        if let Some((vendor, token)) = vendor.zip(token) {
            // Side by side, because a cold start reads both.
            let (id, ready) =
                tokio::join!(self.tokens.read(vendor, token, now), self.vendors.ready());
            let id = id.map_err(|error| {
                tracing::error!(%error, "no address of a callback can be read");
                ApiError::callback_retry()
            })?;
            if let Some(id) = id {
                telemetry::tell(|line| line.set("task_id", id.as_str()));
                ready.map_err(|_| ApiError::callback_retry())?;
                return Ok((vendor, id, self.tokens.path(vendor, token)));
            }
        }
        count("refused", "address");
        Err(ApiError::unknown_route(request.method().as_str(), "/v1/callbacks/…"))
    }

    async fn verify(
        &self,
        request: &Request,
        vendor: Vendor,
        id: &TaskId,
        path: &str,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let ring = Ring {
            path,
            // Ours have none; what somebody appends is signed by nobody.
            query: "",
            headers: request.headers(),
            body: request.body(),
        };
        let Some(dialect) = self.vendors.dialect_by_now(vendor, now).await else {
            count("refused", "no_account");
            let message = "This gateway has no account with this vendor.";
            return Err(ApiError::new(Code::NoAccount, message));
        };
        let mut verified = dialect.verify_ring(&ring, now);
        // Signed with a key of the account, which may have been exchanged since we read it.
        if verified == Err(Forged::Mismatch)
            && let Some(dialect) = self.vendors.renewed(vendor, Some(&dialect), now).await
        {
            verified = dialect.verify_ring(&ring, now);
        }
        let Err(forged) = verified else { return Ok(()) };
        count("refused", forged.code());
        if let Err(error) = self.note_forged(id, forged, now).await {
            tracing::warn!(task.id = %id, %error, "a step of a task could not be kept");
        }
        let message = format!("This callback was refused: {forged}.");
        Err(ApiError::new(Code::CallbackRefused, message))
    }

    /// Who has a task's address but not the vendor's signature is worth a step in
    /// the story of a task that has not ended.
    async fn note_forged(
        &self,
        id: &TaskId,
        forged: Forged,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.tasks.get(id).await? {
            Some(task) if !task.status.is_final() => {
                let step = Source::Callback.step(What::RingRefused, now).with_detail(forged.code());
                self.tasks.note(&task, step).await
            }
            _ => Ok(()),
        }
    }
}

/// What became of a ring, in numbers.
fn count(outcome: &'static str, reason: &'static str) {
    telemetry::tell(|line| {
        line.set("outcome", outcome);
        line.set("reason", reason);
        let divided_by: &[&[_]] = &[&["outcome"], &["vendor", "outcome", "reason"]];
        line.measure("Callbacks", Unit::Count, 1, divided_by);
    });
}
