//! What a command about keys answers, for people and for scripts.
//!
//! A secret is in the answer of the command that made it and in no other; what is
//! stored of an API key, its hash, is in none.

use jiff::Timestamp;
use serde::Serialize;
use shared::task::{ApiKey, Limits};

use super::changes::current;
use crate::columns::columns;

/// For so long a function goes on with what it knows of a key.
const MEMORY_SECONDS: u32 = 60;

/// A key as it is shown. The names of its fields are what scripts rely on.
#[derive(Serialize)]
pub(crate) struct ShownKey {
    id: String,
    name: String,
    status: Status,
    models: Vec<String>,
    /// When the key was made, not the API key that is current now.
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    limits: ShownLimits,
    has_webhook_secret: bool,
    /// As long as the secret before signs webhooks too.
    previous_webhook_secret_until: Option<Timestamp>,
    /// The API keys that were handed out for it, the oldest first.
    api_keys: Vec<ShownApiKey>,
}

#[derive(Serialize)]
struct ShownApiKey {
    status: Status,
    /// Also of one that is disabled.
    #[serde(skip)]
    expired: bool,
    created_at: Option<Timestamp>,
    replaced_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ShownLimits {
    creates_per_minute: Option<u32>,
    unfinished: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Disabled,
    Expired,
}

impl Status {
    fn of(key: &ApiKey, now: Timestamp) -> Self {
        match key.expires_at {
            _ if key.disabled => Self::Disabled,
            Some(at) if at <= now => Self::Expired,
            _ => Self::Active,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }
}

impl ShownKey {
    /// From the records of one id; absent when there is none.
    pub(crate) fn new(records: &[&ApiKey], now: Timestamp) -> Option<Self> {
        let key = current(records.iter().copied())?;
        let mut records = records.to_vec();
        records.sort_by_key(|record| (record.replaced_at.is_none(), record.created_at));
        let api_keys = records.iter().map(|record| ShownApiKey {
            status: Status::of(record, now),
            expired: record.expires_at.is_some_and(|at| at <= now),
            created_at: record.created_at,
            replaced_at: record.replaced_at,
            expires_at: record.expires_at,
        });
        let Limits { creates_per_minute, unfinished } = key.limits;
        Some(Self {
            id: key.id.clone(),
            name: key.name.clone(),
            status: Status::of(key, now),
            models: key.models.clone(),
            created_at: records.iter().filter_map(|record| record.created_at).min(),
            expires_at: key.expires_at,
            limits: ShownLimits { creates_per_minute, unfinished },
            has_webhook_secret: key.webhook_secret.is_some(),
            previous_webhook_secret_until: key
                .previous_webhook_secret_until
                .filter(|until| *until > now),
            api_keys: api_keys.collect(),
        })
    }

    /// With the API keys alone that have not expired.
    pub(crate) fn without_expired(mut self) -> Self {
        self.api_keys.retain(|key| !key.expired);
        self
    }

    fn facts(&self) -> Vec<Vec<String>> {
        let fact = |name: &str, value: String| vec![name.to_owned(), value];
        let mut facts = vec![
            fact("id", self.id.clone()),
            fact("name", self.name.clone()),
            fact("status", self.status.as_str().to_owned()),
            fact("models", self.models.join(", ")),
            fact("created", time(self.created_at, "unknown")),
            fact("expires", time(self.expires_at, "never")),
            fact("limits", self.limits.text()),
        ];
        if !self.has_webhook_secret {
            facts.push(fact("webhooks", "not called: there is no secret to sign them".to_owned()));
        } else if let Some(until) = self.previous_webhook_secret_until {
            facts
                .push(fact("webhooks", format!("signed by the secret before, too, until {until}")));
        }
        facts
    }
}

impl ShownLimits {
    fn text(&self) -> String {
        let creates = self.creates_per_minute.map(|most| format!("{most} creates a minute"));
        let unfinished = self.unfinished.map(|most| format!("{most} unfinished at once"));
        let limits: Vec<_> = creates.into_iter().chain(unfinished).collect();
        if limits.is_empty() { "none".to_owned() } else { limits.join(", ") }
    }
}

impl ShownApiKey {
    fn text(&self) -> String {
        let mut text = format!("{}, created {}", self.status.as_str(), time(self.created_at, "?"));
        if let Some(at) = self.replaced_at {
            text.push_str(&format!(", replaced {at}"));
        }
        match self.expires_at {
            Some(at) if self.expired => text.push_str(&format!(", expired {at}")),
            Some(at) => text.push_str(&format!(", expires {at}")),
            None => {}
        }
        text
    }
}

fn time(at: Option<Timestamp>, absent: &str) -> String {
    at.map_or_else(|| absent.to_owned(), |at| at.to_string())
}

/// A key after a command, with the secrets that the command made.
#[derive(Serialize)]
pub(crate) struct Answer {
    #[serde(flatten)]
    key: ShownKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
    /// Present after a change of what functions may remember.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_within_seconds: Option<u32>,
}

impl Answer {
    pub(crate) fn new(key: ShownKey) -> Self {
        Self { key, api_key: None, webhook_secret: None, effective_within_seconds: None }
    }

    pub(crate) fn with_api_key(self, api_key: String) -> Self {
        Self { api_key: Some(api_key), ..self }
    }

    pub(crate) fn with_webhook_secret(self, secret: String) -> Self {
        Self { webhook_secret: Some(secret), ..self }
    }

    /// A function may have read the key before it was changed.
    pub(crate) fn remembered(self) -> Self {
        Self { effective_within_seconds: Some(MEMORY_SECONDS), ..self }
    }

    pub(crate) fn text(&self) -> String {
        let mut facts = self.key.facts();
        for (index, api_key) in self.key.api_keys.iter().enumerate() {
            let name = if index == 0 { "API keys" } else { "" };
            facts.push(vec![name.to_owned(), api_key.text()]);
        }
        let secrets = [("API key", &self.api_key), ("webhook secret", &self.webhook_secret)];
        for (name, secret) in secrets {
            facts.extend(secret.as_ref().map(|secret| vec![name.to_owned(), secret.clone()]));
        }
        let mut text = columns(&facts, &[]);
        match (&self.api_key, &self.webhook_secret) {
            (None, None) => {}
            (Some(_), Some(_)) => {
                text.push_str("\nThe API key and the webhook secret are shown this once.\n")
            }
            (Some(_), None) => text.push_str("\nThe API key is shown this once.\n"),
            (None, Some(_)) => text.push_str("\nThe webhook secret is shown this once.\n"),
        }
        if self.effective_within_seconds.is_some() {
            text.push_str("\nA function that has just used this key may know it as it was for up to a minute.\n");
        }
        text
    }
}

/// Every key in a line.
pub(crate) fn list(keys: &[ShownKey]) -> String {
    if keys.is_empty() {
        return "There is no key yet; filmgate keys create makes one.\n".to_owned();
    }
    let head = ["ID", "NAME", "STATUS", "MODELS", "EXPIRES", "LIMITS", "API KEYS"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(keys.iter().map(|key| {
        let old = key.api_keys.iter().filter(|api_key| api_key.replaced_at.is_some());
        let until = old.filter_map(|api_key| api_key.expires_at).max();
        let count = key.api_keys.len();
        vec![
            key.id.clone(),
            key.name.clone(),
            key.status.as_str().to_owned(),
            key.models.join(","),
            time(key.expires_at, "never"),
            key.limits.text(),
            until.map_or_else(|| count.to_string(), |at| format!("{count} (old until {at})")),
        ]
    }));
    columns(&rows, &[])
}
