//! Reading the fixtures, one exchange or callback each, and what it means; and what all
//! dialects are held to.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response};
use serde_json::Value;

use super::contract::{Polled, Submitted};
use crate::task::{FaultKind, TaskId};

/// The fixtures whose names begin like this, with their names.
pub(super) fn fixtures(vendor: &str, prefix: &str) -> Vec<(String, Value)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/dialects/{vendor}/fixtures"));
    let mut fixtures: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("readable");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    assert!(!fixtures.is_empty(), "no fixture begins with {prefix}");
    fixtures.sort_by(|a, b| a.0.cmp(&b.0));
    fixtures
}

pub(super) fn answer(fixture: &Value) -> Response<Bytes> {
    let response = &fixture["response"];
    let status = response["status"].as_u64().expect("a status");
    Response::builder()
        .status(u16::try_from(status).expect("a status"))
        .body(Bytes::from(with_our_id(&response["body"].to_string())))
        .expect("a response")
}

/// The task that tests submit and look for.
pub(super) fn task_id() -> TaskId {
    TASK_ID.parse().expect("an id")
}

pub(super) const TASK_ID: &str = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b";

/// The fixtures have ids of another shape where ours stand: `vg-01JZK3T2V0001`.
fn with_our_id(text: &str) -> String {
    let mut parts = text.split("vg-");
    let begin = parts.next().unwrap_or_default().to_owned();
    let is_of_id = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    parts.fold(begin, |text, rest| text + TASK_ID + rest.trim_start_matches(is_of_id))
}

/// The kind that a fixture means, in its neutral words.
pub(super) fn kind(fixture: &Value) -> FaultKind {
    match fixture["expect"]["error_kind"].as_str().expect("an error_kind") {
        // A task's name that the vendor knows already was no good request, either.
        "bad_request" | "duplicate" => FaultKind::BadRequest,
        "content_moderation" if fixture["expect"]["create_again_may_help"] == true => {
            FaultKind::OutputModeration
        }
        "content_moderation" => FaultKind::Moderation,
        "not_found" => FaultKind::NotFound,
        "insufficient_balance" => FaultKind::Balance,
        "vendor_auth" => FaultKind::Credentials,
        "vendor_permission" | "vendor_account" => FaultKind::Permission,
        "rate_limited" => FaultKind::RateLimited,
        "concurrency_limited" => FaultKind::Concurrency,
        "expired" => FaultKind::Expired,
        "cancelled" => FaultKind::Cancelled,
        "server_error" if fixture["expect"]["vendor_task_may_exist"] == "no" => {
            FaultKind::Unavailable
        }
        "server_error" => FaultKind::Internal,
        other => panic!("unknown error_kind {other}"),
    }
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

/// Holds a dialect to what the status alone says when somebody between us answers: a
/// refusal of a submission, and nothing about a task.
pub(super) fn check_edge(
    read_submitted: impl Fn(u16, &str) -> Submitted,
    read_polled: impl Fn(u16, &str) -> Polled,
) {
    let rows = [
        (401, FaultKind::Credentials),
        (403, FaultKind::Permission),
        (405, FaultKind::BadRequest),
        (413, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        for body in ["<html>no</html>", "no", "", r#"{"message":"no"}"#, r#"{"code":9999}"#] {
            let read = read_submitted(status, body);
            let is_refused = matches!(&read, Submitted::Refused(fault) if fault.kind == kind);
            assert!(is_refused, "{status} {body}: {read:?}");
            let polled = read_polled(status, body);
            let is_nothing = matches!(&polled, Polled::Nothing(fault) if fault.kind == kind);
            assert!(is_nothing, "{status} {body}: {polled:?}");
        }
    }
}
