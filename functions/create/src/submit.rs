//! From stored tasks to tasks at the vendor, and to what the client is told.

use futures_util::future::join_all;
use shared::api::{ApiError, Created, Warning};
use shared::dialects::{Dialect, SubmitContext};
use shared::lifecycle::{SubmitOutcome, Submitting};
use shared::platform::Clock;
use shared::task::{Change, Status, Task};

use super::plan::{Plan, repeat};
use super::{Create, counts};

impl Create {
    /// Submits the tasks, which are stored, side by side, and keeps what came of it
    /// for a request that may come twice.
    pub(crate) async fn submit(&self, plan: Plan, clock: &Clock) -> Result<Created, ApiError> {
        let wish = plan.this_try.clone().map(|this| (plan.wish(&this), this));
        let Plan {
            tasks, submissions, generation, account, callback_urls, warnings, record, ..
        } = plan;
        let submitted = tasks.iter().zip(submissions).zip(&callback_urls);
        let submitted = submitted.map(|((task, submission), callback_url)| {
            let anew = |dialect: &dyn Dialect| {
                let context = SubmitContext { task_id: &task.id, callback_url, now: clock.now() };
                Some(dialect.submit(generation.clone(), &context).ok()?.request)
            };
            let repeat = repeat(&submission);
            let request = submission.request;
            let submitting = Submitting { task, account: &account, request, repeat };
            self.lifecycle.submit(submitting, anew, clock)
        });
        let outcomes: Vec<_> = join_all(submitted).await;
        counts::submitted(&tasks, &outcomes);
        let doubts = doubts(&tasks, &outcomes);
        let created = created(&tasks, outcomes, warnings);
        if let Some(record) = record {
            self.keep(&record, &created, clock).await;
        }
        if let (Err(error), Some((wish, this))) = (&created, wish) {
            self.sent_away(&this, &wish, error, clock).await;
        }
        let doubts =
            doubts.iter().map(|(task, doubt)| self.lifecycle.keep_doubt(task, doubt, clock));
        join_all(doubts).await;
        created
    }
}

/// What is to be kept of tasks of which nobody knows whether their vendor took them.
fn doubts<'a>(tasks: &'a [Task], outcomes: &[SubmitOutcome]) -> Vec<(&'a Task, Box<Change>)> {
    let doubt = |(task, outcome): (&'a Task, &SubmitOutcome)| match outcome {
        SubmitOutcome::Unknown(_, doubt) => Some((task, doubt.clone())),
        SubmitOutcome::Accepted(..) | SubmitOutcome::Refused(_) => None,
    };
    tasks.iter().zip(outcomes).filter_map(doubt).collect()
}

/// A task for each that was taken; an error only when none was.
fn created(
    tasks: &[Task],
    outcomes: Vec<SubmitOutcome>,
    mut warnings: Vec<Warning>,
) -> Result<Created, ApiError> {
    let count = outcomes.len();
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            SubmitOutcome::Accepted(id, status) => taken.push((id, status)),
            SubmitOutcome::Unknown(id, _) => taken.push((id, Status::Queued)),
            SubmitOutcome::Refused(error) => refused.push(error),
        }
    }
    let Some(status) = taken.first().map(|(_, status)| *status) else {
        return Err(refused.into_iter().next().unwrap_or_else(ApiError::internal));
    };
    for error in refused {
        let message = format!("One of {count} was refused: {}", error.body.message);
        warnings.push(Warning::new("n", message));
    }
    let task_ids = taken.into_iter().map(|(id, _)| id).collect();
    let task = tasks.first().ok_or_else(ApiError::internal)?;
    Ok(Created::of(task, task_ids, count > 1, status, warnings))
}
