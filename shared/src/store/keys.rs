//! API keys, found by their hash. Only an operator writes them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::error::StoreError;
use crate::task::{ApiKey, KeyHash};

/// How long a key is remembered: a disabled key works for so much longer.
const MEMORY: SignedDuration = SignedDuration::from_mins(1);
/// A function that has met more keys than this starts over.
const MOST_REMEMBERED: usize = 1_000;

/// The table of API keys, with a short memory.
#[derive(Debug)]
pub struct Keys {
    client: Client,
    table: String,
    known: Mutex<HashMap<KeyHash, (ApiKey, Timestamp)>>,
}

impl Keys {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, known: Mutex::default() }
    }

    /// The key that this secret is, good or not.
    pub async fn find(&self, secret: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.find_by_hash(KeyHash::of(secret), now).await
    }

    pub async fn find_by_hash(
        &self,
        hash: KeyHash,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        if let Some(key) = self.remembered(&hash, now) {
            return Ok(Some(key));
        }
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("sha256", AttributeValue::S(hash.as_str().to_owned()))
            .send()
            .await
            .map_err(|error| StoreError::service("reading an API key", error))?;
        // An unknown key is not remembered: it may be made the next moment.
        let Some(item) = answer.item else { return Ok(None) };
        let key: ApiKey = serde_dynamo::from_item(item)
            .map_err(|error| StoreError::item("reading an API key", &error))?;
        self.remember(hash, key.clone(), now);
        Ok(Some(key))
    }

    fn remembered(&self, hash: &KeyHash, now: Timestamp) -> Option<ApiKey> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, read_at) = known.get(hash)?;
        (now.duration_since(*read_at) < MEMORY).then(|| key.clone())
    }

    fn remember(&self, hash: KeyHash, key: ApiKey, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.clear();
        }
        known.insert(hash, (key, now));
    }
}
