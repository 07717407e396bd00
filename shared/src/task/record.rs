//! A task: one generation, from the moment it is accepted to its end.
//!
//! Pure. What is kept of a task is what its owner is shown and what is needed
//! to finish it; neither prompt nor images are kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::duty::{Duty, Lane, Shard};
use super::error::{Charged, ErrorBody};
use super::events::{Actor, Event, EventKind};
use super::figures::Figures;
use super::id::TaskId;
use super::key::{ApiKey, KeyHash};
use super::status::Status;
use super::timer::{self, Pace};
use super::vendor::Vendor;

/// How long a task can be asked for. Vendors delete videos long before.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A stored task. The names of its fields are the table's attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// The API key that made it; to every other key it does not exist.
    pub owner: String,
    /// The hash of that key, under which its webhook secret is found.
    pub key_sha256: KeyHash,
    pub vendor: Vendor,
    /// The account at the vendor that the task was made with.
    #[serde(default)]
    pub account: AccountId,
    /// As the client wrote it.
    pub model: String,
    pub status: Status,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When somebody last began to ask the vendor, in milliseconds.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub polled_at: Timestamp,
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
    /// video; kept until it is known that the first one arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// That the vendor says it does not know the task, and how often in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Whether the task has a place among the unfinished tasks that its key may have,
    /// which its end gives back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counted: bool,
    /// What happened to it.
    #[serde(default)]
    pub events: Vec<Event>,
    /// How often somebody began to ask the vendor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub polls: u32,
    /// The duty at the vendor and its timer, which is listed in the index `vendor_due`;
    /// all three go when nothing is left to do there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_duty: Option<Duty>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub vendor_due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_due_shard: Option<Shard>,
    /// The timer of the duty to tell the client's webhook, listed in the index `webhook_due`;
    /// both go when the client knows or nobody will try again.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub webhook_due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_due_shard: Option<Shard>,
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

/// A vendor's word that it does not know a task, said several times in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub times: u32,
    /// When it was said first.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
}

/// How often in a row a vendor must say that it does not know a task.
const MISSES: u32 = 3;

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
    /// A task of which its vendor has not heard yet.
    pub fn new(
        id: TaskId,
        key: &ApiKey,
        vendor: Vendor,
        account: AccountId,
        model: &str,
        endpoint: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            vendor_duty: Some(Duty::Find),
            vendor_due_at: Some(timer::after_insert(now)),
            vendor_due_shard: Some(Lane::Vendor(vendor).shard(&id)),
            webhook_due_at: None,
            webhook_due_shard: None,
            ttl: now + RETENTION,
            id,
            owner: key.id.clone(),
            key_sha256: key.sha256.clone(),
            vendor,
            account,
            model: model.to_owned(),
            status: Status::Queued,
            created_at: now,
            updated_at: now,
            polled_at: now,
            endpoint: endpoint.to_owned(),
            vendor_task_id: None,
            figures: Figures::default(),
            url: None,
            url_expires_at: None,
            error: None,
            payload: None,
            user: None,
            webhook_url: None,
            delivery: None,
            submission: None,
            missing: None,
            counted: key.limits.unfinished.is_some(),
            events: vec![Actor::Create.event(EventKind::Created, now)],
            polls: 0,
        }
    }

    /// What is still to be done for the task, each with its timer.
    pub fn duties(&self) -> impl Iterator<Item = (Duty, Timestamp)> {
        let deliver = self.webhook_due_at.map(|due_at| (Duty::Deliver, due_at));
        self.vendor_duty.zip(self.vendor_due_at).into_iter().chain(deliver)
    }

    /// Whether the vendor, which says once more that it does not know the task, has now
    /// said so often enough and over a stretch of time, which does not begin before the
    /// vendor would be polled first. Whoever asks in quick succession proves nothing.
    pub fn is_missing_for_good(&self, pace: &Pace, now: Timestamp) -> bool {
        let settled = self.created_at + pace.first + pace.missing_for();
        self.missing.is_some_and(|missing| {
            missing.times + 1 >= MISSES
                && now.duration_since(missing.since) >= pace.missing_for()
                && now >= settled
        })
    }

    /// The word of the vendor that it does not know the task, with this time counted in.
    pub fn missed(&self, now: Timestamp) -> Missing {
        let before = self.missing.unwrap_or(Missing { times: 0, since: now });
        Missing { times: before.times.saturating_add(1), ..before }
    }

    /// Whether what it ended as may have cost credits.
    pub fn may_be_charged(&self) -> bool {
        self.error.as_ref().is_none_or(|error| error.charged != Charged::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_missing_when_its_vendor_says_so_often_long_and_late_enough() {
        let secs = SignedDuration::from_secs;
        let pace =
            Pace { first: secs(30), shortest: secs(30), longest: secs(60), deadline: secs(600) };
        let at = |second| Timestamp::UNIX_EPOCH + secs(second);
        let id = TaskId::new(at(0), &[7; 10]);
        let account = AccountId::default();
        let key = ApiKey::new(KeyHash::of("sk-1"), "key_1", "one", Vec::new());
        let task = Task::new(id, &key, Vendor::Vidu, account, "viduq1", "text2video", at(0));
        let rows = [
            (None, 600, false, "the first time"),
            (Some((1, 30)), 600, false, "the second time"),
            (Some((2, 30)), 90, true, "three polls of a reconciler"),
            (Some((2, 31)), 90, false, "too short a stretch"),
            (Some((9, 3)), 80, false, "a client who asks from the beginning"),
            (Some((9, 3)), 90, true, "and when the vendor has had its time"),
        ];
        for (before, now, expected, reason) in rows {
            let missing = before.map(|(times, since)| Missing { times, since: at(since) });
            let task = Task { missing, ..task.clone() };
            assert_eq!(task.is_missing_for_good(&pace, at(now)), expected, "{reason}");
        }
    }
}
