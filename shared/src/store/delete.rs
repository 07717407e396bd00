//! Where tasks go: a task that has ended is deleted, and that it was is known for a day.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::error::StoreError;
use super::tasks::Tasks;
use super::transaction;
use crate::task::{Status, Task, TaskId};

const ACTION: &str = "deleting a task";

/// How long a repeated delete is no error.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

impl Tasks {
    /// Deletes a task that has ended. That it was deleted is written first: who dies between the
    /// two leaves a task that can be deleted again.
    pub async fn delete(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .item("id", tombstone(&task.owner, &task.id))
            .item("ttl", AttributeValue::N((now + REMEMBERED).as_second().to_string()))
            .send()
            .await
            .map_err(|error| StoreError::service(ACTION, error))?;
        let word = |status: Status| AttributeValue::S(status.as_str().to_owned());
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(task.id.to_string()))
            // One that is not there was deleted by somebody else, or by this very call.
            .condition_expression(
                "attribute_not_exists(id) OR \
                 (#owner = :owner AND #status IN (:succeeded, :failed))",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":owner", AttributeValue::S(task.owner.clone()))
            .expression_attribute_values(":succeeded", word(Status::Succeeded))
            .expression_attribute_values(":failed", word(Status::Failed));
        let deleted = transaction::write(ACTION, task.id.spread(), || delete.clone().send());
        match deleted.await?.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(()),
            Err(DeleteItemError::ConditionalCheckFailedException(_)) => {
                Err(StoreError::unfinished(ACTION))
            }
            Err(error) => Err(StoreError::service(ACTION, error)),
        }
    }

    /// Whether this owner has deleted this task in the last day.
    pub async fn was_deleted(
        &self,
        owner: &str,
        id: &TaskId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", tombstone(owner, id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service("reading whether a task was deleted", error))?;
        let ttl = answer.item.as_ref().and_then(|item| item.get("ttl")?.as_n().ok()?.parse().ok());
        // The table forgets it only some time after it is over.
        Ok(ttl.is_some_and(|ttl: i64| ttl > now.as_second()))
    }
}

/// The key of what stays of a deleted task. Neither side can hold a slash into the other: the id
/// has none.
fn tombstone(owner: &str, id: &TaskId) -> AttributeValue {
    AttributeValue::S(format!("deleted/{owner}/{id}"))
}
