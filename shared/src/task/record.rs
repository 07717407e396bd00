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
use super::missing::{Absence, Missing};
use super::parts::Parts;
use super::shape::Shape;
use super::status::Status;
use super::surface::Surface;
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
    /// Which credentials of the account it was submitted with, as a tag. With others the
    /// account may be somebody else's, who says nothing about this task by not knowing it.
    pub credentials: String,
    /// As the client wrote it.
    pub model: String,
    /// The surface that it was made on, which its webhook speaks.
    #[serde(default)]
    pub surface: Surface,
    #[serde(default)]
    pub shape: Shape,
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
    /// What was sent, as the right to send it once more. Only a task has it whose client
    /// is told that there is a task, while it is unknown whether its vendor took it, and
    /// only where the vendor makes no second video of the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// That the vendor does not show the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// The task's place among the unfinished tasks that its key may have: the part in which
    /// it is counted, and which its end gives the place back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u8>,
    /// When nobody waits for its end any more.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub deadline: Timestamp,
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

/// How long after it was asked for a video is still wanted enough to be submitted again.
const REPEAT_WITHIN: SignedDuration = SignedDuration::from_mins(10);

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
        let place = key.limits.unfinished.map(|limit| Parts::of(limit).of_task(&id));
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
            credentials: String::new(),
            model: model.to_owned(),
            surface: Surface::default(),
            shape: Shape::default(),
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
            repeat: None,
            deadline: now + RETENTION,
            missing: None,
            place,
            events: vec![Actor::Create.event(EventKind::Created, now)],
            polls: 0,
        }
    }

    /// What is still to be done for the task, each with its timer.
    pub fn duties(&self) -> impl Iterator<Item = (Duty, Timestamp)> {
        let deliver = self.webhook_due_at.map(|due_at| (Duty::Deliver, due_at));
        self.vendor_duty.zip(self.vendor_due_at).into_iter().chain(deliver)
    }

    /// Whether its vendor, which does not show the task once more, has proved by now that
    /// it does not have it.
    pub fn is_proved(&self, absence: Absence, pace: &Pace, now: Timestamp) -> bool {
        self.missed(now).proves(absence, pace, self.created_at, now)
    }

    /// The row of times that the vendor does not show the task, with this one counted in.
    pub fn missed(&self, now: Timestamp) -> Missing {
        Missing::once_more(self.missing, now)
    }

    /// Whether it may be submitted once more.
    pub fn may_be_repeated(&self, now: Timestamp) -> bool {
        self.repeat.is_some() && now.duration_since(self.created_at) < REPEAT_WITHIN
    }

    /// Whether nothing was made of it and its client was told so at once, if it was told
    /// anything: the request itself ended it.
    pub fn was_refused(&self) -> bool {
        let refused = |event: &Event| event.by == Actor::Create && event.kind == EventKind::Failed;
        self.events.iter().any(refused)
    }

    /// Whether it was ended without a word of its vendor about an end: given up, or refused
    /// before there was anything that the vendor could have ended.
    pub fn was_given_up(&self) -> bool {
        self.error
            .as_ref()
            .is_some_and(|error| error.code.is_given_up() || self.vendor_task_id.is_none())
    }

    /// Whether what it ended as may have cost credits.
    pub fn may_be_charged(&self) -> bool {
        self.error.as_ref().is_none_or(|error| error.charged != Charged::No)
    }
}

#[cfg(test)]
mod tests;
