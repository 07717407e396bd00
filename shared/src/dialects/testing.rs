//! What the tests of all dialects stand on: values, and a dialect's answers in a line.

pub(super) mod checks;
pub(super) mod fixtures;
pub(super) mod translation;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response};
use jiff::Timestamp;
use serde_json::Value;

use super::contract::{Dialect, Handle, Polled, Search, Submitted};
use crate::task::TaskId;

pub(super) const TASK_ID: &str = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b";

/// The task that tests submit, poll and find.
pub(super) fn task_id() -> TaskId {
    TASK_ID.parse().expect("an id")
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

pub(super) fn response(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).expect("a response")
}

/// What this answer to the submission of the tests' task means.
pub(super) fn read_submitted(dialect: &dyn Dialect, status: u16, body: &str) -> Submitted {
    dialect.read_submitted(&response(status, body), &task_id())
}

/// What this answer to a poll at second 1000 means.
pub(super) fn read_polled(
    dialect: &dyn Dialect,
    handle: &Handle<'_>,
    status: u16,
    body: &str,
) -> Polled {
    dialect.read_polled(&response(status, body), handle, at(1000))
}

/// A search for a task that was made on 14 July 2026 at nine, of which no callback told.
pub(super) fn search<'a>(task_id: &'a TaskId, endpoint: &'a str) -> Search<'a> {
    Search { task_id, endpoint, created_at: at(1_784_019_600), hint: None, page: None }
}

/// The headers of a callback, as Lambda delivers them.
pub(super) fn callback_headers(headers: &Value) -> HeaderMap {
    let headers = headers.as_object().expect("headers").iter();
    headers
        .map(|(name, value)| {
            // Lambda delivers the names in lower case.
            let name: HeaderName = name.to_ascii_lowercase().parse().expect("a name");
            (name, value.as_str().expect("text").parse().expect("a value"))
        })
        .collect()
}
