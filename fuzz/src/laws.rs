//! The laws that hold whatever a vendor answers.
//!
//! Judged by the answer's text alone, and more generously than the dialects do: what
//! breaks a law here is wrong, what keeps it may still be.

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use shared::api::ApiError;
use shared::dialects::{Cancelled, Dialect, Found, Handle, Polled, Search, Submitted, facts};
use shared::task::{Charged, Fault, Progress, Status, Vendor};

use crate::{TASK_ID, now, task_id};

/// More would not fit into a task.
const LONGEST: usize = 8 * 1024;

/// Gives an answer to every question that a dialect asks.
pub(crate) fn check(vendor: Vendor, dialect: &dyn Dialect, answer: &Response<Bytes>) {
    let said = Said::read(answer);
    check_submitted(vendor, dialect, answer, &said);
    let hint = dialect.hint(answer.body());
    if let Some(hint) = &hint {
        assert!(is_an_id(hint), "{vendor}: a hint is an id");
    }
    let of_hint = hint.as_deref().into_iter();
    for vendor_task_id in said.ids.iter().map(String::as_str).chain(of_hint).chain(["87"]) {
        for endpoint in ["text2video", "text-to-video/kling-3.0"] {
            let handle = Handle { vendor_task_id, endpoint };
            drop(dialect.poll(&handle, now()));
            let cancel = dialect.cancel(&handle, now());
            assert_eq!(cancel.is_some(), facts(vendor).cancels, "{vendor}: as it is published");
            check_cancelled(vendor, &dialect.read_cancelled(answer), &said);
            check_polled(vendor, &dialect.read_polled(answer, &handle, now()), &handle, &said);
        }
    }
    for hint in [None, hint.as_deref(), Some("87")] {
        for endpoint in ["text2video", "text-to-video/kling-3.0"] {
            check_found(vendor, dialect, answer, hint, endpoint, &said);
        }
    }
}

/// What an answer says, whoever reads it.
struct Said {
    status: u16,
    /// All its words, in lower case.
    text: String,
    /// Whatever could be a task's id.
    ids: Vec<String>,
    /// Whether it has a code of any kind.
    has_code: bool,
}

impl Said {
    fn read(answer: &Response<Bytes>) -> Self {
        let json: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let text = json.to_string().to_lowercase();
        let mut said =
            Self { status: answer.status().as_u16(), text, ids: Vec::new(), has_code: false };
        let mut places = vec![&json];
        while let Some(place) = places.pop() {
            match place {
                Value::Object(members) => {
                    for (name, value) in members {
                        let is_something = matches!(value, Value::String(_) | Value::Number(_));
                        let name = name.to_lowercase();
                        said.has_code |=
                            is_something && ["code", "coden", "reason"].contains(&name.as_str());
                        if let Some(id) = value.as_str().filter(|_| name.ends_with("id")) {
                            said.ids.extend(Some(id.to_owned()).filter(|id| is_an_id(id)));
                        }
                        places.push(value);
                    }
                }
                Value::Array(items) => places.extend(items),
                _ => {}
            }
        }
        said.ids.truncate(4);
        said
    }

    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.text.contains(word))
    }

    /// Whether a vendor's own words for a task that it does not know are there.
    fn denies(&self, vendor: Vendor) -> bool {
        self.says(match vendor {
            Vendor::Jimeng => &["not_found"],
            Vendor::Kling => &["not found", "not exist", "不存在", "\"data\":[]"],
            Vendor::Vidu => &["notfound"],
        })
    }
}

fn is_an_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST
}

fn check_cancelled(vendor: Vendor, cancelled: &Cancelled, said: &Said) {
    match cancelled {
        Cancelled::Stopped => {
            let is_success = (200..300).contains(&said.status);
            assert!(is_success && facts(vendor).cancels, "{vendor}: stopped without a word of it");
        }
        Cancelled::TooLate(_) => assert!(said.has_code, "{vendor}: too late by whose words?"),
        Cancelled::Nothing(_) => {}
    }
}

fn check_submitted(vendor: Vendor, dialect: &dyn Dialect, answer: &Response<Bytes>, said: &Said) {
    match dialect.read_submitted(answer, &task_id()) {
        Submitted::Accepted { vendor_task_id, .. } => {
            assert!(is_an_id(&vendor_task_id), "{vendor}: an accepted task has an id");
        }
        Submitted::Refused(fault) => {
            let is_plain = [401, 403, 405, 413, 429].contains(&said.status);
            assert!(is_plain || said.has_code, "{vendor}: {} refuses nothing", said.status);
            let error = ApiError::refused_by(vendor, &fault);
            assert_eq!(error.body.charged, Charged::No, "{vendor}: a refusal costs nothing");
            let status = error.status().as_u16();
            assert!(![401, 403].contains(&status), "{vendor}: the client's key is good");
            check_fault(vendor, &fault);
        }
        Submitted::Unknown(fault) => check_fault(vendor, &fault),
    }
}

fn check_polled(vendor: Vendor, polled: &Polled, handle: &Handle<'_>, said: &Said) {
    match polled {
        Polled::Progress(progress) => {
            check_progress(vendor, progress);
            // The others may leave it out.
            let id = handle.vendor_task_id.to_lowercase();
            let id = Value::from(id).to_string();
            let is_named = vendor != Vendor::Kling || said.text.contains(id.trim_matches('"'));
            assert!(is_named, "{vendor}: news of another task");
        }
        Polled::Missing(fault) => {
            assert!(said.denies(vendor), "{vendor}: missing without a word: {}", said.text);
            check_fault(vendor, fault);
        }
        Polled::Nothing(fault) => check_fault(vendor, fault),
    }
}

fn check_progress(vendor: Vendor, progress: &Progress) {
    let Progress { status, url, url_expires_at, error, .. } = progress;
    assert_eq!(error.is_some(), *status == Status::Failed, "{vendor}: {progress:?}");
    assert_eq!(url.is_some(), *status == Status::Succeeded, "{vendor}: {progress:?}");
    assert_eq!(url_expires_at.is_some(), url.is_some(), "{vendor}: {progress:?}");
    assert!(url.as_ref().is_none_or(|url| is_an_id(url)), "{vendor}: an empty address");
    let error = error.as_ref().map(|error| error.to_json().to_string());
    assert!(error.is_none_or(|error| error.len() < LONGEST), "{vendor}: a long error");
}

fn check_fault(vendor: Vendor, fault: &Fault) {
    let error = fault.body(vendor, Charged::Unknown).to_json().to_string();
    assert!(error.len() < LONGEST, "{vendor}: a long error");
}

fn check_found(
    vendor: Vendor,
    dialect: &dyn Dialect,
    answer: &Response<Bytes>,
    hint: Option<&str>,
    endpoint: &str,
    said: &Said,
) {
    let task_id = task_id();
    let search = Search { task_id: &task_id, endpoint, created_at: now(), hint, page: None };
    if dialect.find(&search, now()).is_none() {
        assert_eq!(vendor, Vendor::Jimeng, "all others have a way to find a task");
        return;
    }
    match dialect.read_found(answer, &search) {
        Found::Task { vendor_task_id, .. } => {
            assert!(is_an_id(&vendor_task_id), "{vendor}: a task that is found has an id");
            assert!(said.text.contains(TASK_ID), "{vendor}: another task: {}", said.text);
        }
        Found::Absent => {
            assert_eq!(vendor, Vendor::Kling, "the lists of others may be late");
            assert!(said.denies(vendor), "{vendor}: absent without a word: {}", said.text);
        }
        Found::Unlisted => {
            assert_eq!(vendor, Vendor::Vidu, "only Vidu has a list");
            assert!(said.status < 300 && said.text.contains('['), "no list: {}", said.text);
        }
        Found::More(page) => {
            assert!(!page.is_empty() && vendor == Vendor::Vidu, "{vendor}: no next page");
            let next = Search { page: Some(&page), ..search };
            drop(dialect.find(&next, now()).expect("the next page"));
        }
        Found::Nothing(fault) => check_fault(vendor, &fault),
    }
}
