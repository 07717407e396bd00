//! What becomes of the record of a request that may come twice, once its tasks
//! have begun: it keeps the answer, or goes.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::error::StoreError;
use super::tasks::Tasks;
use super::transaction;
use crate::api::{Created, Record};
use crate::task::TaskId;

impl Tasks {
    /// Keeps the answer to an idempotent request.
    pub async fn keep_answer(&self, record: &Record, answer: &Created) -> Result<(), StoreError> {
        let action = "keeping an answer";
        let answer = serde_dynamo::to_attribute_value(answer)
            .map_err(|error| StoreError::item(action, &error))?;
        let write = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(record.id.clone()))
            .update_expression("SET answer = :answer")
            .condition_expression("task_ids = :task_ids")
            .expression_attribute_values(":answer", answer)
            .expression_attribute_values(":task_ids", task_ids(record));
        transaction::write(action, 0, || write.clone().send())
            .await?
            .map_err(|error| StoreError::service(action, error))?;
        Ok(())
    }

    /// Forgets an idempotent request of which nothing was made: its key is free again.
    /// Of two who do so at once, neither touches what the other begins then.
    pub async fn release(&self, record: &Record) -> Result<(), StoreError> {
        let action = "releasing an idempotency key";
        let write = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(record.id.clone()))
            .condition_expression("task_ids = :task_ids AND attribute_not_exists(answer)")
            .expression_attribute_values(":task_ids", task_ids(record));
        let released = transaction::write(action, 0, || write.clone().send()).await?;
        match released.map_err(SdkError::into_service_error) {
            Ok(_) | Err(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Err(error) => Err(StoreError::service(action, error)),
        }
    }
}

/// The tasks of a request, which no other request has.
fn task_ids(record: &Record) -> AttributeValue {
    let text = |id: &TaskId| AttributeValue::S(id.to_string());
    AttributeValue::L(record.task_ids.iter().map(text).collect())
}
