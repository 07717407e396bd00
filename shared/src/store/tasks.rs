//! Tasks, each one item that only rises.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Serialize;

use super::StoreError;
use crate::task::{Figures, News, Status, Task, TaskId};

/// The table of tasks.
#[derive(Debug)]
pub struct Tasks {
    client: Client,
    table: String,
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
        id: &TaskId,
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
        self.change(id, update).await
    }

    /// Raises a task to what a look at the vendor said. Returns the task as it
    /// stands then: raised, or already as far or further.
    pub async fn raise(
        &self,
        id: &TaskId,
        news: &News,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let mut update = Update::new("attribute_exists(id)");
        update.set_news(news, now)?;
        update.require_status_below_or_at(news.status)?;
        self.change(id, update).await
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
            .set_expression_attribute_values(Some(update.values))
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

type Item = HashMap<String, AttributeValue>;

enum Updated {
    /// The item as it is now.
    Done(Item),
    /// The item as it was found, if there is one.
    Refused(Option<Item>),
}

fn read_task(item: Item) -> Result<Task, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::item("reading a task", &error))
}

/// The parts of an `UpdateItem`. Every name is aliased: DynamoDB reserves many words.
struct Update {
    sets: Vec<String>,
    removes: Vec<String>,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl Update {
    fn new(condition: &str) -> Self {
        Self {
            sets: Vec::new(),
            removes: Vec::new(),
            condition: condition.to_owned(),
            names: HashMap::new(),
            values: Item::new(),
        }
    }

    fn name(&mut self, attribute: &str) {
        self.names.insert(format!("#{attribute}"), attribute.to_owned());
    }

    fn value(&mut self, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let value = serde_dynamo::to_attribute_value(value)
            .map_err(|error| StoreError::item("changing a task", &error))?;
        self.values.insert(format!(":{name}"), value);
        Ok(())
    }

    fn set(&mut self, attribute: &str, value: &impl Serialize) -> Result<(), StoreError> {
        self.name(attribute);
        self.sets.push(format!("#{attribute} = :{attribute}"));
        self.value(attribute, value)
    }

    fn set_known(
        &mut self,
        attribute: &str,
        value: Option<&impl Serialize>,
    ) -> Result<(), StoreError> {
        value.map_or(Ok(()), |value| self.set(attribute, value))
    }

    /// A member of `figures`; those that the news does not know stay as they are.
    fn set_figure(
        &mut self,
        figure: &str,
        value: Option<&impl Serialize>,
    ) -> Result<(), StoreError> {
        let Some(value) = value else { return Ok(()) };
        self.name("figures");
        self.name(figure);
        self.sets.push(format!("#figures.#{figure} = :{figure}"));
        self.value(figure, value)
    }

    fn set_figures(&mut self, figures: &Figures) -> Result<(), StoreError> {
        let Figures { duration, fps, width, height, seed, credits } = figures;
        self.set_figure("duration", duration.as_ref())?;
        self.set_figure("fps", fps.as_ref())?;
        self.set_figure("width", width.as_ref())?;
        self.set_figure("height", height.as_ref())?;
        self.set_figure("seed", seed.as_ref())?;
        self.set_figure("credits", credits.as_ref())
    }

    fn set_news(&mut self, news: &News, now: Timestamp) -> Result<(), StoreError> {
        self.set("status", &news.status)?;
        self.set("updated_at", &now)?;
        self.set_figures(&news.figures)?;
        self.set_known("url", news.url.as_ref())?;
        self.set_known("url_expires_at", news.url_expires_at.as_ref())?;
        self.set_known("error", news.error.as_ref())?;
        if news.status.is_final() {
            // Nothing is left to be done: the timer goes with the same write.
            for attribute in ["due_at", "due_shard"] {
                self.name(attribute);
                self.removes.push(format!("#{attribute}"));
            }
        }
        Ok(())
    }

    /// The law of statuses as a condition. A status may be confirmed as long as
    /// it is no end; an end is written once.
    fn require_status_below_or_at(&mut self, status: Status) -> Result<(), StoreError> {
        let own = (!status.is_final()).then_some(&status);
        let mut allowed = Vec::new();
        for (index, status) in status.below().iter().chain(own).enumerate() {
            let name = format!("from{index}");
            self.value(&name, status)?;
            allowed.push(format!(":{name}"));
        }
        self.name("status");
        self.condition.push_str(&format!(" AND #status IN ({})", allowed.join(", ")));
        Ok(())
    }

    fn expression(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            expression.push_str(&format!(" REMOVE {}", self.removes.join(", ")));
        }
        expression
    }
}
