//! API keys, found by their hash. Only an operator writes them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Begun, StoreError, usage};
use crate::api::{self, ApiError};
use crate::hex::sha256;
use crate::telemetry;
use crate::vendor::Secret;

/// How long a key is remembered: a disabled key works for so much longer.
const MEMORY: SignedDuration = SignedDuration::from_mins(1);
/// A function that has met more keys than this starts over.
const MOST_REMEMBERED: usize = 1_000;

/// The SHA-256 of an API key, in hexadecimal; the key itself is stored nowhere.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    pub fn of(key: &str) -> Self {
        Self(sha256(key.as_bytes()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is stored of an API key.
#[derive(Clone, Deserialize)]
pub struct ApiKey {
    /// What it was found under.
    pub sha256: KeyHash,
    /// Owns the key's tasks, also after the key itself was replaced.
    pub id: String,
    pub name: String,
    /// Names of models, or patterns such as `vidu*`.
    pub models: Vec<String>,
    #[serde(default)]
    pub disabled: bool,
    pub expires_at: Option<Timestamp>,
    /// Signs what is sent to the webhooks of its tasks.
    pub webhook_secret: Option<Secret>,
    /// Signs it as well, for a while after it was replaced.
    pub previous_webhook_secret: Option<Secret>,
    pub previous_webhook_secret_until: Option<Timestamp>,
    #[serde(default)]
    pub limits: Limits,
}

/// What a key may do at most; what is absent has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Tasks that it may make in a minute of the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creates_per_minute: Option<u32>,
    /// Tasks of it that may be unfinished at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<u32>,
}

impl Limits {
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Refuses what could never begin, however long its client waited.
    pub fn check_count(self, tasks: u32) -> Result<(), ApiError> {
        let most = [self.creates_per_minute, self.unfinished].into_iter().flatten().min();
        match most {
            Some(most) if tasks > most && tasks > 1 => {
                let message =
                    format!("`n` is {tasks}, but this API key's limits allow {most} at once.");
                Err(ApiError::invalid("n", message))
            }
            _ => Ok(()),
        }
    }

    /// What a client is told whose tasks did not begin.
    pub fn refusal(self, begun: &Begun, now: Timestamp) -> ApiError {
        match begun {
            Begun::TooFast => ApiError::key_rate_limited(
                self.creates_per_minute.unwrap_or_default(),
                usage::rest_of_minute(now),
            ),
            Begun::TooMany => ApiError::too_many_unfinished(self.unfinished.unwrap_or_default()),
            Begun::Stored | Begun::Before(_) | Begun::Busy => ApiError::busy(),
        }
    }
}

impl ApiKey {
    /// Refuses a key that was known but is no longer good.
    pub fn check(&self, now: Timestamp) -> Result<(), ApiError> {
        if self.disabled {
            return Err(ApiError::forbidden("key_disabled", None, "This API key is disabled."));
        }
        match self.expires_at {
            Some(expires_at) if expires_at <= now => Err(ApiError::forbidden(
                "key_expired",
                None,
                format!("This API key expired at {expires_at}."),
            )),
            _ => Ok(()),
        }
    }

    /// What its webhooks are signed with now: by its secret, and for a while by
    /// the one before, so that a client can change over at leisure.
    pub fn webhook_secrets(&self, now: Timestamp) -> Vec<&Secret> {
        let lasts = self.previous_webhook_secret_until.is_some_and(|until| now < until);
        let previous = self.previous_webhook_secret.as_ref().filter(|_| lasts);
        self.webhook_secret.iter().chain(previous).collect()
    }

    pub fn check_model(&self, model: &str) -> Result<(), ApiError> {
        if self.models.iter().any(|pattern| matches(pattern, model)) {
            return Ok(());
        }
        let message = format!("This API key may not use the model `{model}`.");
        Err(ApiError::forbidden("model_not_allowed", Some("model"), message))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).field("name", &self.name).finish()
    }
}

/// Whether a name fits a pattern, in which `*` is anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(last)
}

/// The table of API keys, with a short memory.
#[derive(Debug)]
pub struct Keys {
    client: Client,
    table: String,
    known: Mutex<HashMap<KeyHash, (ApiKey, Timestamp)>>,
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

impl Keys {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, known: Mutex::default() }
    }

    /// The good key that a request carries.
    pub async fn admit(&self, headers: &HeaderMap, now: Timestamp) -> Result<ApiKey, ApiError> {
        let secret = api::http::bearer(headers)?;
        let key = self.find(secret, now).await.map_err(|error| {
            tracing::error!(%error, "an API key could not be looked up");
            ApiError::internal()
        })?;
        let key = key.ok_or_else(|| {
            ApiError::unauthorized("unknown_api_key", "This API key is not known here.")
        })?;
        telemetry::tell(|line| line.set("key", key.id.as_str()));
        key.check(now)?;
        Ok(key)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let rows = [
            ("*", "viduq1", true),
            ("vidu*", "viduq1", true),
            ("vidu*", "vidu", true),
            ("vidu*", "my-vidu", false),
            ("viduq1", "viduq1", true),
            ("viduq1", "viduq1-classic", false),
            ("*-turbo", "viduq2-turbo", true),
            ("*-turbo", "viduq2-turbo-x", false),
            ("kling*v*", "kling-v3", true),
            ("k*g*3", "kling-v3", true),
            ("k*g*4", "kling-v3", false),
            ("a*a", "a", false),
            ("", "viduq1", false),
        ];
        for (pattern, name, fits) in rows {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn the_hash_is_the_one_that_sha256sum_prints() {
        assert_eq!(
            KeyHash::of("sk-local").as_str(),
            "7c9f8cb332edbdb1679a6876df821b38cfee40359a5540148444f31446af1ff4"
        );
    }
}
