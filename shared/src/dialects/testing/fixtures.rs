//! Reading the fixtures, one exchange or callback each, and what it means.

use std::path::Path;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::{TASK_ID, response};
use crate::task::FaultKind;

/// The fixtures whose names begin like this, with their names.
pub(crate) fn fixtures(vendor: &str, prefix: &str) -> Vec<(String, Value)> {
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

pub(crate) fn answer(fixture: &Value) -> Response<Bytes> {
    let answer = &fixture["response"];
    let status = answer["status"].as_u64().expect("a status");
    response(u16::try_from(status).expect("a status"), &with_our_id(&answer["body"].to_string()))
}

/// The vendor's code in an exchange: some count them, some name them.
pub(crate) fn vendor_code(fixture: &Value) -> Option<String> {
    match &fixture["expect"]["vendor_code"] {
        Value::Number(code) => Some(code.to_string()),
        code => code.as_str().map(str::to_owned),
    }
}

/// The vendor's name for an exchange, wherever it has it.
pub(crate) fn request_id(fixture: &Value) -> Option<&str> {
    let body = &fixture["response"]["body"];
    let places = ["/request_id", "/ResponseMetadata/RequestId", "/metadata/trace_id"];
    places.iter().find_map(|place| body.pointer(place)?.as_str())
}

/// The kind that a fixture means, in its neutral words.
pub(crate) fn kind(fixture: &Value) -> FaultKind {
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

/// The fixtures have ids of another shape where ours stand: `vg-01JZK3T2V0001`.
fn with_our_id(text: &str) -> String {
    let mut parts = text.split("vg-");
    let begin = parts.next().unwrap_or_default().to_owned();
    let is_of_id = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    parts.fold(begin, |text, rest| text + TASK_ID + rest.trim_start_matches(is_of_id))
}
