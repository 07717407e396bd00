//! `POST /v1/callbacks/{vendor}/{token}`: a vendor rings, and we look for ourselves.
//!
//! The body is never believed. The token proves that we made the address, the
//! signature, where the vendor has one, that the vendor called it; all they do
//! is make us ask. A vendor that cannot be asked, or not yet, is told to ring
//! again.

use jiff::Timestamp;
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::{ApiError, http};
use shared::callback::Callbacks;
use shared::refresh::{PATIENCE, refresh};
use shared::setup::{Environment, SetupError};
use shared::store::{StoreError, Tasks};
use shared::task::{Task, TaskId};
use shared::vendor::{Found, Ring, Vendor, Vendors};

#[derive(Debug)]
pub struct Callback {
    tasks: Tasks,
    vendors: Vendors,
    callbacks: Callbacks,
}

impl Callback {
    pub async fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            tasks: environment.tasks()?,
            vendors: environment.vendors().await?,
            callbacks: environment.callbacks().await?,
        })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        self.try_answer(request, now).await.unwrap_or_else(|error| http::error(&error))
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        http::require_method(request, "POST")?;
        let (vendor, id) = self.read_path(request)?;
        self.verify(request, vendor, &id, now)?;

        let store_error = |error| {
            tracing::error!(task.id = %id, %vendor, %error, "a ring could not be followed");
            ApiError::ring_again()
        };
        let task = self.tasks.get(&id).await.map_err(store_error)?;
        let task = task.ok_or_else(ApiError::unknown_task)?;
        if task.status.is_final() {
            return Ok(http::done());
        }
        let task = self.learn_id(request, task, now).await.map_err(store_error)?;
        match refresh(&self.tasks, &self.vendors, task, now).await.map_err(store_error)? {
            Some(_) => Ok(http::done()),
            None => Err(ApiError::ring_again()),
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
                let accepted = self.tasks.accept(&task, &vendor_task_id, &figures, now).await?;
                Ok(accepted.unwrap_or(task))
            }
            _ => Ok(task),
        }
    }

    fn read_path(&self, request: &Request) -> Result<(Vendor, TaskId), ApiError> {
        let parameters = request.path_parameters();
        let vendor = parameters.first("vendor").and_then(|vendor| vendor.parse().ok());
        let token = parameters.first("token");
        vendor
            .zip(token)
            .and_then(|(vendor, token)| Some((vendor, self.callbacks.read(vendor, token)?)))
            .ok_or_else(|| {
                tracing::warn!("a callback was refused: its address is not one of ours");
                ApiError::unknown_route(request.method().as_str(), "/v1/callbacks/…")
            })
    }

    fn verify(
        &self,
        request: &Request,
        vendor: Vendor,
        id: &TaskId,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let ring = Ring {
            path: &self.callbacks.path(vendor, id),
            // Ours have none; what somebody appends is signed by nobody.
            query: "",
            headers: request.headers(),
            body: request.body(),
        };
        let dialect = self.vendors.dialect(vendor).ok_or_else(|| {
            ApiError::unauthorized("no_account", "This gateway has no account with this vendor.")
        })?;
        dialect.verify_ring(&ring, now).map_err(|forged| {
            tracing::warn!(task.id = %id, %vendor, reason = %forged, "a callback was refused");
            ApiError::unauthorized(
                "forged_callback",
                format!("This callback was refused: {forged}."),
            )
        })
    }
}
