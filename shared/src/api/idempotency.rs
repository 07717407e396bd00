//! Requests that may come twice and shall be done once.
//!
//! Pure: what a key and a fingerprint are, and what is kept of a request. The
//! record is stored in the transaction that stores its tasks, so there is never
//! one without the other.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::created::Created;
use super::error::ApiError;
use super::warning::Warning;
use crate::crypto::digest::sha256;
use crate::task::{Task, TaskId, whole};

/// How long the same key gives the same answer.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// Longer than a function may run: by then its first owner has answered, or died.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What is kept of a request with an `Idempotency-Key`, in the table of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    pub fingerprint: String,
    /// The tasks that were made of it, stored with it.
    pub task_ids: Vec<TaskId>,
    /// What the client is told beside its tasks, before its vendor was asked.
    pub warnings: Vec<Warning>,
    /// What came of the request, as soon as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Created>,
    /// How long its first owner is believed to be at work, in milliseconds.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub lease: Timestamp,
    /// When the table forgets it.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub ttl: Timestamp,
}

/// What becomes of a request whose key was used before.
#[derive(Debug)]
pub enum Repeated {
    /// The answer that the first request got.
    Answer(Created),
    /// The first owner died at its work: its tasks are what there is.
    Tasks(Vec<TaskId>, Vec<Warning>),
}

impl Record {
    pub fn new(
        owner: &str,
        key: &str,
        fingerprint: &str,
        tasks: &[Task],
        warnings: &[Warning],
        now: Timestamp,
    ) -> Self {
        Self {
            // Neither side can hold a slash into the other: the key is a hash.
            id: format!("idempotency/{owner}/{}", sha256(key.as_bytes())),
            fingerprint: fingerprint.to_owned(),
            task_ids: tasks.iter().map(|task| task.id.clone()).collect(),
            warnings: warnings.to_vec(),
            answer: None,
            lease: now + LEASE,
            ttl: now + RETENTION,
        }
    }

    /// Whether the table only has not forgotten it yet.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ttl <= now
    }

    /// What to answer to the request `again`, which came after this one.
    pub fn repeat(self, again: &Self, now: Timestamp) -> Result<Repeated, ApiError> {
        if self.fingerprint != again.fingerprint {
            return Err(ApiError::idempotency_mismatch());
        }
        match self.answer {
            Some(answer) => Ok(Repeated::Answer(answer)),
            None if now < self.lease => {
                let seconds = self.lease.duration_since(now).as_secs().clamp(1, 5);
                Err(ApiError::still_running(u32::try_from(seconds).unwrap_or(5)))
            }
            None => Ok(Repeated::Tasks(self.task_ids, self.warnings)),
        }
    }
}

/// A hash that is equal for bodies that say the same: neither spaces nor the order of
/// members count nor what separates the parts of a form, and 5 is 5.0.
pub(super) fn fingerprint(body: &Map<String, Value>) -> String {
    let mut canonical = String::new();
    write_members(body, &mut canonical);
    sha256(canonical.as_bytes())
}

fn write_members(members: &Map<String, Value>, out: &mut String) {
    let mut names: Vec<_> = members.keys().collect();
    names.sort_unstable();
    out.push('{');
    for name in names {
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write_canonical(&members[name], out);
        out.push(',');
    }
    out.push('}');
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => write_members(members, out),
        Value::Number(number) => match number.as_f64().and_then(whole) {
            Some(whole) => out.push_str(&whole.to_string()),
            None => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Shape, Status, Surface};

    #[test]
    fn bodies_that_say_the_same_have_one_fingerprint() {
        let fingerprint = |body: &str| fingerprint(&serde_json::from_str(body).unwrap());
        let body = r#"{"model":"viduq1","prompt":"x","metadata":{"a":[1,2],"b":5}}"#;
        let rows = [
            (
                r#"{ "prompt":"x", "metadata":{"b":5.0,"a":[1,2]}, "model":"viduq1" }"#,
                true,
                "order, spaces, 5.0",
            ),
            (
                r#"{"model":"viduq1","prompt":"x","metadata":{"a":[2,1],"b":5}}"#,
                false,
                "the order of a list",
            ),
            (
                r#"{"model":"viduq1","prompt":"X","metadata":{"a":[1,2],"b":5}}"#,
                false,
                "another prompt",
            ),
            (
                r#"{"model":"viduq1","prompt":"x","metadata":{"a":[1,2],"b":"5"}}"#,
                false,
                "text is no number",
            ),
            (r#"{"model":"viduq1","prompt":"x"}"#, false, "less"),
        ];
        for (other, same, reason) in rows {
            assert_eq!(fingerprint(body) == fingerprint(other), same, "{reason}");
        }
    }

    #[test]
    fn a_repeated_request_gets_the_answer_waits_or_finds_the_tasks() {
        let now = Timestamp::from_second(1_784_019_600).unwrap();
        let first = Record::new("acme", "key", "1", &[], &[], now);
        let other = Record::new("acme", "key", "2", &[], &[], now);
        assert_eq!(first.clone().repeat(&other, now).unwrap_err().status(), 422, "another body");
        assert_eq!(first.clone().repeat(&first, now).unwrap_err().status(), 409, "at work");
        let late = now + LEASE;
        assert!(matches!(first.clone().repeat(&first, late), Ok(Repeated::Tasks(..))), "died");
        let created = Created {
            task_ids: Vec::new(),
            several: false,
            status: Status::Queued,
            warnings: Vec::new(),
            surface: Surface::Generations,
            model: "viduq1".to_owned(),
            shape: Shape::default(),
        };
        let answered = Record { answer: Some(created), ..first.clone() };
        assert!(matches!(answered.repeat(&first, now), Ok(Repeated::Answer(_))), "answered");
        assert!(!first.is_over(late) && first.is_over(now + RETENTION));
    }

    #[test]
    fn a_key_belongs_to_its_owner() {
        let now = Timestamp::UNIX_EPOCH;
        let id = |owner, key| Record::new(owner, key, "1", &[], &[], now).id;
        assert_ne!(id("acme", "k"), id("else", "k"));
        assert_ne!(id("acme", "k"), id("acme", "l"));
    }
}
