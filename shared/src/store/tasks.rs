//! Tasks, each one item that only rises.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Deserialize;

use super::StoreError;
use super::update::Update;
use crate::api::ErrorBody;
use crate::task::{Delivery, Figures, News, Task, TaskId};
use crate::timer::{self, Lane, Shard};

/// How many timers are listed at once: what is found is worked on before more is asked for.
const MOST_DUE: i32 = 100;

/// The table of tasks.
#[derive(Debug)]
pub struct Tasks {
    pub(super) client: Client,
    pub(super) table: String,
}

impl Tasks {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Stores a new task, before any vendor hears of it.
    pub async fn insert(&self, task: &Task) -> Result<(), StoreError> {
        let item = serde_dynamo::to_item(task)
            .map_err(|error| StoreError::item("storing a task", &error))?;
        let stored = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match stored.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(()),
            // Ids are random: who finds the same task there has stored it, and
            // the SDK has asked a second time because it lost the first answer.
            Err(PutItemError::ConditionalCheckFailedException(failed))
                if failed.item.clone().map(read_task).transpose()?.as_ref() == Some(task) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::service("storing a task", error)),
        }
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
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        // Whatever the status is by now, the id must not be lost.
        let condition = "attribute_exists(id) AND attribute_not_exists(#vendor_task_id)";
        let mut update = Update::new(condition);
        update.set("vendor_task_id", &vendor_task_id)?;
        update.set("updated_at", &now)?;
        update.set_figures(figures)?;
        update.set("due_at", &timer::after_accept(task.vendor, now).as_millisecond())?;
        update.remove("submission");
        update.remove("misses");
        self.change(&task.id, update).await
    }

    /// Raises a task to what a look at the vendor said. Returns the task as it
    /// stands then: raised, or already as far or further.
    pub async fn raise(
        &self,
        task: &Task,
        news: &News,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set_news(news, now)?;
        update.require_status_below_or_at(news.status)?;
        update.remove("misses");
        if news.status.is_final() {
            // The same write that ends a task sets or removes its timer.
            update.remove("submission");
            let webhook = task.webhook_url.is_some().then(|| timer::after_end(now));
            update.set_timer(webhook.map(|due_at| (due_at, Lane::Webhooks.shard(&task.id))))?;
        }
        self.change(&task.id, update).await
    }

    /// Ends a task of which its client has been told already.
    pub async fn refuse(
        &self,
        task: &Task,
        error: &ErrorBody,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let task = Task { webhook_url: None, ..task.clone() };
        let news = News::failed(error.clone(), Figures::default());
        self.raise(&task, &news, now).await.map(drop)
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
            .limit(MOST_DUE)
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
        update.set("looked_at", &now.as_millisecond())?;
        match self.update(&due.id, update).await? {
            Updated::Done(item) => read_task(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Counts that the vendor does not know a task.
    pub async fn miss(&self, task: &Task) -> Result<(), StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set("misses", &(task.misses + 1))?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Takes the one right to submit a task again, with what was kept for it.
    pub async fn claim_repeat(&self, task: &Task) -> Result<bool, StoreError> {
        let condition = "attribute_exists(#submission) AND attribute_not_exists(vendor_task_id)";
        let mut update = Update::new(condition);
        update.remove("submission");
        Ok(matches!(self.update(&task.id, update).await?, Updated::Done(_)))
    }

    /// Keeps how a delivery went, and when the next one is due, if any.
    pub async fn record_delivery(
        &self,
        task: &Task,
        delivery: &Delivery,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set("delivery", delivery)?;
        update.set_timer(next.map(|due_at| (due_at, Lane::Webhooks.shard(&task.id))))?;
        self.update(&task.id, update).await.map(drop)
    }

    /// Claims the next look at the vendor: of all who ask within a while, one wins.
    pub async fn claim_look(
        &self,
        id: &TaskId,
        seen: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut update = Update::new("#looked_at = :seen");
        update.name("looked_at");
        update.value("seen", &seen.as_millisecond())?;
        update.set("looked_at", &now.as_millisecond())?;
        Ok(matches!(self.update(id, update).await?, Updated::Done(_)))
    }

    /// Changes a task if the condition holds, and returns it as it stands then.
    async fn change(&self, id: &TaskId, update: Update) -> Result<Option<Task>, StoreError> {
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

pub(super) type Item = HashMap<String, AttributeValue>;

enum Updated {
    /// The item as it is now.
    Done(Item),
    /// The item as it was found, if there is one.
    Refused(Option<Item>),
}

fn read_task(item: Item) -> Result<Task, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::item("reading a task", &error))
}
