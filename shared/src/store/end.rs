//! Where tasks end: the one transaction that raises a task to its end, adds it
//! to its key's usage, and gives back its place among the unfinished.

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update as Write,
};

use jiff::Timestamp;

use super::error::StoreError;
use super::item::read_task;
use super::tasks::Tasks;
use super::transaction::{Transacted, transact};
use super::update::Update;
use super::usage::{self, UNFINISHED};
use crate::task::{Change, ErrorBody, Event, Progress, Status, Task};

const ACTION: &str = "ending a task";

/// What a task ended as, in its key's usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
    /// The vendor did not take the task, and the client was told so at once.
    Refused,
}

impl Outcome {
    pub(super) fn of(status: Status) -> Self {
        match status {
            Status::Succeeded => Self::Succeeded,
            Status::Queued | Status::Processing | Status::Failed => Self::Failed,
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// A task after an attempt to raise it: raised, or already as far or further.
#[derive(Debug, PartialEq)]
pub struct Raised {
    pub task: Task,
    /// Whether this attempt was the one that ended it.
    pub is_end: bool,
}

impl Tasks {
    /// Raises a task to what a poll said, with these events. None when
    /// there is no such task.
    pub async fn raise(
        &self,
        task: &Task,
        progress: &Progress,
        events: Vec<Event>,
        now: Timestamp,
    ) -> Result<Option<Raised>, StoreError> {
        let change = Change::raise(task, progress, true, events, now);
        self.raise_by(task, progress.status, &change, Outcome::of(progress.status)).await
    }

    /// Ends a task that its vendor does not know, unless somebody has heard otherwise
    /// meanwhile. None when there is no such task.
    pub async fn end_missing(
        &self,
        task: &Task,
        progress: &Progress,
        events: Vec<Event>,
        now: Timestamp,
    ) -> Result<Option<Raised>, StoreError> {
        let change = Change::raise(task, progress, true, events, now);
        let mut update = Update::of(&change, &task.id, "attribute_exists(id)")?;
        update.require_status_below_or_at(progress.status)?;
        update.require_missing_as(task.missing)?;
        update.require_no_id_unless(task.vendor_task_id.is_some());
        self.end(task, update, change.apply(task), Outcome::Failed).await
    }

    /// Ends a task of which its client has been told already.
    pub async fn refuse(
        &self,
        task: &Task,
        error: &ErrorBody,
        event: Event,
    ) -> Result<Option<Raised>, StoreError> {
        let change = Change::refuse(task, error, event);
        self.raise_by(task, Status::Failed, &change, Outcome::Refused).await
    }

    async fn raise_by(
        &self,
        task: &Task,
        status: Status,
        change: &Change,
        outcome: Outcome,
    ) -> Result<Option<Raised>, StoreError> {
        let mut update = Update::of(change, &task.id, "attribute_exists(id)")?;
        update.require_status_below_or_at(status)?;
        if status.is_final() {
            update.require_no_id_unless(task.vendor_task_id.is_some());
            return self.end(task, update, change.apply(task), outcome).await;
        }
        let raised = self.change(&task.id, update).await?;
        Ok(raised.map(|task| Raised { task, is_end: false }))
    }

    /// Writes an end, once, by this update of the task, which leaves it as `ended`,
    /// and with all that is counted. None when there is no such task.
    pub(super) async fn end(
        &self,
        task: &Task,
        update: Update,
        ended: Task,
        outcome: Outcome,
    ) -> Result<Option<Raised>, StoreError> {
        let failed = |error| StoreError::incomplete(ACTION, &error);
        let mut writes = vec![
            Write::builder()
                .table_name(&self.table)
                .key("id", AttributeValue::S(task.id.to_string()))
                .update_expression(update.expression())
                .condition_expression(update.condition)
                .set_expression_attribute_names(Some(update.names))
                .set_expression_attribute_values(Some(update.values))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(failed)?,
            self.add_up(&ended, outcome)?,
        ];
        if let Some(place) = task.place {
            writes.push(self.give_back(task, place)?);
        }
        let writes = writes.into_iter().map(|it| TransactWriteItem::builder().update(it).build());
        let (writes, spread) = (writes.collect::<Vec<_>>(), task.id.spread());
        let transacted = match transact(&self.client, ACTION, writes.clone(), None, spread).await {
            // It may be done, and nobody would tell of the end.
            Err(_) => transact(&self.client, ACTION, writes, None, spread).await?,
            Ok(transacted) => transacted,
        };
        match transacted {
            Transacted::Done => Ok(Some(Raised { task: ended, is_end: true })),
            Transacted::Busy => Err(StoreError::busy(ACTION)),
            Transacted::Refused(mut refusals) => {
                let found = refusals.item(0).map(read_task).transpose()?;
                // Of the same event there is one end, whose first answer was lost.
                let Some(own) = ended.events.last() else { return Ok(None) };
                let ends = |task: &Task| task.events.last().is_some_and(|it| it.is(own));
                Ok(found.map(|task| Raised { is_end: ends(&task), task }))
            }
        }
    }

    fn add_up(&self, ended: &Task, outcome: Outcome) -> Result<Write, StoreError> {
        let mut add = vec![format!("{} :one", outcome.attribute())];
        let mut values = vec![(":one", 1.0)];
        if let Some(seconds) = ended.figures.duration.filter(|_| outcome == Outcome::Succeeded) {
            add.push("seconds :seconds".to_owned());
            values.push((":seconds", seconds));
        }
        if let Some(credits) = ended.figures.credits.filter(|_| ended.may_be_charged()) {
            add.push("credits :credits".to_owned());
            values.push((":credits", credits));
        }
        let write = Write::builder()
            .table_name(&self.usage_table)
            .key("owner", AttributeValue::S(ended.owner.clone()))
            .key("what", AttributeValue::S(usage::day(ended)))
            .update_expression(format!("ADD {}", add.join(", ")));
        values
            .into_iter()
            .fold(write, |write, (name, value)| {
                write.expression_attribute_values(name, AttributeValue::N(value.to_string()))
            })
            .build()
            .map_err(|error| StoreError::incomplete(ACTION, &error))
    }

    fn give_back(&self, task: &Task, place: u8) -> Result<Write, StoreError> {
        Write::builder()
            .table_name(&self.usage_table)
            .key("owner", AttributeValue::S(task.owner.clone()))
            .key("what", AttributeValue::S(format!("{UNFINISHED}/{place}")))
            .update_expression("ADD #tasks :one_less, #room :one")
            .expression_attribute_names("#tasks", "tasks")
            .expression_attribute_names("#room", "room")
            .expression_attribute_values(":one_less", AttributeValue::N("-1".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .build()
            .map_err(|error| StoreError::incomplete(ACTION, &error))
    }
}
