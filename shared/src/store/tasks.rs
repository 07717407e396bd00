//! Tasks, each one item that only rises.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Deserialize;

use super::error::StoreError;
use super::item::Item;
use super::item::read_task;
use super::update::Update;
use crate::task::timer::{self, Lane, Shard};
use crate::task::{Delivery, Event, EventKind, Figures, MOST_EVENTS, Task, TaskId};

/// How many timers are listed at once: what is found is begun before more is asked for.
pub const MOST_DUE: usize = 100;

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

    /// Keeps what the vendor calls a task that it took, and what it said of it.
    /// Returns the task as it stands then: who comes second finds the first one's id.
    pub async fn accept(
        &self,
        task: &Task,
        vendor_task_id: &str,
        figures: &Figures,
        event: Event,
    ) -> Result<Option<Task>, StoreError> {
        let now = event.at;
        let mut update = Update::new("attribute_not_exists(#vendor_task_id)");
        update.require_unfinished()?;
        update.set("vendor_task_id", &vendor_task_id)?;
        update.set("updated_at", &now)?;
        update.set_figures(figures)?;
        // A timer that runs out about then will do, and moving it costs two more writes.
        let first_look = timer::after_accept(task.vendor, now);
        if task.due_at.is_none_or(|due_at| first_look < due_at) {
            update.set("due_at", &first_look.as_millisecond())?;
        }
        update.add_events(&[event])?;
        update.remove("submission");
        update.remove("missing");
        let found = self.change(&task.id, update).await?;
        match &found {
            // It was given up before; but an id must not be lost.
            Some(ended) if ended.vendor_task_id.is_none() => {
                let mut update = Update::new("attribute_not_exists(#vendor_task_id)");
                update.set("vendor_task_id", &vendor_task_id)?;
                self.change(&task.id, update).await
            }
            _ => Ok(found),
        }
    }

    /// The timers of a shard that run out until then, the earliest first.
    pub async fn due(&self, shard: &Shard, until: Timestamp) -> Result<Vec<Due>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :until")
            .expression_attribute_values(":shard", AttributeValue::S(shard.to_string()))
            .expression_attribute_values(
                ":until",
                AttributeValue::N(until.as_millisecond().to_string()),
            )
            .limit(MOST_DUE as i32)
            .send()
            .await
            .map_err(|error| StoreError::service("listing what is due", error))?;
        serde_dynamo::from_items(answer.items.unwrap_or_default())
            .map_err(|error| StoreError::item("listing what is due", &error))
    }

    /// Claims what is due: of all who found it, one gets the task, and its timer
    /// is set to the next time. Who dies with it has only delayed it.
    pub async fn claim_due(
        &self,
        due: &Due,
        next: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let mut update = Update::new("#due_at = :seen");
        update.value("seen", &due.due_at.as_millisecond())?;
        update.set("due_at", &next.as_millisecond())?;
        update.count_poll(now)?;
        match self.update(&due.id, update).await? {
            Updated::Done(item) => read_task(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
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

    /// Counts that the vendor does not know a task.
    pub async fn miss(&self, task: &Task, event: Event) -> Result<(), StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set("missing", &task.missed(event.at))?;
        if task.events.last().is_none_or(|last| last.kind != EventKind::Missing) {
            update.add_events(&[event])?;
        }
        self.update(&task.id, update).await.map(drop)
    }

    /// Takes the one right to submit a task again, with what was kept for it.
    pub async fn claim_repeat(&self, task: &Task, event: Event) -> Result<bool, StoreError> {
        let condition = "attribute_exists(#submission) AND attribute_not_exists(vendor_task_id)";
        let mut update = Update::new(condition);
        update.add_events(&[event])?;
        update.remove("submission");
        Ok(matches!(self.update(&task.id, update).await?, Updated::Done(_)))
    }

    /// Keeps how a delivery went, and when the next one is due, if any.
    pub async fn record_delivery(
        &self,
        task: &Task,
        delivery: &Delivery,
        next: Option<Timestamp>,
        event: Event,
    ) -> Result<(), StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set("delivery", delivery)?;
        update.set_timer(next.map(|due_at| (due_at, Lane::Webhooks.shard(&task.id))))?;
        update.add_events(&[event])?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Keeps an event that changes nothing. What repeats the last one is counted
    /// there; what comes when others have written, or too much, is left out.
    pub async fn note(&self, task: &Task, event: Event) -> Result<(), StoreError> {
        let count = task.events.len();
        let mut update = Update::new("size(#events) = :count");
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

    async fn update(&self, id: &TaskId, update: Update) -> Result<Updated, StoreError> {
        let result = self
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
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(answer) => Ok(Updated::Done(answer.attributes.unwrap_or_default())),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Updated::Refused(failed.item))
                }
                error => Err(StoreError::service("changing a task", error)),
            },
        }
    }
}

/// A timer in the index, with the task that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Due {
    pub id: TaskId,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub due_at: Timestamp,
}

enum Updated {
    /// The item as it is now.
    Done(Item),
    /// The item as it was found, if there is one.
    Refused(Option<Item>),
}
