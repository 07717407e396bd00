//! From a checked request to tasks at the vendor.

use futures_util::future::join_all;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use shared::api::{ApiError, CreateRequest, Warning};
use shared::store::ApiKey;
use shared::task::{RETENTION, Status, Task, TaskId};
use shared::timer::{self, Lane};
use shared::vendor::{Dialect, Submission, Submitted, Ticket, Vendor};

use super::Create;

/// A task that is not stored yet, with the request that its vendor will get.
pub(crate) struct Prepared {
    pub(crate) task: Task,
    submission: Submission,
    pub(crate) warnings: Vec<Warning>,
}

/// Whether tasks were stored already, together with the record of their request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Yes,
    No,
}

pub(crate) enum Outcome {
    Taken(TaskId, Status),
    /// Surely nothing was made of it.
    Refused(ApiError),
}

impl Create {
    /// Builds every submission before the first is sent: bad input costs nothing.
    pub(crate) fn prepare(
        &self,
        wanted: &CreateRequest,
        key: &ApiKey,
        vendor: Vendor,
        dialect: &dyn Dialect,
        now: Timestamp,
    ) -> Result<Vec<Prepared>, ApiError> {
        (0..wanted.count)
            .map(|_| {
                let id = new_id(now)?;
                let callback_url = self.callbacks.url(vendor, &id);
                let ticket = Ticket { task_id: &id, callback_url: &callback_url, now };
                let submission = dialect.submit(wanted.generation.clone(), &ticket);
                let mut submission = submission.inspect_err(log_operators)?;
                if submission.model != wanted.generation.model {
                    key.check_model(&submission.model)?;
                }
                let warnings = std::mem::take(&mut submission.warnings);
                let task = new_task(id, wanted, key, vendor, &submission, now);
                Ok(Prepared { task, submission, warnings })
            })
            .collect()
    }

    /// Submits independent tasks side by side.
    pub(crate) async fn submit_all(
        &self,
        prepared: Vec<Prepared>,
        stored: Stored,
        now: Timestamp,
    ) -> Vec<Outcome> {
        join_all(prepared.into_iter().map(|one| self.submit(one, stored, now))).await
    }

    async fn submit(&self, prepared: Prepared, stored: Stored, now: Timestamp) -> Outcome {
        let Prepared { task, submission, .. } = prepared;
        let (id, vendor) = (&task.id, task.vendor);
        if stored == Stored::No
            && let Err(error) = self.tasks.insert(&task).await
        {
            tracing::error!(task.id = %id, %error, "a task could not be stored; its vendor was not asked");
            return Outcome::Refused(ApiError::internal());
        }
        match self.vendors.submit(vendor, id, submission.request).await {
            Submitted::Accepted { vendor_task_id, figures } => {
                let accepted = self.tasks.accept(&task, &vendor_task_id, &figures, now).await;
                let stored = accepted.as_ref().ok().and_then(Option::as_ref);
                let status = stored.map_or(Status::Queued, |task| task.status);
                if stored.and_then(|task| task.vendor_task_id.as_ref()) != Some(&vendor_task_id) {
                    // The task is paid for: its timer stands, and this line names both ids.
                    let error = accepted.err();
                    tracing::error!(task.id = %id, %vendor, vendor_task_id, ?error, "the vendor's id of a task could not be stored");
                }
                Outcome::Taken(task.id, status)
            }
            Submitted::Unknown(_) => Outcome::Taken(task.id, Status::Queued),
            Submitted::Refused(fault) => {
                let refusal = fault.refusal(vendor);
                if let Err(error) = self.tasks.refuse(&task, &refusal.body, now).await {
                    tracing::error!(task.id = %id, %error, "a refused task could not be marked as failed");
                }
                Outcome::Refused(refusal)
            }
        }
    }
}

/// What the client did wrong is for the client; the rest somebody has to mend.
fn log_operators(error: &ApiError) {
    if error.status.is_server_error() {
        let (code, message) = (&error.body.code, &error.body.message);
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
    wanted: &CreateRequest,
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
    }
}
