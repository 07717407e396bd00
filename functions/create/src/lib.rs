//! `POST /v1/video/generations`: a request becomes a task, and the task a submission.
//!
//! Read, plan, begin, submit, render: the order is the point. All that can be
//! refused is refused before anything costs; the task is stored before the vendor
//! hears of it; the vendor is asked once, and an answer that leaves it open is a
//! queued task.

mod counts;
mod once;
mod plan;
mod submit;

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use shared::api::generations::CreatedView;
use shared::api::{ApiError, Created, Record, http};
use shared::auth;
use shared::dialects::Aliases;
use shared::lifecycle::Lifecycle;
use shared::platform::SetupError;
use shared::runtime::{Environment, answered};
use shared::store::{BeginOutcome, Keys, NewTasks};
use shared::vendors::CallbackUrls;
use shared::webhooks::WebhookHosts;

use counts::rejected;
use plan::Plan;

#[derive(Debug)]
pub struct Create {
    lifecycle: Lifecycle,
    keys: Keys,
    callback_urls: CallbackUrls,
    webhook_hosts: WebhookHosts,
    aliases: Aliases,
}

impl Create {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            lifecycle: environment.lifecycle()?,
            keys: environment.keys()?,
            callback_urls: environment.callback_urls()?,
            webhook_hosts: environment.parse("WEBHOOK_HOSTS")?,
            aliases: environment.parse("MODEL_ALIASES")?,
        })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("create", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        let plan = self.plan(request, now).await.inspect_err(rejected)?;
        let strict = plan.strict;
        let earlier = self.begin(&plan, now).await.inspect_err(rejected)?;
        let mut response = match (earlier, &plan.record) {
            (Some(earlier), Some(record)) => {
                let mut response = render(&self.replay(earlier.repeat(record, now)?).await?)?;
                let replayed = HeaderValue::from_static("true");
                response.headers_mut().insert("idempotent-replayed", replayed);
                response
            }
            _ => render(&self.submit(plan, now).await?)?,
        };
        if strict {
            let applied = HeaderValue::from_static("handling=strict");
            response.headers_mut().insert("preference-applied", applied);
        }
        Ok(response)
    }

    /// Stores the tasks, before any vendor hears of them. Gives what is kept of the
    /// request when it came before.
    async fn begin(&self, plan: &Plan, now: Timestamp) -> Result<Option<Box<Record>>, ApiError> {
        let Plan { limits, tasks, record, .. } = plan;
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        auth::check_count(*limits, count)?;
        let beginning = NewTasks { tasks, record: record.as_ref(), limits: *limits };
        let begun = self.lifecycle.tasks.begin(&beginning, now).await.map_err(|error| {
            tracing::error!(%error, "a request could not be stored; its vendor was not asked");
            ApiError::internal()
        })?;
        match begun {
            BeginOutcome::Stored => Ok(None),
            BeginOutcome::Before(earlier) => Ok(Some(earlier)),
            begun => Err(auth::refusal(*limits, &begun, now)),
        }
    }
}

fn render(created: &Created) -> Result<Response<Body>, ApiError> {
    Ok(http::json(StatusCode::OK, &CreatedView::try_from(created)?))
}
