//! `filmgate keys`: the API keys that clients are given.

mod answer;
mod changes;
mod secrets;

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::crypto::Secret;
use shared::task::{ApiKey, KeyHash, Limits};

use crate::database::{Database, DatabaseArguments};
use crate::tables::{KeysTable, StoredKey};
use crate::times::{Expiry, read_duration};
use answer::{Answer, ShownKey};
use changes::Changes;
use secrets::{new_api_key, new_id, new_webhook_secret};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key; its API key and webhook secret are printed once and never again
    Create {
        /// Whose key it is, for people
        #[arg(long, value_name = "NAME", value_parser = read_name)]
        name: String,
        /// The models that it may use, by name or pattern, e.g. 'vidu*,kling-v3'
        #[arg(long, value_name = "MODELS")]
        models: Models,
        /// When it expires: 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z or never
        #[arg(long, value_name = "TIME", default_value = "never")]
        expires: Expiry,
        /// How many tasks it may make in a minute
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        creates_per_minute: Option<u32>,
        /// How many of its tasks may be unfinished at once
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        unfinished: Option<u32>,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Every key in a line
    List {
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// One key, with all API keys that were handed out for it
    Show(OneKey),
    /// Change a key
    Change {
        #[command(flatten)]
        key: OneKey,
        #[command(flatten)]
        changes: ChangeArguments,
    },
    /// Refuse a key until it is enabled again
    Disable(OneKey),
    /// Take a disabled key again
    Enable(OneKey),
    /// Make another API key for a key; the one before stays valid for a while
    ///
    /// For a disabled key it ends at once instead, so that a key which leaked can
    /// be disabled, rotated and enabled.
    Rotate {
        #[command(flatten)]
        key: OneKey,
        /// How long the API key before stays valid; 24h, unless the key is disabled
        #[arg(long, value_name = "TIME", value_parser = read_duration)]
        grace: Option<SignedDuration>,
    },
    /// Make another webhook secret for a key; the one before signs too for a while
    RotateWebhookSecret {
        #[command(flatten)]
        key: OneKey,
        /// How long webhooks are signed with both
        #[arg(long, value_name = "TIME", value_parser = read_duration, default_value = "24h")]
        grace: SignedDuration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OneKey {
    /// The key's id, e.g. key_0123456789ab
    id: String,
    #[command(flatten)]
    database: DatabaseArguments,
}

#[derive(Debug, Args)]
#[group(id = "changes", required = true, multiple = true)]
pub(crate) struct ChangeArguments {
    /// Whose key it is, for people
    #[arg(long, value_name = "NAME", value_parser = read_name)]
    name: Option<String>,
    /// The models that it may use, in the place of all before
    #[arg(long, value_name = "MODELS")]
    models: Option<Models>,
    /// When it expires: 90d (from now), 12h, 2027-01-31, 2027-01-31T12:00:00Z or never
    #[arg(long, value_name = "TIME")]
    expires: Option<Expiry>,
    /// How many tasks it may make in a minute, or none for no limit
    #[arg(long, value_name = "N|none")]
    creates_per_minute: Option<Limit>,
    /// How many of its tasks may be unfinished at once, or none for no limit
    #[arg(long, value_name = "N|none")]
    unfinished: Option<Limit>,
}

/// Names of models or patterns, with commas between them.
#[derive(Clone, Debug)]
pub(crate) struct Models(Vec<String>);

impl FromStr for Models {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let models: Vec<_> = text.split(',').map(|model| model.trim().to_owned()).collect();
        let good = |model: &String| {
            !model.is_empty() && !model.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if models.iter().all(good) {
            Ok(Self(models))
        } else {
            Err("write names or patterns with commas between, like 'vidu*,kling-v3'".to_owned())
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Limit(Option<u32>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self(None)),
            (_, Ok(most @ 1..)) => Ok(Self(Some(most))),
            _ => Err("write a number from 1, or none".to_owned()),
        }
    }
}

fn read_name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 200;
    let text = text.trim();
    match text.chars().count() {
        0 => Err("a name has to have letters".to_owned()),
        1..=LONGEST if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(format!("a name is one line of up to {LONGEST} letters")),
    }
}

/// Does what is asked, and returns what is to be printed.
pub(crate) async fn run(command: &KeysCommand, now: Timestamp) -> Result<String, String> {
    // To the second, as people read it.
    let now = Timestamp::from_second(now.as_second()).expect("a time rounded down is a time");
    match command {
        KeysCommand::Create { name, models, expires, creates_per_minute, unfinished, database } => {
            let api_key = new_api_key();
            let webhook_secret = new_webhook_secret();
            let key = ApiKey {
                sha256: KeyHash::of(&api_key),
                id: new_id(),
                name: name.clone(),
                models: models.0.clone(),
                created_at: Some(now),
                replaced_at: None,
                disabled: false,
                expires_at: future(*expires, now)?,
                webhook_secret: Some(secret(&webhook_secret)),
                previous_webhook_secret: None,
                previous_webhook_secret_until: None,
                limits: Limits { creates_per_minute: *creates_per_minute, unfinished: *unfinished },
            };
            let register = Register::open(database).await?;
            register.write(Some(&key), &[]).await?;
            let answer = answer(&[&key], now).with_api_key(api_key);
            Ok(print(database, &answer.with_webhook_secret(webhook_secret)))
        }
        KeysCommand::List { database } => {
            let register = Register::open(database).await?;
            let stored = register.all().await?;
            let mut keys = BTreeMap::<_, Vec<&ApiKey>>::new();
            for StoredKey { key, .. } in &stored {
                keys.entry(&key.id).or_default().push(key);
            }
            let keys = keys.values().filter_map(|records| ShownKey::new(records, now));
            let keys: Vec<_> = keys.map(ShownKey::without_expired).collect();
            Ok(if database.json {
                crate::json(&json!({ "keys": keys }))
            } else {
                answer::list(&keys)
            })
        }
        KeysCommand::Show(OneKey { id, database }) => {
            let stored = Register::open(database).await?.read(id).await?;
            let records: Vec<_> = stored.iter().map(|stored| &stored.key).collect();
            Ok(print(database, &answer(&records, now)))
        }
        KeysCommand::Change { key, changes } => {
            let ChangeArguments { name, models, expires, creates_per_minute, unfinished } = changes;
            let changes = Changes {
                name: name.clone(),
                models: models.as_ref().map(|models| models.0.clone()),
                expires_at: expires.map(|expires| future(expires, now)).transpose()?,
                creates_per_minute: creates_per_minute.map(|limit| limit.0),
                unfinished: unfinished.map(|limit| limit.0),
                disabled: None,
            };
            change(key, |record| changes.apply(record), now).await
        }
        KeysCommand::Disable(key) => {
            let changes = Changes { disabled: Some(true), ..Changes::default() };
            change(key, |record| changes.apply(record), now).await
        }
        KeysCommand::Enable(key) => {
            let changes = Changes { disabled: Some(false), ..Changes::default() };
            change(key, |record| changes.apply(record), now).await
        }
        KeysCommand::Rotate { key: OneKey { id, database }, grace } => {
            let register = Register::open(database).await?;
            let stored = register.read(id).await?;
            let records: Vec<_> = stored.iter().map(|stored| &stored.key).collect();
            let api_key = new_api_key();
            let (new, old) = changes::rotate(&records, KeyHash::of(&api_key), *grace, now)?;
            let changed: Vec<_> = stored.iter().zip(old).collect();
            register.write(Some(&new), &changed).await?;
            let records: Vec<_> = changed.iter().map(|(_, old)| old).chain([&new]).collect();
            Ok(print(database, &answer(&records, now).with_api_key(api_key).remembered()))
        }
        KeysCommand::RotateWebhookSecret { key: OneKey { id, database }, grace } => {
            let register = Register::open(database).await?;
            let new = new_webhook_secret();
            let change = |record: &ApiKey| {
                changes::rotate_webhook_secret(record, &secret(&new), *grace, now)
            };
            let answer = register.change(id, change, now).await?;
            Ok(print(database, &answer.with_webhook_secret(new.clone())))
        }
    }
}

async fn change(
    OneKey { id, database }: &OneKey,
    change: impl Fn(&ApiKey) -> ApiKey,
    now: Timestamp,
) -> Result<String, String> {
    let answer = Register::open(database).await?.change(id, change, now).await?;
    Ok(print(database, &answer))
}

/// The table of keys, where the operator said that it is.
struct Register {
    database: Database,
    keys: KeysTable,
}

impl Register {
    async fn open(arguments: &DatabaseArguments) -> Result<Self, String> {
        let database = Database::open(arguments).await?;
        let keys = database.keys()?;
        Ok(Self { database, keys })
    }

    async fn all(&self) -> Result<Vec<StoredKey>, String> {
        self.keys.all().await.map_err(|error| self.database.explain(error))
    }

    /// The records of an id, of which there is at least one.
    async fn read(&self, id: &str) -> Result<Vec<StoredKey>, String> {
        let stored = self.keys.of(id).await.map_err(|error| self.database.explain(error))?;
        if stored.is_empty() {
            let table = self.keys.table();
            return Err(format!("there is no key {id} in {table}; filmgate keys list tells all"));
        }
        Ok(stored)
    }

    async fn write(
        &self,
        new: Option<&ApiKey>,
        changes: &[(&StoredKey, ApiKey)],
    ) -> Result<(), String> {
        self.keys.write(new, changes).await.map_err(|error| self.database.explain(error))
    }

    /// Does the same to all records of an id.
    async fn change(
        &self,
        id: &str,
        change: impl Fn(&ApiKey) -> ApiKey,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let stored = self.read(id).await?;
        let changed: Vec<_> = stored.iter().map(|stored| (stored, change(&stored.key))).collect();
        self.write(None, &changed).await?;
        let records: Vec<_> = changed.iter().map(|(_, record)| record).collect();
        Ok(answer(&records, now).remembered())
    }
}

/// What is shown of records, of which there is at least one.
fn answer(records: &[&ApiKey], now: Timestamp) -> Answer {
    Answer::new(ShownKey::new(records, now).expect("a key has a record"))
}

fn print(database: &DatabaseArguments, answer: &Answer) -> String {
    if database.json { crate::json(answer) } else { answer.text() }
}

fn future(expiry: Expiry, now: Timestamp) -> Result<Option<Timestamp>, String> {
    match expiry.from(now) {
        Some(at) if at <= now => Err(format!("{at} is over; say a later --expires")),
        at => Ok(at),
    }
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text.to_owned()).expect("base64 is printable")
}
