//! Finding a task of which no answer came.
//!
//! Our id for a task is Kling's, too, and finds it in either design.

use bytes::Bytes;
use http::Response;

use super::answers;
use super::endpoints::{create_path, is_new};
use crate::dialects::contract::{Found, Search};
use crate::task::{Fault, FaultKind, Figures};

/// The path that answers the task of this id of ours.
pub(super) fn path(search: &Search<'_>) -> String {
    let id = search.task_id;
    if is_new(search.endpoint) {
        format!("/tasks?external_task_ids={id}")
    } else {
        format!("{}/{id}", create_path(search.endpoint))
    }
}

pub(super) fn read(answer: &Response<Bytes>) -> Found {
    match answers::read(answer) {
        Ok(Some(task)) if !task.id().is_empty() => Found::Task {
            vendor_task_id: task.id().to_owned(),
            figures: Figures { credits: task.units(), ..Figures::default() },
        },
        Ok(Some(_)) => {
            Found::Nothing(Fault::with_message(FaultKind::Unreadable, "the answer has no task_id"))
        }
        Ok(None) => Found::Absent,
        Err(fault) if fault.kind == FaultKind::NotFound => Found::Absent,
        Err(fault) => Found::Nothing(fault),
    }
}
