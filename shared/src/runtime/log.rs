//! The log of a deployed function: every event is one line of JSON on its standard output.
//!
//! Not `tracing-subscriber`: neither spans nor filters are needed here, and
//! CloudWatch wants its metrics' lines as they are.

use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::platform::telemetry::{self, LINE};

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
    let level = event.metadata().level().as_str();
    if event.metadata().target() == LINE {
        let stack = Value::from(stack);
        let text = format!(r#"{{"timestamp":"{now:.3}","level":"{level}","stack":{stack}"#);
        let mut told = Told { text, now };
        event.record(&mut told);
        told.text + "}"
    } else {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), format!("{now:.3}").into());
        line.insert("level".to_owned(), level.into());
        line.insert("stack".to_owned(), stack.into());
        if let Some(origin) = telemetry::current_origin() {
            line.insert("function".to_owned(), origin.function.into());
            line.insert("request_id".to_owned(), origin.request_id.into());
            line.extend(origin.trace.map(|trace| ("trace".to_owned(), trace.into())));
        }
        line.insert("target".to_owned(), event.metadata().target().into());
        let mut fields = Fields(line);
        event.record(&mut fields);
        Value::Object(fields.0).to_string()
    }
}

/// A line to which is added what [`telemetry::Line`] tells, which is JSON already.
struct Told {
    text: String,
    now: Timestamp,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, json: &str) {
        match field.name() {
            "fields" => {
                let members = json.strip_prefix('{').and_then(|json| json.strip_suffix('}'));
                if let Some(members) = members.filter(|members| !members.is_empty()) {
                    self.text.push(',');
                    self.text.push_str(members);
                }
            }
            "metrics" if json != "[]" => {
                let timestamp = self.now.as_millisecond();
                let aws =
                    format!(r#","_aws":{{"Timestamp":{timestamp},"CloudWatchMetrics":{json}}}"#);
                self.text.push_str(&aws);
            }
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A line to which the fields of an event are added; `task.id` is `task_id`, as in lines.
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
