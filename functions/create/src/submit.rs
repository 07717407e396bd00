//! From a checked request to tasks at the vendor.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use shared::api::{ApiError, Generation, Order, Warning};
use shared::auth;
use shared::dialects::{Dialect, Submission, Submitted, Ticket};
use shared::lifecycle::refuse;
use shared::task::timer::{self, Lane};
use shared::task::{ApiKey, Figures, News, RETENTION, Source, Status, Task, TaskId, Vendor, What};
use shared::vendors::TokenKey;
use tokio::time::Instant;

use super::Create;

/// A task that is not stored yet, with the request that its vendor will get.
pub(crate) struct Prepared {
    pub(crate) task: Task,
    submission: Submission,
    pub(crate) warnings: Vec<Warning>,
}

/// What submissions were made from, should they have to be made with another account.
pub(crate) struct Original {
    pub(crate) generation: Generation,
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) url_key: Arc<TokenKey>,
}

pub(crate) enum Outcome {
    Taken(TaskId, Status),
    /// Nobody knows yet whether its vendor took it.
    Unclear(TaskId),
    /// Surely nothing was made of it.
    Refused(ApiError),
}

impl Outcome {
    /// For metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Taken(..) => "accepted",
            Self::Unclear(_) => "unknown",
            Self::Refused(_) => "refused",
        }
    }
}

impl Create {
    /// Builds every submission before the first is sent: bad input costs nothing.
    pub(crate) fn prepare(
        &self,
        wanted: &Order,
        key: &ApiKey,
        vendor: Vendor,
        dialect: &dyn Dialect,
        url_key: &TokenKey,
        now: Timestamp,
    ) -> Result<Vec<Prepared>, ApiError> {
        (0..wanted.count)
            .map(|_| {
                let id = new_id(now)?;
                let callback_url = self.callback_urls.url(url_key, vendor, &id);
                let ticket = Ticket { task_id: &id, callback_url: &callback_url, now };
                let submission = dialect.submit(wanted.generation.clone(), &ticket);
                let mut submission = submission.inspect_err(log_operators)?;
                if submission.model != wanted.generation.model {
                    auth::check_model(key, &submission.model)?;
                }
                let warnings = std::mem::take(&mut submission.warnings);
                let task = new_task(id, wanted, key, vendor, &submission, now);
                Ok(Prepared { task, submission, warnings })
            })
            .collect()
    }

    /// Submits independent tasks, which are stored, side by side.
    pub(crate) async fn submit_all(
        &self,
        prepared: Vec<Prepared>,
        original: &Original,
        now: Timestamp,
    ) -> Vec<Outcome> {
        join_all(prepared.into_iter().map(|one| self.submit(one, original, now))).await
    }

    async fn submit(&self, prepared: Prepared, original: &Original, now: Timestamp) -> Outcome {
        let Prepared { task, submission, .. } = prepared;
        let (id, vendor) = (&task.id, task.vendor);
        let began = Instant::now();
        let dialect = &original.dialect;
        let mut reply = self.vendors.submit(vendor, &**dialect, id, submission.request).await;
        if let Submitted::Refused(fault) = &reply.submitted
            && fault.kind.is_operators()
            && let Some(dialect) = self.vendors.renewed(vendor, Some(dialect), now).await
        {
            // Surely nothing was made with the account that is no longer good.
            let callback_url = self.callback_urls.url(&original.url_key, vendor, id);
            let ticket = Ticket { task_id: id, callback_url: &callback_url, now };
            if let Ok(again) = dialect.submit(original.generation.clone(), &ticket) {
                reply = self.vendors.submit(vendor, &*dialect, id, again.request).await;
            }
        }
        // The vendor may have taken its time.
        let now = now + began.elapsed();
        match reply.submitted {
            Submitted::Accepted { vendor_task_id, figures } => {
                let step = Source::Create.step(What::Accepted, now);
                let step = step.with_request_id(reply.request_id);
                let accepted = self.tasks.accept(&task, &vendor_task_id, &figures, step).await;
                let stored = accepted.as_ref().ok().and_then(Option::as_ref);
                let status = stored.map_or(Status::Queued, |task| task.status);
                if stored.and_then(|task| task.vendor_task_id.as_ref()) != Some(&vendor_task_id) {
                    // The task is paid for: its timer stands, and this line names both ids.
                    let error = accepted.err();
                    tracing::error!(task.id = %id, %vendor, vendor_task_id, ?error, "the vendor's id of a task could not be stored");
                }
                Outcome::Taken(task.id, status)
            }
            Submitted::Unknown(fault) => {
                let step = Source::Create.fault(What::Unclear, &fault, now);
                if let Err(error) = self.tasks.note(&task, step).await {
                    tracing::warn!(task.id = %id, %error, "a step of a task could not be kept");
                }
                Outcome::Unclear(task.id)
            }
            Submitted::Refused(fault) => {
                let refusal = ApiError::refused_by(vendor, &fault);
                if let Err(error) = refuse(&self.tasks, &task, &refusal.body, now).await {
                    tracing::error!(task.id = %id, %error, "a refused task could not be marked as failed");
                    self.never_repeat(&task, &refusal, now).await;
                }
                Outcome::Refused(refusal)
            }
        }
    }
}

impl Create {
    /// A client that is told of a refusal may ask again, so nobody else may: what
    /// was kept to be sent once more goes, though the task could not be ended.
    async fn never_repeat(&self, task: &Task, refusal: &ApiError, now: Timestamp) {
        let refused = News::failed((*refusal.body).clone(), Figures::default());
        let step = Source::Create.rise(&refused, now);
        if let Err(error) = self.tasks.claim_repeat(task, step).await {
            tracing::error!(task.id = %task.id, %error, "a refused task may be submitted once more");
        }
    }
}

/// What the client did wrong is for the client; the rest somebody has to mend.
fn log_operators(error: &ApiError) {
    if error.status().is_server_error() {
        let (code, message) = (error.code().as_str(), &error.body.message);
        tracing::error!(code, message, "a request cannot be submitted with this gateway's account");
    }
}

fn new_id(now: Timestamp) -> Result<TaskId, ApiError> {
    let mut random = [0; 10];
    SystemRandom::new().fill(&mut random).map_err(|_| {
        tracing::error!("the system gives no random bytes");
        ApiError::internal()
    })?;
    Ok(TaskId::new(now, &random))
}

/// What is sent once more should the first one not have arrived. One with images
/// in it is too large to be kept for that.
fn keep(submission: &Submission) -> Option<String> {
    const LARGEST: usize = 16 * 1024;
    let body = submission.request.body();
    let fits = submission.repeatable && body.len() <= LARGEST;
    fits.then(|| String::from_utf8(body.to_vec()).ok()).flatten()
}

fn new_task(
    id: TaskId,
    wanted: &Order,
    key: &ApiKey,
    vendor: Vendor,
    submission: &Submission,
    now: Timestamp,
) -> Task {
    Task {
        due_shard: Some(Lane::Vendor(vendor).shard(&id)),
        due_at: Some(timer::after_insert(now)),
        ttl: now + RETENTION,
        id,
        owner: key.id.clone(),
        key_sha256: key.sha256.clone(),
        vendor,
        model: wanted.model.clone(),
        status: Status::Queued,
        created_at: now,
        updated_at: now,
        looked_at: now,
        endpoint: submission.endpoint.clone(),
        vendor_task_id: None,
        figures: submission.figures.clone(),
        url: None,
        url_expires_at: None,
        error: None,
        payload: wanted.payload.clone(),
        user: wanted.user.clone(),
        webhook_url: wanted.webhook.as_ref().map(|(url, _)| url.clone()),
        delivery: None,
        submission: keep(submission),
        misses: 0,
        counted: key.limits.unfinished.is_some(),
        steps: vec![Source::Create.step(What::Created, now)],
        looks: 0,
    }
}
