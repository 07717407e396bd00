//! What is due: the timers of a shard, and the claim to one of them.
//!
//! Each lane's timers are in a sparse index of their own: an item without such a
//! timer is not in it, so that listing costs what is due, not what is stored.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::StoreError;
use super::item::read_task;
use super::tasks::{Tasks, Updated};
use super::update::Update;
use crate::task::{Lane, Shard, Task, TaskId};

/// How many timers are listed at once: what is found is begun before more is asked for.
pub const MOST_DUE: usize = 100;

/// A timer that is listed, with the task that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Due {
    pub id: TaskId,
    #[serde(
        alias = "vendor_due_at",
        alias = "webhook_due_at",
        with = "jiff::fmt::serde::timestamp::millisecond::required"
    )]
    pub due_at: Timestamp,
}

/// Where a lane's timers are: the index, and the attributes that are its key.
struct Index {
    name: &'static str,
    shard: &'static str,
    due_at: &'static str,
}

fn index(lane: Lane) -> Index {
    match lane {
        Lane::Vendor(_) => {
            Index { name: "vendor_due", shard: "vendor_due_shard", due_at: "vendor_due_at" }
        }
        Lane::Webhooks => {
            Index { name: "webhook_due", shard: "webhook_due_shard", due_at: "webhook_due_at" }
        }
    }
}

impl Tasks {
    /// The timers of a lane's shard that run out until then, the earliest first.
    pub async fn due(
        &self,
        lane: Lane,
        shard: &Shard,
        until: Timestamp,
    ) -> Result<Vec<Due>, StoreError> {
        let action = "listing what is due";
        let Index { name, shard: shard_key, due_at } = index(lane);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(name)
            .key_condition_expression(format!("{shard_key} = :shard AND {due_at} <= :until"))
            .expression_attribute_values(":shard", AttributeValue::S(shard.to_string()))
            .expression_attribute_values(
                ":until",
                AttributeValue::N(until.as_millisecond().to_string()),
            )
            .limit(MOST_DUE as i32)
            .send()
            .await
            .map_err(|error| StoreError::service(action, error))?;
        serde_dynamo::from_items(answer.items.unwrap_or_default())
            .map_err(|error| StoreError::item(action, &error))
    }

    /// Claims what is due: of all who found it, one gets the task, and its timer
    /// is set to the next time. Who dies with it has only delayed it. A claim in a
    /// vendor's lane counts as a poll.
    pub async fn claim_due(
        &self,
        lane: Lane,
        due: &Due,
        next: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        let due_at = index(lane).due_at;
        let mut update = Update::new(&format!("#{due_at} = :seen"));
        update.value("seen", &due.due_at.as_millisecond())?;
        update.set(due_at, &next.as_millisecond())?;
        if matches!(lane, Lane::Vendor(_)) {
            update.count_poll(now)?;
        }
        match self.update(&due.id, update).await? {
            Updated::Done(item) => read_task(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }
}
