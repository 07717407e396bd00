//! The parts of an `UpdateItem` of a task, and the law of statuses among them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::error::StoreError;
use super::item::Item;
use crate::task::{Change, Event, Figures, Lane, Missing, Set, Status, TaskId};

/// The parts of an `UpdateItem`. Every name is aliased: DynamoDB reserves many words.
pub(super) struct Update {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    pub(super) condition: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Item,
}

impl Update {
    pub(super) fn new(condition: &str) -> Self {
        Self {
            sets: Vec::new(),
            adds: Vec::new(),
            removes: Vec::new(),
            condition: condition.to_owned(),
            names: HashMap::new(),
            values: Item::new(),
        }
    }

    pub(super) fn name(&mut self, attribute: &str) {
        self.names.insert(format!("#{attribute}"), attribute.to_owned());
    }

    pub(super) fn value(&mut self, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let value = serde_dynamo::to_attribute_value(value)
            .map_err(|error| StoreError::item("changing a task", &error))?;
        self.values.insert(format!(":{name}"), value);
        Ok(())
    }

    pub(super) fn set(
        &mut self,
        attribute: &str,
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        self.name(attribute);
        self.sets.push(format!("#{attribute} = :{attribute}"));
        self.value(attribute, value)
    }

    /// The update that a change of a task is, under this condition.
    pub(super) fn of(change: &Change, task: &TaskId, condition: &str) -> Result<Self, StoreError> {
        let Change {
            status,
            updated_at,
            vendor_task_id,
            figures,
            url,
            url_expires_at,
            error,
            delivery,
            repeat,
            credentials,
            missing,
            vendor_duty,
            vendor_due_at,
            webhook_due_at,
            events,
        } = change;
        let mut update = Self::new(condition);
        update.set_if(status.is_some(), "status", status)?;
        update.set_if(updated_at.is_some(), "updated_at", updated_at)?;
        update.change("vendor_task_id", vendor_task_id)?;
        update.set_figures(figures)?;
        update.change("url", url)?;
        update.change("url_expires_at", url_expires_at)?;
        update.change("error", error)?;
        update.change("delivery", delivery)?;
        update.change("repeat", repeat)?;
        update.change("credentials", credentials)?;
        update.change("missing", missing)?;
        update.change("vendor_duty", vendor_duty)?;
        update.change("vendor_due_at", &millis(vendor_due_at))?;
        if *vendor_due_at == Set::Remove {
            update.remove("vendor_due_shard");
        }
        update.change("webhook_due_at", &millis(webhook_due_at))?;
        let shard = match webhook_due_at {
            Set::Keep => Set::Keep,
            Set::To(_) => Set::To(Lane::Webhooks.shard(task)),
            Set::Remove => Set::Remove,
        };
        update.change("webhook_due_shard", &shard)?;
        if !events.is_empty() {
            update.add_events(events)?;
        }
        Ok(update)
    }

    fn change(&mut self, attribute: &str, set: &Set<impl Serialize>) -> Result<(), StoreError> {
        match set {
            Set::Keep => {}
            Set::To(value) => self.set(attribute, value)?,
            Set::Remove => self.remove(attribute),
        }
        Ok(())
    }

    fn set_if(
        &mut self,
        known: bool,
        attribute: &str,
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        if known { self.set(attribute, value) } else { Ok(()) }
    }

    /// A member of `figures`; those that are not known stay as they are.
    fn set_figure(
        &mut self,
        figure: &str,
        value: Option<&impl Serialize>,
    ) -> Result<(), StoreError> {
        let Some(value) = value else { return Ok(()) };
        self.name("figures");
        self.name(figure);
        self.sets.push(format!("#figures.#{figure} = :{figure}"));
        self.value(figure, value)
    }

    fn set_figures(&mut self, figures: &Figures) -> Result<(), StoreError> {
        let Figures { duration, fps, width, height, seed, credits } = figures;
        self.set_figure("duration", duration.as_ref())?;
        self.set_figure("fps", fps.as_ref())?;
        self.set_figure("width", width.as_ref())?;
        self.set_figure("height", height.as_ref())?;
        self.set_figure("seed", seed.as_ref())?;
        self.set_figure("credits", credits.as_ref())
    }

    /// What happened, after all that has happened before.
    pub(super) fn add_events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.name("events");
        self.sets
            .push("#events = list_append(if_not_exists(#events, :no_events), :events)".to_owned());
        self.value("no_events", &[(); 0])?;
        self.value("events", &events)
    }

    /// Replaces one event by another.
    pub(super) fn set_event(&mut self, index: usize, event: &Event) -> Result<(), StoreError> {
        self.name("events");
        self.sets.push(format!("#events[{index}] = :event"));
        self.value("event", event)
    }

    /// Counts a poll that begins now.
    pub(super) fn count_poll(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.set("polled_at", &now.as_millisecond())?;
        self.name("polls");
        self.adds.push("#polls :one".to_owned());
        self.value("one", &1)
    }

    pub(super) fn remove(&mut self, attribute: &str) {
        self.name(attribute);
        self.removes.push(format!("#{attribute}"));
    }

    /// The law of statuses as a condition. A status may be confirmed as long as
    /// it is no end; an end is written once.
    pub(super) fn require_status_below_or_at(&mut self, status: Status) -> Result<(), StoreError> {
        let own = (!status.is_final()).then_some(&status);
        self.require_one_of(status.below().iter().chain(own))
    }

    pub(super) fn require_unfinished(&mut self) -> Result<(), StoreError> {
        self.require_one_of(Status::Succeeded.below().iter())
    }

    /// That the vendor's id of the task is not known, unless it was when the task was read: who
    /// learned it meanwhile knows better than who ends a task that was never found.
    pub(super) fn require_no_id_unless(&mut self, is_known: bool) {
        if !is_known {
            self.name("vendor_task_id");
            self.condition.push_str(" AND attribute_not_exists(#vendor_task_id)");
        }
    }

    /// That nobody has heard of the task, or counted a miss, since this was read.
    pub(super) fn require_missing_as(&mut self, seen: Option<Missing>) -> Result<(), StoreError> {
        self.name("missing");
        match seen {
            None => self.condition.push_str(" AND attribute_not_exists(#missing)"),
            Some(seen) => {
                self.value("seen_missing", &seen)?;
                self.condition.push_str(" AND #missing = :seen_missing");
            }
        }
        Ok(())
    }

    fn require_one_of<'a>(
        &mut self,
        statuses: impl Iterator<Item = &'a Status>,
    ) -> Result<(), StoreError> {
        let mut allowed = Vec::new();
        for (index, status) in statuses.enumerate() {
            let name = format!("from{index}");
            self.value(&name, status)?;
            allowed.push(format!(":{name}"));
        }
        self.name("status");
        self.condition.push_str(&format!(" AND #status IN ({})", allowed.join(", ")));
        Ok(())
    }

    pub(super) fn expression(&self) -> String {
        clause("SET", &self.sets) + &clause("ADD", &self.adds) + &clause("REMOVE", &self.removes)
    }
}

/// A timer as the table keeps it, in milliseconds.
fn millis(time: &Set<Timestamp>) -> Set<i64> {
    match time {
        Set::Keep => Set::Keep,
        Set::To(time) => Set::To(time.as_millisecond()),
        Set::Remove => Set::Remove,
    }
}

/// A part of an update expression, which may not stand there with nothing in it.
fn clause(word: &str, parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        parts => format!("{word} {} ", parts.join(", ")),
    }
}
