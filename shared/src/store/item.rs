//! Items of the table of tasks.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::error::StoreError;
use crate::task::Task;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn read_task(item: Item) -> Result<Task, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::item("reading a task", &error))
}
