//! `filmgate task`: one task with all its events, for its operator.
//!
//! Not shown: what its client wrote for itself, where its video is, the whole
//! address of its webhook, and vendors' sentences, which repeat prompts.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use shared::store::Tasks;
use shared::task::{
    Actor, Charged, Code, Delivery, Duty, ErrorBody, Event, EventKind, Figures, Status, Task,
    TaskId, Vendor,
};
use url::Url;

use crate::columns::columns;
use crate::database::{Database, DatabaseArguments, Table};
use crate::json;
use crate::tables::TableError;

#[derive(Debug, Args)]
pub(crate) struct TaskArguments {
    /// The task's id, as its client was given it
    #[arg(value_parser = read_id)]
    id: TaskId,
    #[command(flatten)]
    database: DatabaseArguments,
}

fn read_id(text: &str) -> Result<TaskId, String> {
    text.parse().map_err(|()| "a task's id has 32 hexadecimal digits".to_owned())
}

pub(crate) async fn run(arguments: &TaskArguments) -> Result<String, String> {
    let TaskArguments { id, database: arguments } = arguments;
    let database = Database::open(arguments).await?;
    let table = database.table(Table::Tasks)?;
    // Reading a task needs no table of usage.
    let tasks = Tasks::new(database.client.clone(), table.clone(), String::new());
    let task = tasks.get(id).await;
    let task = task.map_err(|error| database.explain(TableError::store(&table, error)))?;
    let view = TaskView::new(task.ok_or_else(|| {
        format!(
            "there is no task {id} in {table}; tasks are forgotten 30 days after they were made"
        )
    })?);
    Ok(if arguments.json { json(&view) } else { view.text() })
}

/// The whole answer. The names of fields are what scripts rely on; those of the
/// events are also what the task's owner sees.
#[derive(Serialize)]
struct TaskView {
    task_id: TaskId,
    key: String,
    vendor: Vendor,
    vendor_task_id: Option<String>,
    model: String,
    endpoint: String,
    status: Status,
    error: Option<Failure>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When the vendor was last asked, how often in all, and how often in a row
    /// it did not know the task.
    polled_at: Timestamp,
    polls: u32,
    missing: u32,
    duties: Vec<DutyView>,
    metadata: Figures,
    url_expires_at: Option<Timestamp>,
    webhook: Option<Webhook>,
    user: Option<String>,
    forgotten_at: Timestamp,
    events: Vec<EventView>,
}

/// Why it failed, in codes.
#[derive(Serialize)]
struct Failure {
    code: Code,
    charged: Charged,
    retryable: bool,
    vendor_code: Option<String>,
    vendor_request_id: Option<String>,
}

impl From<ErrorBody> for Failure {
    fn from(error: ErrorBody) -> Self {
        let ErrorBody { code, charged, vendor, .. } = error;
        let (vendor_code, vendor_request_id) =
            vendor.map(|vendor| (vendor.code, vendor.request_id)).unwrap_or_default();
        Self { code, charged, retryable: code.is_retryable(), vendor_code, vendor_request_id }
    }
}

/// What is still to be done for the task, and when.
#[derive(Serialize)]
struct DutyView {
    duty: Duty,
    due_at: Timestamp,
}

#[derive(Serialize)]
struct Webhook {
    /// The host alone: a path may hold a secret of its owner's.
    host: Option<String>,
    delivery: Option<Delivery>,
}

#[derive(Serialize)]
struct EventView {
    at: Timestamp,
    #[serde(rename = "event")]
    kind: EventKind,
    by: Actor,
    detail: Option<String>,
    vendor_request_id: Option<String>,
    times: u32,
    last_at: Option<Timestamp>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { at, by, kind, detail, request_id, times, last_at } = event;
        let times = times.unwrap_or(1);
        Self { at, kind, by, detail, vendor_request_id: request_id, times, last_at }
    }
}

impl TaskView {
    fn new(task: Task) -> Self {
        let host = |url: String| Url::parse(&url).ok()?.host_str().map(str::to_owned);
        let duties = task.duties().map(|(duty, due_at)| DutyView { duty, due_at }).collect();
        let delivery = task.delivery;
        Self {
            task_id: task.id,
            key: task.owner,
            vendor: task.vendor,
            vendor_task_id: task.vendor_task_id,
            model: task.model,
            endpoint: task.endpoint,
            status: task.status,
            error: task.error.map(Failure::from),
            created_at: task.created_at,
            updated_at: task.updated_at,
            polled_at: task.polled_at,
            polls: task.polls,
            missing: task.missing.map_or(0, |missing| missing.times),
            duties,
            metadata: task.figures,
            url_expires_at: task.url_expires_at,
            webhook: task.webhook_url.map(|url| Webhook { host: host(url), delivery }),
            user: task.user,
            forgotten_at: task.ttl,
            events: task.events.into_iter().map(EventView::from).collect(),
        }
    }

    fn text(&self) -> String {
        let mut facts = vec![
            ["task".to_owned(), self.task_id.to_string()],
            ["key".to_owned(), self.key.clone()],
            ["vendor".to_owned(), format!("{} ({})", self.vendor, self.endpoint)],
            ["vendor's id".to_owned(), self.vendor_task_id.clone().unwrap_or("not known".into())],
            ["model".to_owned(), self.model.clone()],
            ["status".to_owned(), self.status.as_str().to_owned()],
        ];
        let mut fact = |name: &str, value: Option<String>| {
            facts.extend(value.map(|value| [name.to_owned(), value]));
        };
        fact("error", self.error.as_ref().map(Failure::text));
        fact("created", Some(time(self.created_at)));
        fact("changed", Some(time(self.updated_at)));
        let polls = format!("{}, last at {}", self.polls, time(self.polled_at));
        fact("polls", (self.polls > 0).then_some(polls));
        fact("missing", (self.missing > 0).then(|| format!("{} in a row", self.missing)));
        let duties = self.duties.iter();
        let duties = duties.map(|due| format!("{} at {}", due.duty.as_str(), time(due.due_at)));
        let duties = Some(duties.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty());
        fact("duties", Some(duties.unwrap_or("none: nothing is left to do".to_owned())));
        fact("video", self.video());
        fact("webhook", self.webhook.as_ref().map(Webhook::text));
        fact("user", self.user.clone());
        fact("forgotten", Some(time(self.forgotten_at)));
        let facts: Vec<_> = facts.into_iter().map(Vec::from).collect();
        let mut events = Vec::new();
        for event in &self.events {
            events.push(vec![
                time(event.at),
                event.kind_as_text(),
                event.by.as_str().to_owned(),
                event.detail_as_text(),
            ]);
        }
        format!("{}\n{}", columns(&facts, &[]), columns(&events, &[]))
    }

    /// What is known of the video in numbers.
    fn video(&self) -> Option<String> {
        let Figures { duration, fps, width, height, seed, credits } = &self.metadata;
        let parts = [
            duration.map(|duration| format!("{duration} s")),
            width.zip(*height).map(|(width, height)| format!("{width}x{height}")),
            fps.map(|fps| format!("{fps} fps")),
            seed.map(|seed| format!("seed {seed}")),
            credits.map(|credits| format!("{credits} credits")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl Failure {
    fn text(&self) -> String {
        let charged = match self.charged {
            Charged::No => "not charged",
            Charged::Yes => "charged",
            Charged::Unknown => "perhaps charged",
        };
        let vendors = self.vendor_code.as_ref().map(|code| format!(", vendor's code {code}"));
        let request = self.vendor_request_id.as_ref().map(|id| format!(", vendor's request {id}"));
        [Some(format!("{}, {charged}", self.code)), vendors, request]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Webhook {
    fn text(&self) -> String {
        let host = self.host.as_deref().unwrap_or("?");
        match &self.delivery {
            None => format!("{host}, not called yet"),
            Some(Delivery { tries, tried_at, delivered, outcome }) => {
                let delivered = if *delivered { "delivered" } else { "not delivered" };
                format!(
                    "{host}, {delivered}, tries {tries}, last at {}: {outcome}",
                    time(*tried_at)
                )
            }
        }
    }
}

impl EventView {
    fn kind_as_text(&self) -> String {
        match self.times {
            1 => self.kind.as_str().to_owned(),
            times => format!("{} ({times} times)", self.kind.as_str()),
        }
    }

    fn detail_as_text(&self) -> String {
        let last = self.last_at.map(|at| format!("last at {}", time(at)));
        let request = self.vendor_request_id.as_ref().map(|id| format!("vendor's request {id}"));
        let parts = [self.detail.clone(), request, last];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// To the millisecond, which is how events are stored.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
