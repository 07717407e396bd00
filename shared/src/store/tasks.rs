//! Tasks, each one item that only rises.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::error::StoreError;
use super::item::Item;
use super::item::read_task;
use super::transaction;
use super::update::Update;
use crate::task::{Change, Delivery, Event, MOST_EVENTS, Set, Status, Task, TaskId};

/// The table of tasks, and the one in which their ends are added up.
#[derive(Debug)]
pub struct Tasks {
    pub(super) client: Client,
    pub(super) table: String,
    pub(super) usage_table: String,
}

impl Tasks {
    pub fn new(client: Client, table: String, usage_table: String) -> Self {
        Self { client, table, usage_table }
    }

    pub async fn get(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(id.to_string()))
            // A client that has just been given an id must find its task.
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service("reading a task", error))?;
        answer.item.map(read_task).transpose()
    }

    /// Keeps that the vendor took a task: what it calls it, and what it said of it.
    /// Returns the task as it stands then: who comes second finds the first one's id.
    pub async fn accept(&self, task: &Task, change: &Change) -> Result<Option<Task>, StoreError> {
        // A task that was deleted meanwhile is not brought back.
        let absent = "attribute_exists(id) AND attribute_not_exists(#vendor_task_id)";
        let mut update = Update::of(change, &task.id, absent)?;
        update.require_unfinished()?;
        let found = self.change(&task.id, update).await?;
        match &found {
            // It was given up before; but an id must not be lost.
            Some(ended) if ended.vendor_task_id.is_none() => {
                let vendor_task_id = change.vendor_task_id.clone();
                let change = Change { vendor_task_id, ..Change::default() };
                self.change(&task.id, Update::of(&change, &task.id, absent)?).await
            }
            _ => Ok(found),
        }
    }

    /// Keeps to which credentials a task goes. False when it has ended meanwhile.
    pub async fn entrust(&self, task: &Task, change: &Change) -> Result<bool, StoreError> {
        let mut update = Update::of(change, &task.id, "attribute_not_exists(vendor_task_id)")?;
        update.require_unfinished()?;
        Ok(matches!(self.update(&task.id, update).await?, Updated::Done(_)))
    }

    /// Keeps that nobody knows whether the vendor took a task, unless somebody has found out.
    pub async fn doubt(&self, task: &Task, change: &Change) -> Result<(), StoreError> {
        let absent = "attribute_exists(id) AND attribute_not_exists(vendor_task_id)";
        let mut update = Update::of(change, &task.id, absent)?;
        update.require_unfinished()?;
        if change.repeat != Set::Keep {
            // A write that was under way for long gives no right back that was used.
            update.name("polls");
            update.condition.push_str(" AND attribute_not_exists(#polls)");
        }
        self.update(&task.id, update).await.map(drop)
    }

    /// Claims the next poll: of all who ask within a while, one wins.
    pub async fn claim_poll(
        &self,
        id: &TaskId,
        seen: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut update = Update::new("#polled_at = :seen");
        update.value("seen", &seen.as_millisecond())?;
        update.count_poll(now)?;
        Ok(matches!(self.update(id, update).await?, Updated::Done(_)))
    }

    /// Counts that the vendor does not show a task, unless somebody has heard otherwise meanwhile.
    pub async fn miss(&self, task: &Task, event: Event) -> Result<(), StoreError> {
        let mut update = Update::of(&Change::miss(task, event), &task.id, "attribute_exists(id)")?;
        update.require_unfinished()?;
        update.require_missing_as(task.missing)?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Forgets what was sent, which nobody sends again any more.
    pub async fn forget_repeat(&self, task: &Task) -> Result<(), StoreError> {
        let change = Change { repeat: Set::Remove, ..Change::default() };
        let update = Update::of(&change, &task.id, "attribute_exists(id)")?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Takes the one right to submit a task again. Returns the task as it stands then; none
    /// when there is no such right any more.
    pub async fn claim_repeat(
        &self,
        task: &Task,
        event: Event,
    ) -> Result<Option<Task>, StoreError> {
        let condition = "attribute_exists(#repeat) AND attribute_not_exists(vendor_task_id)";
        let change = Change { repeat: Set::Remove, events: vec![event], ..Change::default() };
        let mut update = Update::of(&change, &task.id, condition)?;
        update.require_unfinished()?;
        match self.update(&task.id, update).await? {
            Updated::Done(item) => read_task(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Keeps how a delivery went, and when the next one is due, if any.
    pub async fn record_delivery(
        &self,
        task: &Task,
        delivery: Delivery,
        next: Option<Timestamp>,
        event: Event,
    ) -> Result<(), StoreError> {
        let change = Change::deliver(delivery, next, event);
        let update = Update::of(&change, &task.id, "attribute_exists(id)")?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Gives a video its new link, as long as it has the one that was read.
    pub async fn renew_link(&self, task: &Task, change: &Change) -> Result<bool, StoreError> {
        let mut update = Update::of(change, &task.id, "#status = :succeeded AND #url = :seen")?;
        update.name("status");
        update.value("succeeded", &Status::Succeeded)?;
        update.value("seen", &task.url)?;
        Ok(matches!(self.update(&task.id, update).await?, Updated::Done(_)))
    }

    /// Keeps that a poll told nothing, which ends a row of times that the vendor did not
    /// show the task.
    pub async fn note_failed(&self, task: &Task, event: Event) -> Result<(), StoreError> {
        match task.missing {
            None => self.note(task, event).await,
            Some(_) => self.unmiss(task, Some(event)).await,
        }
    }

    /// Ends a row of times that the vendor did not show the task.
    pub async fn unmiss(&self, task: &Task, event: Option<Event>) -> Result<(), StoreError> {
        let change = Change::unmiss(task, event);
        let mut update = Update::of(&change, &task.id, "attribute_exists(id)")?;
        update.require_unfinished()?;
        update.require_missing_as(task.missing)?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Keeps an event that changes nothing. What repeats the last one is counted
    /// there; what comes when others have written, or too much, is left out.
    pub async fn note(&self, task: &Task, event: Event) -> Result<(), StoreError> {
        let count = task.events.len();
        let mut update = Update::new("attribute_exists(id) AND size(#events) = :count");
        update.name("events");
        update.value("count", &count)?;
        match task.events.last().and_then(|last| last.again(&event)) {
            Some(again) => update.set_event(count - 1, &again)?,
            None if count >= MOST_EVENTS => return Ok(()),
            None => update.add_events(&[event])?,
        }
        self.update(&task.id, update).await.map(drop)
    }

    /// Changes a task if the condition holds, and returns it as it stands then.
    pub(super) async fn change(
        &self,
        id: &TaskId,
        update: Update,
    ) -> Result<Option<Task>, StoreError> {
        let item = match self.update(id, update).await? {
            Updated::Done(item) => Some(item),
            Updated::Refused(item) => item,
        };
        item.map(read_task).transpose()
    }

    pub(super) async fn update(&self, id: &TaskId, update: Update) -> Result<Updated, StoreError> {
        let action = "changing a task";
        let write = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(id.to_string()))
            .update_expression(update.expression())
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            // DynamoDB refuses an empty map.
            .set_expression_attribute_values(Some(update.values).filter(|it| !it.is_empty()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match transaction::write(action, id.spread(), || write.clone().send()).await? {
            Ok(answer) => Ok(Updated::Done(answer.attributes.unwrap_or_default())),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Updated::Refused(failed.item))
                }
                error => Err(StoreError::service(action, error)),
            },
        }
    }
}

/// An update of a task, done or refused by its condition.
pub(super) enum Updated {
    /// The item as it is now.
    Done(Item),
    /// The item as it was found, if there is one.
    Refused(Option<Item>),
}
