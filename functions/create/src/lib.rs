//! `POST /v1/video/generations` and `POST /v1/videos`: a request becomes a task, and the task a submission.
//!
//! Read, plan, begin, submit, render: the order is the point. All that can be
//! refused is refused before anything costs; the task is stored before the vendor
//! hears of it; the vendor is asked once, and an answer that leaves it open is a
//! queued task.

mod counts;
mod dry_run;
mod meant;
mod once;
mod plan;
mod submit;
mod tries;

use std::time::Duration;

use futures_util::future::join_all;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use shared::api::generations::CreatedView;
use shared::api::videos::VideoView;
use shared::api::{ApiError, Created, Record, http};
use shared::auth;
use shared::dialects::Aliases;
use shared::lifecycle::Lifecycle;
use shared::platform::{Clock, SetupError};
use shared::runtime::{Environment, answered};
use shared::store::{BeginOutcome, Keys, NewTasks};
use shared::task::Surface;
use shared::vendors::{CallbackUrls, patience};
use shared::webhooks::WebhookHosts;

use counts::rejected;
use plan::Plan;

/// What is left of an invocation to leave nothing behind of a request that could not be stored.
const TAKING_BACK: Duration = Duration::from_secs(8);

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

    pub async fn answer(&self, request: &Request, clock: &Clock) -> Response<Body> {
        answered("create", request, self.try_answer(request, clock)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        clock: &Clock,
    ) -> Result<Response<Body>, ApiError> {
        if matches!(http::dry_run(request), Ok(true)) {
            return self.dry_run(request, clock).await;
        }
        let may_repeat = http::may_repeat(request.headers());
        let reject = |error: ApiError| {
            rejected(&error);
            if may_repeat { error.of_a_repetition() } else { error }
        };
        let plan = self.plan(request, clock.now()).await.map_err(reject)?;
        let (strict, limits) = (plan.strict, plan.limits);
        let earlier = match self.earlier_try(&plan, clock).await.map_err(reject)? {
            None => self.begin_wished(&plan, clock).await.map_err(reject)?,
            earlier => earlier,
        };
        let mut response = match earlier {
            Some(earlier) => {
                let mut response = render(&earlier)?;
                let replayed = HeaderValue::from_static("true");
                response.headers_mut().insert("idempotent-replayed", replayed);
                response
            }
            None => render(&self.submit(plan, clock).await?)?,
        };
        http::tell_limits(response.headers_mut(), limits);
        if strict {
            let applied = HeaderValue::from_static("handling=strict");
            response.headers_mut().insert("preference-applied", applied);
        }
        Ok(response)
    }

    /// Begins, and keeps for the next try of an SDK's that this one could not.
    async fn begin_wished(&self, plan: &Plan, clock: &Clock) -> Result<Option<Created>, ApiError> {
        let begun = self.begin(plan, clock).await;
        if let (Err(error), Some(this)) = (&begun, &plan.this_try) {
            self.sent_away(this, &plan.wish(this), error, clock).await;
        }
        begun
    }

    /// Stores the tasks, before any vendor hears of them. Gives what came of the request
    /// when it came before.
    async fn begin(&self, plan: &Plan, clock: &Clock) -> Result<Option<Created>, ApiError> {
        let Some(earlier) = self.store(plan, clock).await? else { return Ok(None) };
        if let Some(created) = self.replay(&earlier, plan, clock.now()).await? {
            return Ok(Some(created));
        }
        // Nothing was made of it then, so it is made now; unless somebody else is at it.
        match self.store(plan, clock).await? {
            Some(_) => Err(ApiError::still_running(1)),
            None => Ok(None),
        }
    }

    /// Stores the tasks. Gives what is kept of the request when it came before.
    async fn store(&self, plan: &Plan, clock: &Clock) -> Result<Option<Box<Record>>, ApiError> {
        let Plan { limits, tasks, record, account, .. } = plan;
        // What cannot be submitted any more is not begun.
        patience(clock).ok_or_else(|| ApiError::out_of_time(account.vendor))?;
        let now = clock.now();
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        auth::check_count(*limits, count)?;
        let beginning = NewTasks { tasks, record: record.as_ref(), limits: *limits };
        match clock.within(TAKING_BACK, self.lifecycle.tasks.begin(&beginning, now)).await {
            Some(Ok(BeginOutcome::Stored)) => return Ok(None),
            Some(Ok(BeginOutcome::Before(earlier))) => return Ok(Some(earlier)),
            Some(Ok(begun)) => return Err(auth::refusal(*limits, &begun, now)),
            Some(Err(error)) => {
                tracing::error!(%error, "a request could not be stored; its vendor was not asked");
            }
            None => tracing::error!("a request could not be stored in time; nobody was asked"),
        }
        self.take_back(plan, clock).await;
        Err(ApiError::internal())
    }

    /// Leaves nothing behind of a request of which it is unknown whether it is stored.
    /// Its vendor was not asked and will not be, whatever can be written now.
    async fn take_back(&self, plan: &Plan, clock: &Clock) {
        join_all(plan.tasks.iter().map(|task| self.lifecycle.take_back(task, clock))).await;
        if let Some(record) = &plan.record {
            self.keep(record, &Err(ApiError::internal()), clock).await;
        }
    }
}

fn render(created: &Created) -> Result<Response<Body>, ApiError> {
    Ok(match created.surface {
        Surface::Generations => http::json(StatusCode::OK, &CreatedView::try_from(created)?),
        Surface::Videos => http::json(StatusCode::OK, &VideoView::try_from(created)?),
    })
}
