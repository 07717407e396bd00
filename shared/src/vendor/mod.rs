//! The vendors: which there are, and the contract each one's dialect fulfils.
//!
//! A dialect is pure. Requests and responses are values, time is an argument;
//! the only code that talks to a vendor is [`client`].

mod accounts;
mod aliases;
mod client;
mod fault;
mod jimeng;
mod kling;
mod lenient;
mod report;
#[cfg(test)]
mod testing;
mod vidu;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use accounts::AccountsError;
pub use aliases::Aliases;
pub use client::{Reply, Vendors};
pub use fault::{Fault, Kind};

use crate::api::{ApiError, Generation, Warning};
use crate::task::{Figures, News, Task, TaskId};

/// The set of vendors. Stored with each task, part of the callback's path, key of the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    Jimeng,
    Kling,
    Vidu,
}

impl Vendor {
    pub const ALL: [Self; 3] = [Self::Jimeng, Self::Kling, Self::Vidu];

    /// The vendor whose models are called like this. The list of models is the vendor's own.
    pub fn of_model(model: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| model.starts_with(vendor.as_str()))
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jimeng => "jimeng",
            Self::Kling => "kling",
            Self::Vidu => "vidu",
        }
    }

    /// The dialect that speaks to this vendor with this account.
    fn dialect(self, account: Value) -> serde_json::Result<Arc<dyn Dialect>> {
        Ok(match self {
            Self::Jimeng => Arc::new(serde_json::from_value::<jimeng::Jimeng>(account)?),
            Self::Kling => Arc::new(serde_json::from_value::<kling::Kling>(account)?),
            Self::Vidu => Arc::new(serde_json::from_value::<vidu::Vidu>(account)?),
        })
    }
}

impl FromStr for Vendor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|vendor| vendor.as_str() == text).ok_or(())
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a vendor's folder provides: its protocol, spoken with one account.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// The request that submits this generation, or what the client has to change.
    fn submit(&self, generation: Generation, ticket: &Ticket<'_>) -> Result<Submission, ApiError>;

    /// What the answer to it says.
    fn read_submitted(&self, answer: &Response<Bytes>) -> Submitted;

    /// The request that asks how a task is doing.
    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes>;

    /// What the answer to it says.
    fn read_polled(&self, answer: &Response<Bytes>, now: Timestamp) -> Polled;

    /// Whether the vendor itself rang. The token in the path was checked before.
    fn verify_ring(&self, ring: &Ring<'_>, now: Timestamp) -> Result<(), Forged>;

    /// The vendor's task that a ring speaks of. Only a hint: bodies are not believed.
    fn hint(&self, _body: &[u8]) -> Option<String> {
        None
    }

    /// The request that finds a task of which nobody knows whether it was made.
    /// None where the vendor has no handle for that.
    fn find(&self, _sought: &Sought<'_>, _now: Timestamp) -> Option<Request<Bytes>> {
        None
    }

    /// What the answer to it says.
    fn read_found(&self, _answer: &Response<Bytes>, _sought: &Sought<'_>) -> Found {
        Found::Nothing(Fault::new(Kind::Unreadable))
    }

    /// A submission once more, where the vendor makes no second task of the same.
    fn repeat(&self, _endpoint: &str, _body: Bytes, _now: Timestamp) -> Option<Request<Bytes>> {
        None
    }
}

/// What the gateway adds to a generation.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    pub task_id: &'a TaskId,
    /// The gateway's own address for this task's callbacks.
    pub callback_url: &'a str,
    pub now: Timestamp,
}

/// A generation, ready to be sent.
#[derive(Debug)]
pub struct Submission {
    pub request: Request<Bytes>,
    /// Whether the vendor recognises it when it comes twice, so that
    /// [`Dialect::repeat`] costs nobody a second film.
    pub repeatable: bool,
    /// The model that was asked for in the end, by its vendor's name: an option
    /// of the vendor's may name another one than the client did.
    pub model: String,
    /// Kept with the task as [`Handle::endpoint`].
    pub endpoint: String,
    /// What is known of the film before the vendor says a word; some never say any.
    pub figures: Figures,
    /// What could not be honoured.
    pub warnings: Vec<Warning>,
}

/// What the answer to a submission says.
#[derive(Debug, PartialEq)]
pub enum Submitted {
    /// How far the task is, a look may tell later; the answer to a submission never does.
    Accepted { vendor_task_id: String, figures: Figures },
    /// The vendor surely made no task of it.
    Refused(Fault),
    /// The vendor may have made a task of it. Never submit again.
    Unknown(Fault),
}

/// What a vendor needs to find a task again.
#[derive(Clone, Copy, Debug)]
pub struct Handle<'a> {
    pub vendor_task_id: &'a str,
    pub endpoint: &'a str,
}

impl<'a> Handle<'a> {
    /// None as long as it is unknown whether the vendor took the task.
    pub fn of(task: &'a Task) -> Option<Self> {
        let vendor_task_id = task.vendor_task_id.as_deref()?;
        Some(Self { vendor_task_id, endpoint: &task.endpoint })
    }
}

/// What a look at a task says.
#[derive(Debug, PartialEq)]
pub enum Polled {
    News(Box<News>),
    /// The vendor does not know the task. It may not know it yet.
    Missing(Fault),
    /// Nothing about the task: the vendor was unreachable, busy or made no sense.
    Nothing(Fault),
}

/// A task of which it is unknown whether the vendor made it.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    pub task_id: &'a TaskId,
    pub endpoint: &'a str,
    pub created_at: Timestamp,
    /// The client's note, where it has one; a vendor that echoes notes was sent it.
    pub payload: Option<&'a str>,
    /// The vendor's task that somebody named in a ring.
    pub hint: Option<&'a str>,
    /// The page of the vendor's list that comes next, as the last one called it.
    pub page: Option<&'a str>,
}

/// What a search for a task says.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// It was made, and this is what the vendor calls it.
    Task { vendor_task_id: String, figures: Figures },
    /// It was surely not made.
    Absent,
    /// Not on this page of the vendor's list; this one comes next.
    More(String),
    /// Nothing either way.
    Nothing(Fault),
}

/// A call at our callback address.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'a> {
    /// Of the address that we gave out, which may differ from the one that a function sees.
    pub path: &'a str,
    /// As written, without the question mark. The addresses we give out have none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Why a ring was not believed to be the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forged {
    /// A header of the signature is missing or no text.
    Unsigned,
    /// Signed too long ago, or in the future.
    Stale,
    /// The date cannot be read.
    Malformed,
    /// Signed with another key, or for another call.
    Mismatch,
}

impl Forged {
    /// In a word, for metrics and stories.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
        }
    }
}

impl fmt::Display for Forged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "the signature is missing",
            Self::Stale => "the date is more than five minutes off",
            Self::Malformed => "the date cannot be read",
            Self::Mismatch => "the signature does not match",
        })
    }
}

/// A key or secret: used, never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a key must be printable ASCII without spaces");
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a vendor's API lives, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address of an absolute path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        }) && url::Url::parse(&text).is_ok();
        if !fits {
            return Err("base_url must be an http(s) address without a query");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// An id from outside as one segment of a path, so that it cannot lead elsewhere.
fn path_segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The seconds that an answer asks us to wait.
fn retry_after(answer: &Response<Bytes>) -> Option<u32> {
    answer.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
