//! Finding a task of which no answer came: <https://platform.vidu.com/docs/tasks-list>.
//!
//! Vidu has no id of ours, but echoes the note that it was sent. That is always the
//! task's id, and finds it in the list, or proves that a task which a callback names is ours.

use bytes::Bytes;
use http::Response;
use jiff::SignedDuration;
use serde_json::Value;

use super::{answers, wire};
use crate::dialects::address::path_segment;
use crate::dialects::contract::{Found, Search};
use crate::task::{Fault, FaultKind, Figures};

/// Vidu's clock and ours, and the time that a submission is under way.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// The path that answers the task, or a page of those it may be among.
pub(super) fn path(search: &Search<'_>) -> String {
    if let Some(hint) = search.hint {
        return format!("/ent/v2/tasks/{}/creations", path_segment(hint));
    }
    let from = path_segment(&format!("{:.0}", search.created_at - MARGIN));
    let to = path_segment(&format!("{:.0}", search.created_at + MARGIN));
    let mut path =
        format!("/ent/v2/tasks?created_at.from={from}&created_at.to={to}&pager.pagesz=100");
    if let Some(page) = search.page {
        path.push_str(&format!("&pager.page_token={}", path_segment(page)));
    }
    path
}

pub(super) fn read(answer: &Response<Bytes>, search: &Search<'_>) -> Found {
    if !answer.status().is_success() {
        return Found::Nothing(answers::read_fault(answer));
    }
    match search.hint {
        Some(hint) => read_one(answer, search, hint),
        None => read_page(answer, search),
    }
}

/// The task that a callback named: ours, if it has our note.
fn read_one(answer: &Response<Bytes>, search: &Search<'_>, hint: &str) -> Found {
    let task: wire::Listed = answers::read(answer);
    if task.payload != search.task_id.as_str() || !["", hint].contains(&task.id()) {
        return Found::Nothing(answers::strange(answer));
    }
    found(&task, hint)
}

/// A page of the list. A list may be late, so one without our task proves nothing.
fn read_page(answer: &Response<Bytes>, search: &Search<'_>) -> Found {
    let wire::List { tasks, next_page_token } = answers::read(answer);
    let unreadable =
        || Found::Nothing(Fault::with_message(FaultKind::Unreadable, "the list cannot be read"));
    let Some(tasks) = tasks else { return unreadable() };
    let mut named = tasks.iter().filter(|task| !task.id().is_empty());
    if let Some(task) = named.find(|task| task.payload == search.task_id.as_str()) {
        return found(task, task.id());
    }
    match next_page_token {
        // Whatever cannot be read may be ours.
        _ if tasks.iter().any(|task| task.id().is_empty()) => unreadable(),
        Value::Null => Found::Unlisted,
        Value::String(next) if next.is_empty() => Found::Unlisted,
        Value::String(next) => Found::More(next),
        _ => unreadable(),
    }
}

fn found(task: &wire::Listed, vendor_task_id: &str) -> Found {
    Found::Task {
        vendor_task_id: vendor_task_id.to_owned(),
        figures: Figures { credits: task.credits, ..Figures::default() },
    }
}
