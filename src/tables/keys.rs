//! API keys, as an operator makes and changes them.
//!
//! A key is the items that have its id: one for each API key that was handed out
//! for it. A change is written to all of them or to none, and only to what was read.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use shared::task::ApiKey;

use super::error::TableError;

/// As many writes as DynamoDB takes together.
const MOST_TOGETHER: usize = 100;

type Item = HashMap<String, AttributeValue>;

/// An API key, and the item that it was read from.
pub struct StoredKey {
    pub key: ApiKey,
    item: Item,
}

/// The table of API keys.
pub struct KeysTable {
    client: Client,
    table: String,
}

impl KeysTable {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Every API key that was ever made, in no order.
    pub async fn all(&self) -> Result<Vec<StoredKey>, TableError> {
        self.scan(None).await
    }

    /// The API keys of one id. The table is read whole: it has no other way to
    /// an id, is small, and is asked rarely.
    pub async fn of(&self, id: &str) -> Result<Vec<StoredKey>, TableError> {
        self.scan(Some(id)).await
    }

    async fn scan(&self, id: Option<&str>) -> Result<Vec<StoredKey>, TableError> {
        let mut scan = self.client.scan().table_name(&self.table).consistent_read(true);
        if let Some(id) = id {
            scan = scan
                .filter_expression("#id = :id")
                .expression_attribute_names("#id", "id")
                .expression_attribute_values(":id", AttributeValue::S(id.to_owned()));
        }
        let mut items = scan.into_paginator().items().send();
        let mut stored = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| TableError::aws(&error))?;
            let key = serde_dynamo::from_item(item.clone())
                .map_err(|error| TableError::item(&self.table, error))?;
            stored.push(StoredKey { key, item });
        }
        Ok(stored)
    }

    /// Stores a new API key, which must not be there, together with changes: each
    /// a key as it was read and as it is after. Nothing is written if somebody
    /// changed one of them.
    pub async fn write(
        &self,
        new: Option<&ApiKey>,
        changes: &[(&StoredKey, ApiKey)],
    ) -> Result<(), TableError> {
        let mut writes = Vec::new();
        if let Some(new) = new {
            writes.push(TransactWriteItem::builder().put(self.put(new)?).build());
        }
        for (stored, after) in changes {
            if let Some(update) = self.update(stored, after)? {
                writes.push(TransactWriteItem::builder().update(update).build());
            }
        }
        // More than fit are a key that was rotated a hundred times. What is written
        // first is then true already, and the same command does the rest.
        for together in writes.chunks(MOST_TOGETHER) {
            self.transact(together).await?;
        }
        Ok(())
    }

    async fn transact(&self, writes: &[TransactWriteItem]) -> Result<(), TableError> {
        // The SDK adds a token, so that a request that is sent twice counts once.
        let sent = self.client.transact_write_items().set_transact_items(Some(writes.to_vec()));
        let Err(error) = sent.send().await else { return Ok(()) };
        let failed = TableError::aws(&error);
        let TransactWriteItemsError::TransactionCanceledException(canceled) =
            SdkError::into_service_error(error)
        else {
            return Err(failed);
        };
        let lost = canceled.cancellation_reasons().iter().any(|reason| {
            matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
        });
        Err(if lost { TableError::Changed } else { failed })
    }

    fn put(&self, new: &ApiKey) -> Result<Put, TableError> {
        Ok(Put::builder()
            .table_name(&self.table)
            .set_item(Some(self.item(new)?))
            .condition_expression("attribute_not_exists(sha256)")
            .build()
            .expect("a table and an item are given"))
    }

    /// What turns the item that was read into this one, if anything has to.
    /// Attributes that are unknown here stay.
    fn update(&self, stored: &StoredKey, after: &ApiKey) -> Result<Option<Update>, TableError> {
        let (before, after) = (self.item(&stored.key)?, self.item(after)?);
        let set: Vec<_> =
            after.iter().filter(|(name, value)| before.get(*name) != Some(value)).collect();
        let remove: Vec<_> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        if set.is_empty() && remove.is_empty() {
            return Ok(None);
        }
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("sha256", AttributeValue::S(stored.key.sha256.as_str().to_owned()));
        let mut condition = vec!["attribute_exists(sha256)".to_owned()];
        for (index, (name, value)) in
            stored.item.iter().filter(|(name, _)| *name != "sha256").enumerate()
        {
            condition.push(format!("#was{index} = :was{index}"));
            update = update
                .expression_attribute_names(format!("#was{index}"), name)
                .expression_attribute_values(format!(":was{index}"), value.clone());
        }
        let mut sets = Vec::new();
        for (index, (name, value)) in set.into_iter().enumerate() {
            sets.push(format!("#set{index} = :set{index}"));
            if !stored.item.contains_key(name) {
                condition.push(format!("attribute_not_exists(#set{index})"));
            }
            update = update
                .expression_attribute_names(format!("#set{index}"), name)
                .expression_attribute_values(format!(":set{index}"), value.clone());
        }
        let mut removes = Vec::new();
        for (index, name) in remove.into_iter().enumerate() {
            removes.push(format!("#remove{index}"));
            update = update.expression_attribute_names(format!("#remove{index}"), name);
        }
        // A clause may not stand there with nothing in it.
        let clauses = [("SET", sets), ("REMOVE", removes)].into_iter();
        let clauses = clauses
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(word, parts)| format!("{word} {} ", parts.join(", ")));
        let update = update
            .update_expression(clauses.collect::<String>())
            .condition_expression(condition.join(" AND "))
            .build()
            .expect("a table, a key and an expression are given");
        Ok(Some(update))
    }

    fn item(&self, key: &ApiKey) -> Result<Item, TableError> {
        serde_dynamo::to_item(key).map_err(|error| TableError::item(&self.table, error))
    }
}
