//! What becomes of the record of a request that may come twice, once its tasks
//! have begun: it keeps the answer, or goes.

use aws_sdk_dynamodb::types::AttributeValue;

use super::error::StoreError;
use super::tasks::Tasks;
use crate::api::{Created, Record};

impl Tasks {
    /// Keeps the answer to an idempotent request.
    pub async fn keep_answer(&self, record: &Record, answer: &Created) -> Result<(), StoreError> {
        let answer = serde_dynamo::to_attribute_value(answer)
            .map_err(|error| StoreError::item("keeping an answer", &error))?;
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(record.id.clone()))
            .update_expression("SET answer = :answer")
            .condition_expression("fingerprint = :fingerprint")
            .expression_attribute_values(":answer", answer)
            .expression_attribute_values(
                ":fingerprint",
                AttributeValue::S(record.fingerprint.clone()),
            )
            .send()
            .await
            .map_err(|error| StoreError::service("keeping an answer", error))?;
        Ok(())
    }

    /// Forgets an idempotent request of which nothing was made: its key is free again.
    pub async fn release(&self, record: &Record) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(record.id.clone()))
            .condition_expression("fingerprint = :fingerprint AND attribute_not_exists(answer)")
            .expression_attribute_values(
                ":fingerprint",
                AttributeValue::S(record.fingerprint.clone()),
            )
            .send()
            .await
            .map_err(|error| StoreError::service("releasing an idempotency key", error))?;
        Ok(())
    }
}
