//! What clients are answered when all is well, and what their webhooks are told.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::api::created::Created;
use crate::api::error::ApiError;
use crate::api::figures::FiguresView;
use crate::api::warning::Warning;
use crate::task::{Actor, ErrorBody, Event, EventKind, Status, Task, TaskId};

/// The answer to `POST /v1/video/generations`.
#[derive(Debug, Serialize)]
pub struct CreatedView<'a> {
    task_id: &'a TaskId,
    status: Status,
    /// All of the tasks, when more than one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_ids: Option<&'a [TaskId]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [Warning],
}

impl<'a> TryFrom<&'a Created> for CreatedView<'a> {
    type Error = ApiError;

    fn try_from(created: &'a Created) -> Result<Self, ApiError> {
        Ok(Self {
            task_id: created.task_id()?,
            status: created.status,
            task_ids: created.several.then_some(created.task_ids.as_slice()),
            warnings: &created.warnings,
        })
    }
}

/// The answer to `GET /v1/video/generations/{task_id}`.
#[derive(Debug, Serialize)]
pub struct TaskView<'a> {
    task_id: &'a TaskId,
    status: Status,
    model: &'a str,
    #[serde(serialize_with = "to_the_second")]
    created_at: Timestamp,
    url: Option<&'a str>,
    format: &'static str,
    metadata: Metadata<'a>,
    error: Option<&'a ErrorBody>,
    /// When the vendor's link dies, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "to_the_second_if_known")]
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    figures: FiguresView,
    /// The client's own note.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
}

impl<'a> From<&'a Task> for TaskView<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            task_id: &task.id,
            status: task.status,
            model: &task.model,
            created_at: task.created_at,
            url: task.url.as_deref(),
            format: "mp4",
            metadata: Metadata {
                figures: (&task.figures).into(),
                payload: task.payload.as_deref(),
            },
            error: task.error.as_ref(),
            expires_at: task.url_expires_at,
        }
    }
}

/// The answer to `GET /v1/video/generations/{task_id}/events`.
#[derive(Debug, Serialize)]
pub struct Events<'a> {
    task_id: &'a TaskId,
    /// What happened, the earliest first.
    events: Vec<EventView>,
    /// How often somebody began to ask the vendor, and when last.
    polls: u32,
    #[serde(serialize_with = "to_the_millisecond")]
    polled_at: Timestamp,
}

/// An event, as the owner of its task sees it.
#[derive(Debug, Serialize)]
struct EventView {
    #[serde(serialize_with = "to_the_millisecond")]
    at: Timestamp,
    #[serde(rename = "event")]
    kind: EventKind,
    by: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "to_the_millisecond_if_known"
    )]
    last_at: Option<Timestamp>,
}

impl<'a> From<&'a Task> for Events<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            task_id: &task.id,
            events: task.events.iter().filter_map(Event::for_owner).map(EventView::from).collect(),
            polls: task.polls,
            polled_at: task.polled_at,
        }
    }
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { at, by, kind, detail, request_id, times, last_at } = event;
        Self { at, kind, by, detail, vendor_request_id: request_id, times, last_at }
    }
}

/// What a client's webhook is told: a task that ended.
#[derive(Debug, Serialize)]
pub struct Ended<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it ended.
    #[serde(serialize_with = "to_the_second")]
    timestamp: Timestamp,
    /// The task, as `GET` shows it.
    data: TaskView<'a>,
}

impl<'a> From<&'a Task> for Ended<'a> {
    fn from(task: &'a Task) -> Self {
        let kind = match task.status {
            Status::Succeeded => "video.generation.succeeded",
            Status::Queued | Status::Processing | Status::Failed => "video.generation.failed",
        };
        Self { kind, timestamp: task.updated_at, data: task.into() }
    }
}

fn to_the_second<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.0}"))
}

fn to_the_second_if_known<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => to_the_second(time, serializer),
        None => serializer.serialize_none(),
    }
}

fn to_the_millisecond<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

fn to_the_millisecond_if_known<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => to_the_millisecond(time, serializer),
        None => serializer.serialize_none(),
    }
}
