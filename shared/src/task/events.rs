//! What happened to a task, step by step: for its operator, and for its owner
//! without what is the operator's.
//!
//! A step is stored by the write that makes it true, so the story costs few
//! writes of its own. Looks that told nothing new are not steps, only counted
//! with the task; what repeats itself is one step with a number.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::progress::News;
use super::status::Status;

/// More steps than any honest task has; from then on only what changes a task is kept.
pub const MOST_STEPS: usize = 60;

/// One thing that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it happened first.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pub by: Source,
    pub what: What,
    /// More precisely, in a word: an error's code, an HTTP status, a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The vendor's name for the exchange, to ask its support with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How often it happened, when more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// When it happened last, when more than once.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub last_at: Option<Timestamp>,
}

/// The function that did it or was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Create,
    Query,
    Callback,
    Reconcile,
    Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The task was stored; its vendor had not heard of it.
    Created,
    /// The vendor took it.
    Accepted,
    /// The answer to the submission leaves it open whether the vendor took it.
    Unclear,
    /// A submission whose answer was lost is known to have arrived.
    Found,
    /// A submission that surely never arrived was sent once more.
    Repeated,
    /// The vendor rang, and was believed to be the vendor.
    Rung,
    /// Somebody rang, and was not believed to be the vendor.
    RingRefused,
    /// A look at the vendor told nothing.
    LookFailed,
    /// The vendor did not know the task.
    Missing,
    Processing,
    Succeeded,
    Failed,
    /// The client's webhook was called.
    Webhook,
}

impl What {
    pub const ALL: [Self; 13] = [
        Self::Created,
        Self::Accepted,
        Self::Unclear,
        Self::Found,
        Self::Repeated,
        Self::Rung,
        Self::RingRefused,
        Self::LookFailed,
        Self::Missing,
        Self::Processing,
        Self::Succeeded,
        Self::Failed,
        Self::Webhook,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::Unclear => "unclear",
            Self::Found => "found",
            Self::Repeated => "repeated",
            Self::Rung => "rung",
            Self::RingRefused => "ring_refused",
            Self::LookFailed => "look_failed",
            Self::Missing => "missing",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Webhook => "webhook",
        }
    }
}

impl Source {
    pub const ALL: [Self; 5] =
        [Self::Create, Self::Query, Self::Callback, Self::Reconcile, Self::Notify];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Query => "query",
            Self::Callback => "callback",
            Self::Reconcile => "reconcile",
            Self::Notify => "notify",
        }
    }

    /// Something that this function did.
    pub fn step(self, what: What, at: Timestamp) -> Step {
        Step { at, by: self, what, detail: None, request_id: None, times: None, last_at: None }
    }

    /// What came of asking the vendor, when it was not what was hoped for.
    pub fn fault(self, what: What, fault: &Fault, at: Timestamp) -> Step {
        let fault = fault.presentable();
        let ours = fault.kind.code().as_str();
        let detail = match fault.code {
            Some(vendors) => format!("{ours} ({vendors})"),
            None => ours.to_owned(),
        };
        Step { detail: Some(detail), request_id: fault.request_id, ..self.step(what, at) }
    }

    /// A task rose, or ended.
    pub fn rise(self, news: &News, at: Timestamp) -> Step {
        let what = match news.status {
            Status::Queued => What::Accepted,
            Status::Processing => What::Processing,
            Status::Succeeded => What::Succeeded,
            Status::Failed => What::Failed,
        };
        let vendor = news.error.as_ref().and_then(|error| error.vendor.as_ref());
        Step {
            detail: news.error.as_ref().map(|error| error.code.as_str().to_owned()),
            request_id: vendor.and_then(|vendor| vendor.request_id.clone()),
            ..self.step(what, at)
        }
    }
}

impl Step {
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub fn with_request_id(self, request_id: Option<String>) -> Self {
        Self { request_id, ..self }
    }

    /// This step with a later one counted in, if that is the same once more.
    pub fn again(&self, later: &Self) -> Option<Self> {
        let same = (self.by, self.what, &self.detail) == (later.by, later.what, &later.detail);
        same.then(|| Self {
            times: Some(self.times.unwrap_or(1).saturating_add(1)),
            last_at: Some(later.at),
            request_id: later.request_id.clone(),
            ..self.clone()
        })
    }

    /// As the task's owner may see it: neither who tried to forge a ring, nor
    /// what is wrong with the operator's account.
    pub fn for_owner(&self) -> Option<Self> {
        match self.what {
            What::RingRefused => None,
            What::LookFailed | What::Missing | What::Unclear => {
                Some(Self { detail: None, request_id: None, ..self.clone() })
            }
            _ => Some(self.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Kind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_repeats_itself_is_one_step_with_a_number() {
        let fault =
            |kind, second| Source::Reconcile.fault(What::LookFailed, &Fault::new(kind), at(second));
        let first = fault(Kind::Unavailable, 1);
        let twice = first.again(&fault(Kind::Unavailable, 5)).unwrap();
        let thrice = twice.again(&fault(Kind::Unavailable, 9)).unwrap();
        assert_eq!((thrice.at, thrice.last_at, thrice.times), (at(1), Some(at(9)), Some(3)));
        let others = [
            (fault(Kind::RateLimited, 5), "another reason"),
            (Step { by: Source::Query, ..fault(Kind::Unavailable, 5) }, "somebody else"),
            (Source::Reconcile.step(What::Missing, at(5)), "something else"),
        ];
        for (other, why) in others {
            assert_eq!(first.again(&other), None, "{why}");
        }
    }

    #[test]
    fn an_owner_sees_nothing_of_the_operators() {
        let credentials =
            Fault { code: Some("Unauthorized".to_owned()), ..Fault::new(Kind::Credentials) };
        let look = Source::Query.fault(What::LookFailed, &credentials, at(1));
        assert_eq!(look.detail.as_deref(), Some("vendor_credentials_refused (Unauthorized)"));
        assert_eq!(look.for_owner().unwrap().detail, None);
        assert_eq!(Source::Callback.step(What::RingRefused, at(1)).for_owner(), None);
        let rung = Source::Callback.step(What::Rung, at(1));
        assert_eq!(rung.for_owner(), Some(rung));
    }
}
