//! The parts of an `UpdateItem` of a task, and the law of statuses among them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::error::StoreError;
use super::item::Item;
use crate::task::timer::Shard;
use crate::task::{Event, Figures, Progress, Status};

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

    pub(super) fn set_known(
        &mut self,
        attribute: &str,
        value: Option<&impl Serialize>,
    ) -> Result<(), StoreError> {
        value.map_or(Ok(()), |value| self.set(attribute, value))
    }

    /// A member of `figures`; those that the progress does not know stay as they are.
    pub(super) fn set_figure(
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

    pub(super) fn set_figures(&mut self, figures: &Figures) -> Result<(), StoreError> {
        let Figures { duration, fps, width, height, seed, credits } = figures;
        self.set_figure("duration", duration.as_ref())?;
        self.set_figure("fps", fps.as_ref())?;
        self.set_figure("width", width.as_ref())?;
        self.set_figure("height", height.as_ref())?;
        self.set_figure("seed", seed.as_ref())?;
        self.set_figure("credits", credits.as_ref())
    }

    pub(super) fn set_progress(
        &mut self,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.set("status", &progress.status)?;
        self.set("updated_at", &now)?;
        self.set_figures(&progress.figures)?;
        self.set_known("url", progress.url.as_ref())?;
        self.set_known("url_expires_at", progress.url_expires_at.as_ref())?;
        self.set_known("error", progress.error.as_ref())
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

    /// Sets the timer to a time in a shard, or takes the task out of the index.
    pub(super) fn set_timer(
        &mut self,
        timer: Option<(Timestamp, Shard)>,
    ) -> Result<(), StoreError> {
        let Some((due_at, shard)) = timer else {
            self.remove("due_at");
            self.remove("due_shard");
            return Ok(());
        };
        self.set("due_at", &due_at.as_millisecond())?;
        self.set("due_shard", &shard)
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

/// A part of an update expression, which may not stand there with nothing in it.
pub(super) fn clause(word: &str, parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        parts => format!("{word} {} ", parts.join(", ")),
    }
}
