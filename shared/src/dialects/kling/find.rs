//! Finding a task of which no answer came.
//!
//! Our id for a task is Kling's, too, and finds it in either design.

use bytes::Bytes;
use http::Response;

use super::endpoints::{create_path, is_new};
use super::{answers, wire};
use crate::dialects::contract::{Found, Search};
use crate::task::FaultKind;

/// The path that answers the task of this id of ours.
pub(super) fn path(search: &Search<'_>) -> String {
    let id = search.task_id;
    if is_new(search.endpoint) {
        format!("/tasks?external_task_ids={id}")
    } else {
        format!("{}/{id}", create_path(search.endpoint))
    }
}

pub(super) fn read(answer: &Response<Bytes>, search: &Search<'_>) -> Found {
    let read = match answers::read(answer) {
        Ok(read) => read,
        Err(fault) if fault.kind == FaultKind::NotFound => return Found::Absent,
        Err(fault) => return Found::Nothing(fault),
    };
    let ours = |task: &&wire::Task| task.external_id() == search.task_id.as_str();
    match read.data.tasks().iter().find(ours) {
        Some(task) if !task.id().is_empty() => {
            Found::Task { vendor_task_id: task.id().to_owned(), figures: answers::figures(task) }
        }
        Some(_) => Found::Nothing(answers::unreadable(read, "the answer has no task_id")),
        None if is_new(search.endpoint) && answers::names_no_task(&read, answer) => Found::Absent,
        None => Found::Nothing(answers::unreadable(read, answers::STRANGE)),
    }
}
