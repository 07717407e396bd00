//! `POST /v1/video/generations`: a request becomes a task, and the task a submission.
//!
//! The order is the point. All that can be refused is refused before anything
//! costs; the task is stored before the vendor hears of it; the vendor is asked
//! once, and an answer that leaves it open is a queued task.

mod counts;
mod once;
mod submit;

use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use shared::api::generations::{self, Created};
use shared::api::{ApiError, Order, Record, Warning, http};
use shared::auth;
use shared::dialects::{Aliases, Dialect};
use shared::platform::SetupError;
use shared::runtime::{Environment, answered};
use shared::store::{Beginning, Begun, Keys, Tasks};
use shared::task::{ApiKey, Limits, Status, Task, Vendor};
use shared::vendors::{CallbackUrls, Vendors};
use shared::webhooks::WebhookHosts;

use counts::rejected;
use submit::{Original, Outcome, Prepared};

#[derive(Debug)]
pub struct Create {
    tasks: Tasks,
    keys: Keys,
    vendors: Vendors,
    callback_urls: CallbackUrls,
    webhook_hosts: WebhookHosts,
    aliases: Aliases,
}

/// A request in which nothing is wrong.
struct Checked {
    limits: Limits,
    tasks: Vec<Task>,
    prepared: Vec<Prepared>,
    original: Original,
    warnings: Vec<Warning>,
    record: Option<Record>,
    strict: bool,
}

impl Create {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self {
            tasks: environment.tasks()?,
            keys: environment.keys()?,
            vendors: environment.vendors()?,
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
        let checked = self.check(request, now).await.inspect_err(rejected)?;
        let first = self.begin(&checked, now).await.inspect_err(rejected)?;
        let Checked { tasks, prepared, original, warnings, record, strict, .. } = checked;
        let mut response = match (first, record) {
            (Some(first), Some(record)) => self.replay(first.repeat(&record, now)?).await?,
            (_, record) => {
                let outcomes = self.submit_all(prepared, &original, now).await;
                counts::submitted(&tasks, &outcomes);
                let answer = answer(outcomes, warnings);
                if let Some(record) = record {
                    self.keep(&record, &answer).await;
                }
                answer?
            }
        };
        if strict {
            let applied = HeaderValue::from_static("handling=strict");
            response.headers_mut().insert("preference-applied", applied);
        }
        Ok(response)
    }

    /// All that can be wrong with a request before anything is stored for it.
    async fn check(&self, request: &Request, now: Timestamp) -> Result<Checked, ApiError> {
        http::require_method(request, "POST")?;
        http::refuse_query(request)?;
        // Side by side, because a cold start reads all three.
        let (key, ready, url_key) = tokio::join!(
            auth::admit(&self.keys, request.headers(), now),
            self.vendors.ready(),
            self.callback_urls.key(),
        );
        let key = key?;
        http::require_json(request.headers())?;
        let strict = http::prefers_strict(request.headers());
        let idempotency_key = http::idempotency_key(request.headers())?;

        let mut wanted = generations::read(request.body())?;
        ready.map_err(|_| ApiError::internal())?;
        let url_key = url_key.map_err(|error| {
            tracing::error!(%error, "no callback URL can be made");
            ApiError::internal()
        })?;
        let (vendor, dialect) = self.choose_vendor(&mut wanted, &key, now).await?;
        let mut warnings = Vec::from_iter(self.check_webhook(&wanted, &key)?);
        let prepared = self.prepare(&wanted, &key, vendor, &*dialect, &url_key, now)?;
        warnings.extend(wanted.warnings);
        warnings.extend(prepared.iter().take(1).flat_map(|one| one.warnings.clone()));
        if strict && let Some(warning) = warnings.first() {
            return Err(ApiError::strict(warning));
        }
        let tasks: Vec<_> = prepared.iter().map(|one| one.task.clone()).collect();
        let record =
            idempotency_key.map(|text| Record::new(&key.id, text, request.body(), &tasks, now));
        let original = Original { generation: wanted.generation, dialect, url_key };
        Ok(Checked { limits: key.limits, tasks, prepared, original, warnings, record, strict })
    }

    /// Stores the tasks, before any vendor hears of them. Gives what is kept of the
    /// request when it came before.
    async fn begin(
        &self,
        checked: &Checked,
        now: Timestamp,
    ) -> Result<Option<Box<Record>>, ApiError> {
        let Checked { limits, tasks, record, .. } = checked;
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        auth::check_count(*limits, count)?;
        let beginning = Beginning { tasks, record: record.as_ref(), limits: *limits };
        let begun = self.tasks.begin(&beginning, now).await.map_err(|error| {
            tracing::error!(%error, "a request could not be stored; its vendor was not asked");
            ApiError::internal()
        })?;
        match begun {
            Begun::Stored => Ok(None),
            Begun::Before(first) => Ok(Some(first)),
            begun => Err(auth::refusal(*limits, &begun, now)),
        }
    }

    async fn choose_vendor(
        &self,
        wanted: &mut Order,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<(Vendor, Arc<dyn Dialect>), ApiError> {
        auth::check_model(key, &wanted.model)?;
        let model = self.aliases.resolve(&wanted.model);
        let vendor = shared::dialects::vendor_of(model).ok_or_else(|| {
            let known = Vendor::ALL.map(|vendor| format!("{vendor}…")).join(", ");
            ApiError::unknown_model(format!(
                "No vendor serves the model `{}`; names of models begin with {known}.",
                wanted.model
            ))
        })?;
        let dialect = self.vendors.dialect_by_now(vendor, now).await.ok_or_else(|| {
            ApiError::unknown_model(format!(
                "This gateway has no account with {vendor}, which serves `{}`.",
                wanted.model
            ))
        })?;
        wanted.generation.model = model.to_owned();
        Ok((vendor, dialect))
    }

    fn check_webhook(&self, wanted: &Order, key: &ApiKey) -> Result<Option<Warning>, ApiError> {
        let Some((url, param)) = &wanted.webhook else { return Ok(None) };
        self.webhook_hosts.check(url, param)?;
        let message = "This API key has no webhook secret to sign with, and without one its \
                       webhooks are not called; ask GET /v1/video/generations/{task_id}.";
        Ok(key.webhook_secret.is_none().then(|| Warning::new(*param, message)))
    }
}

/// A task for each that was taken; an error only when none was.
fn answer(outcomes: Vec<Outcome>, mut warnings: Vec<Warning>) -> Result<Response<Body>, ApiError> {
    let count = outcomes.len();
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Taken(id, status) => taken.push((id, status)),
            Outcome::Unclear(id) => taken.push((id, Status::Queued)),
            Outcome::Refused(error) => refused.push(error),
        }
    }
    let Some((task_id, status)) = taken.first().cloned() else {
        return Err(refused.into_iter().next().unwrap_or_else(ApiError::internal));
    };
    for error in refused {
        let message = format!("One of {count} was refused: {}", error.body.message);
        warnings.push(Warning::new("n", message));
    }
    let task_ids = (count > 1).then(|| taken.into_iter().map(|(id, _)| id).collect());
    Ok(http::json(StatusCode::OK, &Created { task_id, status, task_ids, warnings }))
}
