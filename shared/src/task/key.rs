//! API keys: who owns tasks, what a key may do, what signs its webhooks.
//!
//! Not here: the table they are in, and who asks with one.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::Secret;
use crate::crypto::digest::sha256;

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

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// What is stored of an API key.
#[derive(Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// The hash that the key is found under.
    pub sha256: KeyHash,
    /// The owner of the key's tasks; the same for all API keys that follow each other.
    pub id: String,
    pub name: String,
    /// Names of models, or patterns such as `vidu*`.
    pub models: Vec<String>,
    /// Items that were put into the table by hand may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub created_at: Option<Timestamp>,
    /// When another API key took its place; it may stay valid for a while.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub replaced_at: Option<Timestamp>,
    #[serde(default)]
    pub disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Signs what is sent to the webhooks of the key's tasks.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "revealed")]
    pub webhook_secret: Option<Secret>,
    /// Signs it as well, for a while after it was replaced.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "revealed")]
    pub previous_webhook_secret: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_webhook_secret_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}

/// A time that is only shown: one that a hand has written otherwise breaks no key.
fn if_readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// The secret as the table keeps it, which is where the secrets of webhooks live.
fn revealed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::reveal).serialize(serializer)
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
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The most tasks that one request can ever begin.
    pub fn most_at_once(self) -> Option<u32> {
        [self.creates_per_minute, self.unfinished].into_iter().flatten().min()
    }
}

impl ApiKey {
    /// A key without limits, end or webhook secret.
    pub fn new(sha256: KeyHash, id: &str, name: &str, models: Vec<String>) -> Self {
        Self {
            sha256,
            id: id.to_owned(),
            name: name.to_owned(),
            models,
            created_at: None,
            replaced_at: None,
            disabled: false,
            expires_at: None,
            webhook_secret: None,
            previous_webhook_secret: None,
            previous_webhook_secret_until: None,
            limits: Limits::default(),
        }
    }

    /// The secrets that webhooks are signed with now: the current one, and for a
    /// while the one before, so that a client can change over at leisure.
    pub fn webhook_secrets(&self, now: Timestamp) -> Vec<&Secret> {
        let lasts = self.previous_webhook_secret_until.is_some_and(|until| now < until);
        let previous = self.previous_webhook_secret.as_ref().filter(|_| lasts);
        self.webhook_secret.iter().chain(previous).collect()
    }

    pub fn may_use(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| matches(pattern, model))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::testing::{at, key};

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
            ("k*in*ing", "kling", false),
            ("k*n*ng", "kling", false),
            ("k*in*g", "kling", true),
            ("a*a", "a", false),
            ("", "viduq1", false),
        ];
        for (pattern, name, fits) in rows {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
        let key = ApiKey { models: vec!["viduq1".to_owned(), "kling*".to_owned()], ..key() };
        for (model, may_use) in [("viduq1", true), ("kling-v3", true), ("viduq2", false)] {
            assert_eq!(key.may_use(model), may_use, "{model}");
        }
    }

    #[test]
    fn a_limit_is_kept_where_there_is_one_and_the_smaller_one_counts() {
        let rows = [
            (None, None, None, serde_json::Value::Null),
            (Some(5), None, Some(5), serde_json::json!({ "creates_per_minute": 5 })),
            (None, Some(3), Some(3), serde_json::json!({ "unfinished": 3 })),
            (
                Some(5),
                Some(3),
                Some(3),
                serde_json::json!({ "creates_per_minute": 5, "unfinished": 3 }),
            ),
        ];
        for (creates_per_minute, unfinished, most, written) in rows {
            let limits = Limits { creates_per_minute, unfinished };
            assert_eq!(limits.most_at_once(), most);
            let stored = serde_json::to_value(ApiKey { limits, ..key() }).unwrap();
            assert_eq!(stored.get("limits").cloned().unwrap_or_default(), written);
            assert_eq!(serde_json::from_value::<ApiKey>(stored).unwrap().limits, limits);
        }
    }

    #[test]
    fn a_replaced_secret_signs_until_its_time() {
        let secret = |text: &str| Secret::try_from(text.to_owned()).ok();
        let (current, previous) = (secret("current"), secret("previous"));
        let both = ApiKey {
            webhook_secret: current.clone(),
            previous_webhook_secret: previous.clone(),
            previous_webhook_secret_until: Some(at(100)),
            ..key()
        };
        let endless = ApiKey { previous_webhook_secret_until: None, ..both.clone() };
        let rows = [
            (&both, 99, vec!["current", "previous"]),
            (&both, 100, vec!["current"]),
            (&both, 101, vec!["current"]),
            (&endless, 1, vec!["current"]),
        ];
        for (key, second, expected) in rows {
            let secrets = key.webhook_secrets(at(second));
            assert_eq!(secrets.iter().map(|it| it.reveal()).collect::<Vec<_>>(), expected);
        }
        assert!(key().webhook_secrets(at(1)).is_empty());
    }

    #[test]
    fn a_time_that_a_hand_wrote_breaks_no_key() {
        let mut stored = serde_json::to_value(key()).unwrap();
        for (text, time) in [("1970-01-01T00:01:40Z", Some(at(100))), ("last week", None)] {
            stored["created_at"] = text.into();
            let key: ApiKey = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!((key.created_at, key.replaced_at), (time, None), "{text}");
        }
    }

    #[test]
    fn a_key_is_printed_by_its_names_alone() {
        let secret = Secret::try_from("whsec_hidden".to_owned()).ok();
        let key = ApiKey { webhook_secret: secret, ..key() };
        assert_eq!(format!("{key:?}"), r#"ApiKey { id: "owner", name: "tests" }"#);
        assert_eq!(format!("{:?}", key.sha256), "KeyHash(…)");
    }

    #[test]
    fn the_hash_is_the_one_that_sha256sum_prints() {
        assert_eq!(
            KeyHash::of("sk-local").as_str(),
            "7c9f8cb332edbdb1679a6876df821b38cfee40359a5540148444f31446af1ff4"
        );
    }
}
