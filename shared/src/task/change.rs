//! A change of a task: one value that is applied to a task in memory, and rendered by
//! the store as the update of its item. What does a thing to a task stands here once.

use jiff::Timestamp;

use super::duty::{Duty, Lane};
use super::error::ErrorBody;
use super::events::{Event, MOST_EVENTS};
use super::figures::Figures;
use super::missing::Missing;
use super::progress::Progress;
use super::record::{Delivery, Task};
use super::status::Status;
use super::timer;

/// What becomes of one attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Set<T> {
    #[default]
    Keep,
    To(T),
    Remove,
}

impl<T: Clone> Set<T> {
    fn apply(&self, value: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::To(new) => *value = Some(new.clone()),
            Self::Remove => *value = None,
        }
    }
}

impl<T> From<Option<T>> for Set<T> {
    /// What is known is set; what is not known stays.
    fn from(known: Option<T>) -> Self {
        known.map_or(Self::Keep, Self::To)
    }
}

/// What happens to a task in one write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub status: Option<Status>,
    pub updated_at: Option<Timestamp>,
    pub vendor_task_id: Set<String>,
    /// The figures that are known now; the others stay.
    pub figures: Figures,
    pub url: Set<String>,
    pub url_expires_at: Set<Timestamp>,
    pub error: Set<ErrorBody>,
    pub delivery: Set<Delivery>,
    pub repeat: Set<String>,
    /// The tag of the credentials that the vendor knows it by, where they changed.
    pub credentials: Set<String>,
    pub missing: Set<Missing>,
    pub vendor_duty: Set<Duty>,
    /// The timer of the duty at the vendor. Setting it keeps the shard, removing it
    /// removes the shard as well.
    pub vendor_due_at: Set<Timestamp>,
    /// The timer of the duty to tell the client, and with it the shard.
    pub webhook_due_at: Set<Timestamp>,
    /// What happened, after all that has happened before.
    pub events: Vec<Event>,
}

impl Change {
    /// The vendor took the task, and calls it this.
    pub fn accept(
        task: &Task,
        vendor_task_id: &str,
        figures: &Figures,
        first_poll: Timestamp,
        event: Event,
    ) -> Self {
        // A timer that runs out about then will do, and moving it costs two more writes.
        let sooner = task.vendor_due_at.is_none_or(|due_at| first_poll < due_at);
        Self {
            updated_at: Some(event.at),
            vendor_task_id: Set::To(vendor_task_id.to_owned()),
            figures: figures.clone(),
            repeat: Set::Remove,
            missing: Set::Remove,
            vendor_duty: Set::To(Duty::Poll),
            vendor_due_at: sooner.then_some(first_poll).into(),
            events: vec![event],
            ..Self::default()
        }
    }

    /// Nobody knows whether the vendor took the task. Its client is told that there is one,
    /// so what was sent may be sent once more, where that is no second video.
    pub fn doubt(repeat: Option<String>, event: Event) -> Self {
        Self { repeat: repeat.into(), events: vec![event], ..Self::default() }
    }

    /// A poll told this. The write that ends a task ends its duties at the vendor, and
    /// makes it due to tell its client, if that wants to be told.
    pub fn raise(
        task: &Task,
        progress: &Progress,
        tells_client: bool,
        events: Vec<Event>,
        now: Timestamp,
    ) -> Self {
        let Progress { status, unknown_status: _, figures, url, url_expires_at, error } = progress;
        let raised = Self {
            status: Some(*status),
            updated_at: Some(now),
            figures: figures.clone(),
            url: url.clone().into(),
            url_expires_at: (*url_expires_at).into(),
            error: error.clone().into(),
            missing: Set::Remove,
            events,
            ..Self::default()
        };
        if !status.is_final() {
            return raised;
        }
        let tells_client = tells_client && task.webhook_url.is_some();
        Self {
            repeat: Set::Remove,
            vendor_duty: Set::Remove,
            vendor_due_at: Set::Remove,
            webhook_due_at: tells_client.then(|| timer::after_end(now)).into(),
            ..raised
        }
    }

    /// The client is told at once that nothing was made.
    pub fn refuse(task: &Task, error: &ErrorBody, event: Event) -> Self {
        let progress = Progress::failed(error.clone(), Figures::default());
        let now = event.at;
        Self::raise(task, &progress, false, vec![event], now)
    }

    /// The vendor does not show the task once more.
    pub fn miss(task: &Task, event: Event) -> Self {
        let repeats = task.events.last().is_some_and(|last| last.kind == event.kind);
        let leaves_out = repeats || task.events.len() >= MOST_EVENTS;
        Self {
            missing: Set::To(task.missed(event.at)),
            events: if leaves_out { Vec::new() } else { vec![event] },
            ..Self::default()
        }
    }

    /// The row of times that the vendor did not show the task is at its end, by news or by a
    /// poll that told nothing.
    pub fn unmiss(task: &Task, event: Option<Event>) -> Self {
        let event = event.filter(|_| task.events.len() < MOST_EVENTS);
        Self { missing: Set::Remove, events: Vec::from_iter(event), ..Self::default() }
    }

    /// A video has a new link.
    pub fn renew_link(url: &str, expires_at: Option<Timestamp>) -> Self {
        Self {
            url: Set::To(url.to_owned()),
            url_expires_at: expires_at.map_or(Set::Remove, Set::To),
            ..Self::default()
        }
    }

    /// The client's webhook was called, and will be called again then, if ever.
    pub fn deliver(delivery: Delivery, next: Option<Timestamp>, event: Event) -> Self {
        Self {
            delivery: Set::To(delivery),
            webhook_due_at: next.map_or(Set::Remove, Set::To),
            events: vec![event],
            ..Self::default()
        }
    }

    /// The task as the change leaves it.
    pub fn apply(&self, task: &Task) -> Task {
        let mut task = task.clone();
        task.status = self.status.unwrap_or(task.status);
        task.updated_at = self.updated_at.unwrap_or(task.updated_at);
        task.figures.learn(&self.figures);
        self.vendor_task_id.apply(&mut task.vendor_task_id);
        self.url.apply(&mut task.url);
        self.url_expires_at.apply(&mut task.url_expires_at);
        self.error.apply(&mut task.error);
        self.delivery.apply(&mut task.delivery);
        self.repeat.apply(&mut task.repeat);
        if let Set::To(credentials) = &self.credentials {
            task.credentials.clone_from(credentials);
        }
        self.missing.apply(&mut task.missing);
        self.vendor_duty.apply(&mut task.vendor_duty);
        self.vendor_due_at.apply(&mut task.vendor_due_at);
        if self.vendor_due_at == Set::Remove {
            task.vendor_due_shard = None;
        }
        self.webhook_due_at.apply(&mut task.webhook_due_at);
        match self.webhook_due_at {
            Set::Keep => {}
            Set::To(_) => task.webhook_due_shard = Some(Lane::Webhooks.shard(&task.id)),
            Set::Remove => task.webhook_due_shard = None,
        }
        task.events.extend_from_slice(&self.events);
        task
    }
}

#[cfg(test)]
mod tests;
