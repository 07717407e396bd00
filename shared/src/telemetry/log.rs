//! The log of a deployed function: every event is one line of JSON on its standard output.
//!
//! Not `tracing-subscriber`: neither spans nor filters are needed here, and
//! CloudWatch wants its metrics' lines as they are.

use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::LINE;

/// Writes events up to a level, and lines always.
pub struct Log {
    stack: String,
    most: LevelFilter,
    write: fn(&str),
}

impl Log {
    pub fn new(stack: String, most: LevelFilter) -> Self {
        Self { stack, most, write: to_standard_output }
    }

    /// Writes lines elsewhere; each ends with a line feed.
    pub fn to(self, write: fn(&str)) -> Self {
        Self { write, ..self }
    }

    /// From now on everything goes here.
    pub fn install(self) {
        // Fails only where somebody else has installed one, which then is wanted.
        drop(tracing::subscriber::set_global_default(self));
    }
}

/// From now on a panic is a line in the log.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        // What is written in the source is ours; a text that was made at run time
        // may hold what a client sent.
        let message = panic.payload().downcast_ref::<&'static str>().copied();
        let message = message.unwrap_or("its text is not logged");
        tracing::error!(place, "panic: {message}");
    }));
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && (metadata.target() == LINE || *metadata.level() <= self.most)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Lines are written whatever the level.
        Some(self.most.max(LevelFilter::INFO))
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = text(event, &self.stack, now());
        text.push('\n');
        (self.write)(&text);
    }

    // Spans are not looked at: lines say themselves which request they belong to.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn to_standard_output(line: &str) {
    // In one piece; where nobody reads there is nobody to tell.
    drop(std::io::stdout().lock().write_all(line.as_bytes()));
}

#[expect(clippy::disallowed_methods, reason = "a log has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// An event as a line, without its end.
pub fn text(event: &Event<'_>, stack: &str, now: Timestamp) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let Fields(mut fields) = fields;
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), format!("{now:.3}").into());
    line.insert("level".to_owned(), event.metadata().level().as_str().into());
    line.insert("stack".to_owned(), stack.into());
    if event.metadata().target() == LINE {
        let mut read =
            |name| fields.remove(name).and_then(|it| serde_json::from_str(it.as_str()?).ok());
        let (told, metrics): (Option<Map<_, _>>, Option<Value>) =
            (read("fields").and_then(|it: Value| it.as_object().cloned()), read("metrics"));
        line.extend(told.unwrap_or_default());
        if let Some(metrics) = metrics.filter(|it| it.as_array().is_some_and(|it| !it.is_empty())) {
            let timestamp = now.as_millisecond();
            let aws = json!({ "Timestamp": timestamp, "CloudWatchMetrics": metrics });
            line.insert("_aws".to_owned(), aws);
        }
    } else {
        if let Some(origin) = super::origin() {
            line.insert("function".to_owned(), origin.function.into());
            line.insert("request_id".to_owned(), origin.request_id.into());
            line.extend(origin.trace.map(|trace| ("trace".to_owned(), trace.into())));
        }
        line.insert("target".to_owned(), event.metadata().target().into());
        line.extend(fields);
    }
    Value::Object(line).to_string()
}

/// The fields of an event; `task.id` is `task_id`, as in lines.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().replace('.', "_"), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }
}
