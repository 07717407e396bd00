//! Finding a task of which no answer came: <https://platform.vidu.com/docs/tasks-list>.
//!
//! Vidu has no id of ours, but echoes the note that it was sent. Our own note
//! is the task's id, and finds it in the list. A client's note may stand on many
//! tasks: then only the one that a callback names is polled.

use bytes::Bytes;
use http::Response;
use jiff::SignedDuration;

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
    let client_note = search.payload.filter(|payload| !payload.is_empty());
    let note = client_note.unwrap_or(search.task_id.as_str());
    let list: wire::List = match search.hint {
        Some(hint) => {
            let task: wire::Listed = answers::read(answer);
            let tasks = if task.id() == hint { vec![task] } else { Vec::new() };
            wire::List { tasks, ..wire::List::default() }
        }
        None if client_note.is_none() => answers::read(answer),
        None => wire::List::default(),
    };
    let found = list.tasks.into_iter().find(|task| !task.id().is_empty() && task.payload == note);
    match found {
        Some(task) => Found::Task {
            vendor_task_id: task.id().to_owned(),
            figures: Figures { credits: task.credits, ..Figures::default() },
        },
        None if !list.next_page_token.is_empty() => Found::More(list.next_page_token),
        // The list may be late: it does not prove that there is no task.
        None => Found::Nothing(Fault::with_message(FaultKind::NotFound, "no task with this note")),
    }
}
