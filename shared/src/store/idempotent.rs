//! Requests that may come twice: their record is stored with their tasks.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use jiff::Timestamp;

use super::StoreError;
use super::tasks::{Item, Tasks};
use crate::idempotency::Record;
use crate::task::Task;

impl Tasks {
    /// Stores new tasks and the record of their request, all or nothing. Gives
    /// the record that is there already, if the request came before.
    pub async fn insert_once(
        &self,
        tasks: &[Task],
        record: &Record,
        now: Timestamp,
    ) -> Result<Option<Record>, StoreError> {
        let action = "storing an idempotent request";
        let failed = |error: serde_dynamo::Error| StoreError::item(action, &error);
        // The table forgets a record only some time after it is over.
        let mut puts = vec![
            self.put(serde_dynamo::to_item(record).map_err(failed)?)
                .condition_expression("attribute_not_exists(id) OR #ttl <= :now")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(
                    ":now",
                    AttributeValue::N(now.as_second().to_string()),
                ),
        ];
        for task in tasks {
            let item = serde_dynamo::to_item(task).map_err(failed)?;
            puts.push(self.put(item).condition_expression("attribute_not_exists(id)"));
        }
        let mut transaction = self.client.transact_write_items();
        for put in puts {
            let put = put.build().map_err(|error| StoreError::service(action, error))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        // The SDK may ask again when an answer is lost; the token makes it once.
        let token = record.task_ids.first().map(ToString::to_string);
        let sent = transaction.set_client_request_token(token).send().await;
        match sent.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(None),
            Err(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                let reasons = canceled.cancellation_reasons();
                let there = reasons.first().and_then(|reason| reason.item.clone());
                match there {
                    Some(item) => serde_dynamo::from_item(item).map(Some).map_err(failed),
                    // Two transactions met: the record of one of them will be there.
                    None => match self.record(&record.id).await? {
                        Some(record) if !record.is_over(now) => Ok(Some(record)),
                        _ => Err(StoreError::service(action, canceled)),
                    },
                }
            }
            Err(error) => Err(StoreError::service(action, error)),
        }
    }

    fn put(&self, item: Item) -> PutBuilder {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    async fn record(&self, id: &str) -> Result<Option<Record>, StoreError> {
        let action = "reading an idempotent request";
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service(action, error))?;
        let record = answer.item.map(serde_dynamo::from_item).transpose();
        record.map_err(|error| StoreError::item(action, &error))
    }

    /// Keeps the answer to an idempotent request.
    pub async fn keep_answer(&self, record: &Record, answer: &str) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(record.id.clone()))
            .update_expression("SET answer = :answer")
            .condition_expression("fingerprint = :fingerprint")
            .expression_attribute_values(":answer", AttributeValue::S(answer.to_owned()))
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
