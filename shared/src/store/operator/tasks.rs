//! One task, whole.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::error::OperatorError;
use crate::task::{Task, TaskId};

/// The table of tasks.
pub struct Tasks {
    client: Client,
    table: String,
}

impl Tasks {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    pub async fn get(&self, id: &TaskId) -> Result<Option<Task>, OperatorError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(id.to_string()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| OperatorError::service(&error))?;
        let read = |item| {
            serde_dynamo::from_item(item).map_err(|error| OperatorError::item(&self.table, error))
        };
        answer.item.map(read).transpose()
    }
}
