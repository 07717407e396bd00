//! What all dialects are held to, each by rows of its own.

use super::fixtures::{answer, fixtures, kind, request_id, vendor_code};
use super::{read_polled, read_submitted, response, task_id};
use crate::dialects::contract::{Dialect, Handle, Polled, Submitted};
use crate::task::{FaultKind, Status};

/// Holds a dialect to the documented refusals: what each means, and the vendor's names for it.
pub(crate) fn check_refusals(dialect: &dyn Dialect, vendor: &str) {
    for (name, fixture) in fixtures(vendor, "create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match dialect.read_submitted(&answer(&fixture), &task_id()) {
            Submitted::Refused(fault) if !may_exist => fault,
            Submitted::Unknown(fault) if may_exist => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault.kind, kind(&fixture), "{name}");
        assert_eq!(fault.code, vendor_code(&fixture), "{name}");
        assert_eq!(fault.request_id.as_deref(), request_id(&fixture), "{name}");
    }
}

/// Holds a dialect to answers that leave it open whether there is a task: status, body and
/// reason.
pub(crate) fn check_unknown(dialect: &dyn Dialect, rows: &[(u16, &str, &str)]) {
    for (status, body, reason) in rows {
        let read = read_submitted(dialect, *status, body);
        assert!(matches!(read, Submitted::Unknown(_)), "{status} {body}: {reason}: {read:?}");
    }
}

/// Holds a dialect to what the status says of a refusal whose code is the vendor's, but new.
pub(crate) fn check_new_codes(dialect: &dyn Dialect, bodies: &[&str]) {
    let rows = [
        (400, FaultKind::BadRequest),
        (401, FaultKind::Credentials),
        (402, FaultKind::Balance),
        (403, FaultKind::Permission),
        (404, FaultKind::BadRequest),
        (422, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        for body in bodies {
            let read = read_submitted(dialect, status, body);
            let is_refused = matches!(&read, Submitted::Refused(fault) if fault.kind == kind);
            assert!(is_refused, "{status} {body}: {read:?}");
        }
    }
}

/// Holds a dialect to what the status alone says when somebody between us answers: a
/// refusal of a submission, and nothing about a task.
pub(crate) fn check_edge(dialect: &dyn Dialect, handle: &Handle<'_>) {
    let rows = [
        (401, FaultKind::Credentials),
        (403, FaultKind::Permission),
        (405, FaultKind::BadRequest),
        (413, FaultKind::BadRequest),
        (429, FaultKind::RateLimited),
    ];
    for (status, kind) in rows {
        for body in ["<html>no</html>", "no", "", r#"{"message":"no"}"#, r#"{"code":9999}"#] {
            let read = read_submitted(dialect, status, body);
            let is_refused = matches!(&read, Submitted::Refused(fault) if fault.kind == kind);
            assert!(is_refused, "{status} {body}: {read:?}");
            let polled = read_polled(dialect, handle, status, body);
            let is_nothing = matches!(&polled, Polled::Nothing(fault) if fault.kind == kind);
            assert!(is_nothing, "{status} {body}: {polled:?}");
        }
    }
}

/// Holds a dialect to the seconds that a refusal asks us to wait, in the vendor's words and
/// in an edge's.
pub(crate) fn check_wait(dialect: &dyn Dialect, busy: &str) {
    for body in [busy, "<html>slow down</html>"] {
        let mut answer = response(429, body);
        answer.headers_mut().insert("retry-after", "17".parse().expect("a value"));
        let Submitted::Refused(fault) = dialect.read_submitted(&answer, &task_id()) else {
            panic!("{body}")
        };
        assert_eq!(fault.retry_after, Some(17), "{body}");
    }
}

/// Holds a dialect to the status that an answer to a poll means, None where it is no
/// progress: status, body, expected and reason.
pub(crate) fn check_progress(
    dialect: &dyn Dialect,
    handle: &Handle<'_>,
    rows: &[(u16, &str, Option<Status>, &str)],
) {
    for (status, body, expected, reason) in rows {
        let read = match read_polled(dialect, handle, *status, body) {
            Polled::Progress(progress) => Some(progress.status),
            Polled::Missing(_) | Polled::Nothing(_) => None,
        };
        assert_eq!(read, *expected, "{body}: {reason}");
    }
}

/// Holds a dialect to the vendor's own words for a task that it does not know: status,
/// body, whether these are its words, and reason.
///
/// A task that is missing again and again ends, although it may be paid for, so the
/// difference is money.
pub(crate) fn check_missing(
    dialect: &dyn Dialect,
    handle: &Handle<'_>,
    rows: &[(u16, &str, bool, &str)],
) {
    for (status, body, is_missing, reason) in rows {
        let polled = read_polled(dialect, handle, *status, body);
        let is_right = match &polled {
            Polled::Missing(_) => *is_missing,
            Polled::Nothing(_) => !is_missing,
            Polled::Progress(_) => false,
        };
        let endpoint = handle.endpoint;
        assert!(is_right, "{endpoint} {status} {body}: {reason}: {polled:?}");
    }
}
