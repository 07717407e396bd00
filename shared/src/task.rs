//! A task: one generation, from the moment it is accepted to its end.
//!
//! Pure. What is kept of a task is what its owner is shown and what is needed
//! to finish it; neither prompt nor images are kept.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::api::fields::whole;
use crate::api::{Charged, ErrorBody};
use crate::store::KeyHash;
use crate::story::Step;
use crate::timer::{self, Lane, Shard};
use crate::vendor::Vendor;

/// How long a task can be asked for. The vendors delete the film long before.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Thirty-two hexadecimal digits that sort by time (a UUID, version 7).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid();
        Self(uuid.simple().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was made, which an id tells to the millisecond.
    pub fn created_at(&self) -> Timestamp {
        let millis = self.0.get(..12).and_then(|digits| i64::from_str_radix(digits, 16).ok());
        millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or_default()
    }

    /// A number that differs from task to task, for spreading them.
    pub fn spread(&self) -> u32 {
        // The last digits of an id are random; the first ones are the time.
        let digits = self.0.get(self.0.len().saturating_sub(7)..).unwrap_or_default();
        u32::from_str_radix(digits, 16).unwrap_or(0)
    }
}

impl FromStr for TaskId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.len() == 32 && text.bytes().all(digit);
        fits.then(|| Self(text.to_owned())).ok_or(())
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a task stands. It only rises, and an end is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Queued,
    Processing,
    Succeeded,
    Failed,
}

impl Status {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The statuses from which a task may rise to this one.
    pub fn below(self) -> &'static [Self] {
        match self {
            Self::Queued => &[],
            Self::Processing => &[Self::Queued],
            Self::Succeeded | Self::Failed => &[Self::Queued, Self::Processing],
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// What is known of the film in numbers; what is unknown is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub fps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The seed that was really used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// What the vendor charges, in its own unit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_number")]
    pub credits: Option<f64>,
}

impl Figures {
    /// Takes what is known there; what is not known there stays.
    pub fn learn(&mut self, other: &Self) {
        let Self { duration, fps, width, height, seed, credits } = other;
        self.duration = duration.or(self.duration);
        self.fps = fps.or(self.fps);
        self.width = width.or(self.width);
        self.height = height.or(self.height);
        self.seed = seed.or(self.seed);
        self.credits = credits.or(self.credits);
    }
}

/// 24 and not 24.0, as a person would write it.
fn plain_number<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number.map(|number| (whole(number), number)) {
        Some((Some(whole), _)) => serializer.serialize_i64(whole),
        Some((None, number)) => serializer.serialize_f64(number),
        None => serializer.serialize_none(),
    }
}

/// A stored task. The names of its fields are the table's attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// The API key that made it; to every other key it does not exist.
    pub owner: String,
    /// The hash of that key, under which its webhook secret is found.
    pub key_sha256: KeyHash,
    pub vendor: Vendor,
    /// As the client wrote it.
    pub model: String,
    pub status: Status,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When somebody last began to ask the vendor, in milliseconds.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub looked_at: Timestamp,
    /// The vendor's endpoint or product that was asked; some want it in every question.
    pub endpoint: String,
    /// Absent as long as it is unknown whether the vendor took the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_task_id: Option<String>,
    #[serde(default)]
    pub figures: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When the vendor's link dies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// What was last tried with the client's webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What was sent to a vendor that takes the same again without making a second
    /// film; kept until it is known that the first one arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// How often in a row the vendor said that it does not know the task.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub misses: u32,
    /// Whether it has a place among the unfinished tasks that its key may have,
    /// which its end gives back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counted: bool,
    /// What happened to it.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How often somebody began to ask the vendor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looks: u32,
    /// The task's timer: when something is next to be done for it. With
    /// `due_shard` the key of a sparse index; both go when nothing is left to do.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_shard: Option<Shard>,
    /// When the table forgets it.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub ttl: Timestamp,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// How the last call at a client's webhook went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How often it was tried.
    pub tries: u32,
    pub tried_at: Timestamp,
    pub delivered: bool,
    /// The client's answer, or why there was none; for people.
    pub outcome: String,
}

impl Task {
    /// Whether its end is still to be told to its client. The timer says so:
    /// it goes when the client knows or nobody will try again.
    pub fn owes_webhook(&self) -> bool {
        self.status.is_final() && self.webhook_url.is_some() && self.due_at.is_some()
    }

    /// Whether what it ended as may have cost credits.
    pub fn may_be_charged(&self) -> bool {
        self.error.as_ref().is_none_or(|error| error.charged != Charged::No)
    }

    /// The task as the write that ends it leaves it, by these steps.
    pub fn after(&self, news: &News, steps: &[Step], now: Timestamp) -> Self {
        let webhook = self.webhook_url.is_some();
        let mut after = self.clone();
        after.status = news.status;
        after.updated_at = now;
        after.figures.learn(&news.figures);
        after.url = news.url.clone().or(after.url);
        after.url_expires_at = news.url_expires_at.or(after.url_expires_at);
        after.error = news.error.clone().or(after.error);
        after.submission = None;
        after.misses = 0;
        after.due_at = webhook.then(|| timer::after_end(now));
        after.due_shard = webhook.then(|| Lane::Webhooks.shard(&self.id));
        after.steps.extend_from_slice(steps);
        after
    }
}

/// What a look at the vendor says about a task.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub status: Status,
    /// The vendor's word for its status, when it is one that we do not know.
    pub unknown_word: Option<String>,
    pub figures: Figures,
    pub url: Option<String>,
    pub url_expires_at: Option<Timestamp>,
    pub error: Option<ErrorBody>,
}

impl News {
    pub fn unfinished(status: Status) -> Self {
        Self {
            status,
            unknown_word: None,
            figures: Figures::default(),
            url: None,
            url_expires_at: None,
            error: None,
        }
    }

    /// A word for a status that we do not know is *processing*: it is no end.
    pub fn unknown(word: &str) -> Self {
        const LONGEST: usize = 40;
        let word = word.chars().take(LONGEST).collect();
        Self { unknown_word: Some(word), ..Self::unfinished(Status::Processing) }
    }

    pub fn failed(error: ErrorBody, figures: Figures) -> Self {
        Self { figures, error: Some(error), ..Self::unfinished(Status::Failed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 4] =
        [Status::Queued, Status::Processing, Status::Succeeded, Status::Failed];

    #[test]
    fn a_status_only_rises_and_an_end_is_final() {
        for to in ALL {
            for from in to.below() {
                assert!(!from.is_final(), "{from:?} is final and cannot become {to:?}");
                assert!(!from.below().contains(&to), "{from:?} and {to:?} would take turns");
            }
            assert!(!to.below().contains(&to), "{to:?} is no news to itself");
        }
    }

    #[test]
    fn ids_sort_by_time_and_are_read_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let early = TaskId::new(at(1_784_019_600), &[255; 10]);
        let late = TaskId::new(at(1_784_019_601), &[0; 10]);
        assert!(early.as_str() < late.as_str());
        assert_eq!(early.as_str().parse(), Ok(early.clone()));
        assert_eq!(early.created_at(), at(1_784_019_600));
        for text in ["", "1", &"g".repeat(32), &"A".repeat(32), &"a".repeat(33)] {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
