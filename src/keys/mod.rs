//! `filmgate keys`: the API keys that clients are given.

mod answer;
mod changes;

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde_json::json;
use shared::crypto::Secret;
use shared::crypto::digest::hex;
use shared::store::operator::{Held, Keys};
use shared::task::{ApiKey, KeyHash, Limits};

use crate::place::{Place, PlaceArguments, Which};
use crate::terms::{Expiry, Term};
use answer::{Answer, ShownKey};
use changes::Changes;

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
        place: PlaceArguments,
    },
    /// Every key in a line
    List {
        #[command(flatten)]
        place: PlaceArguments,
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
        #[arg(long, value_name = "TIME")]
        grace: Option<Term>,
    },
    /// Make another webhook secret for a key; the one before signs too for a while
    RotateWebhookSecret {
        #[command(flatten)]
        key: OneKey,
        /// How long webhooks are signed with both
        #[arg(long, value_name = "TIME", default_value = "24h")]
        grace: Term,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OneKey {
    /// The key's id, e.g. key_0123456789ab
    id: String,
    #[command(flatten)]
    place: PlaceArguments,
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
        KeysCommand::Create { name, models, expires, creates_per_minute, unfinished, place } => {
            let api_key = new_api_key();
            let webhook_secret = new_webhook_secret();
            let key = ApiKey {
                sha256: KeyHash::of(&api_key),
                id: format!("key_{}", hex(&random::<6>())),
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
            let register = Register::open(place).await?;
            register.write(Some(&key), &[]).await?;
            let answer = answer(&[&key], now).with_api_key(api_key);
            Ok(print(place, &answer.with_webhook_secret(webhook_secret)))
        }
        KeysCommand::List { place } => {
            let register = Register::open(place).await?;
            let held = register.keys.all().await.map_err(|error| register.place.explain(error))?;
            let mut keys = BTreeMap::<_, Vec<&ApiKey>>::new();
            for held in &held {
                keys.entry(&held.key.id).or_default().push(&held.key);
            }
            let keys = keys.values().filter_map(|records| ShownKey::new(records, now));
            let keys: Vec<_> = keys.map(ShownKey::without_expired).collect();
            Ok(if place.json { line(&json!({ "keys": keys })) } else { answer::list(&keys) })
        }
        KeysCommand::Show(OneKey { id, place }) => {
            let held = Register::open(place).await?.read(id).await?;
            let records: Vec<_> = held.iter().map(|held| &held.key).collect();
            Ok(print(place, &answer(&records, now)))
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
        KeysCommand::Rotate { key: OneKey { id, place }, grace } => {
            let register = Register::open(place).await?;
            let held = register.read(id).await?;
            let records: Vec<_> = held.iter().map(|held| &held.key).collect();
            let api_key = new_api_key();
            let grace = grace.map(|Term(grace)| grace);
            let (new, old) = changes::rotate(&records, KeyHash::of(&api_key), grace, now)?;
            let changed: Vec<_> = held.iter().zip(old).collect();
            register.write(Some(&new), &changed).await?;
            let records: Vec<_> = changed.iter().map(|(_, old)| old).chain([&new]).collect();
            Ok(print(place, &answer(&records, now).with_api_key(api_key).remembered()))
        }
        KeysCommand::RotateWebhookSecret { key: OneKey { id, place }, grace: Term(grace) } => {
            let register = Register::open(place).await?;
            let new = new_webhook_secret();
            let change = |record: &ApiKey| {
                changes::rotate_webhook_secret(record, &secret(&new), *grace, now)
            };
            let answer = register.change(id, change, now).await?;
            Ok(print(place, &answer.with_webhook_secret(new.clone())))
        }
    }
}

async fn change(
    OneKey { id, place }: &OneKey,
    change: impl Fn(&ApiKey) -> ApiKey,
    now: Timestamp,
) -> Result<String, String> {
    let answer = Register::open(place).await?.change(id, change, now).await?;
    Ok(print(place, &answer))
}

/// The table of keys, where the operator said that it is.
struct Register {
    place: Place,
    keys: Keys,
}

impl Register {
    async fn open(arguments: &PlaceArguments) -> Result<Self, String> {
        let place = Place::open(arguments).await?;
        let keys = Keys::new(place.client.clone(), place.table(Which::Keys)?);
        Ok(Self { place, keys })
    }

    /// The records of an id, of which there is at least one.
    async fn read(&self, id: &str) -> Result<Vec<Held>, String> {
        let held = self.keys.of(id).await.map_err(|error| self.place.explain(error))?;
        if held.is_empty() {
            let table = self.keys.table();
            return Err(format!("there is no key {id} in {table}; filmgate keys list tells all"));
        }
        Ok(held)
    }

    async fn write(&self, new: Option<&ApiKey>, changes: &[(&Held, ApiKey)]) -> Result<(), String> {
        self.keys.write(new, changes).await.map_err(|error| self.place.explain(error))
    }

    /// Does the same to all records of an id.
    async fn change(
        &self,
        id: &str,
        change: impl Fn(&ApiKey) -> ApiKey,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let held = self.read(id).await?;
        let changed: Vec<_> = held.iter().map(|held| (held, change(&held.key))).collect();
        self.write(None, &changed).await?;
        let records: Vec<_> = changed.iter().map(|(_, record)| record).collect();
        Ok(answer(&records, now).remembered())
    }
}

/// What is shown of records, of which there is at least one.
fn answer(records: &[&ApiKey], now: Timestamp) -> Answer {
    Answer::new(ShownKey::new(records, now).expect("a key has a record"))
}

fn print(place: &PlaceArguments, answer: &Answer) -> String {
    if place.json { line(answer) } else { answer.text() }
}

fn line(answer: &impl Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer has only plain fields") + "\n"
}

fn future(expiry: Expiry, now: Timestamp) -> Result<Option<Timestamp>, String> {
    match expiry.from(now) {
        Some(at) if at <= now => Err(format!("{at} is over; say a later --expires")),
        at => Ok(at),
    }
}

fn new_api_key() -> String {
    format!("sk-{}", hex(&random::<24>()))
}

/// As Standard Webhooks has it.
fn new_webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random::<32>()))
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text.to_owned()).expect("base64 is printable")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
