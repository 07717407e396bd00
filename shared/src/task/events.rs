//! What happened to a task, step by step: for its operator, and for its owner
//! without what is the operator's.
//!
//! An event is stored by the write that makes it true, so events cost few
//! writes of their own. Polls that told nothing new are no events, only counted
//! with the task; what repeats itself is one event with a number.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::ErrorBody;
use super::fault::Fault;
use super::figures::Figures;
use super::progress::Progress;
use super::status::Status;

/// More events than any honest task has; from then on only what changes a task is kept.
pub const MOST_EVENTS: usize = 60;

/// One thing that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened first.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pub by: Actor,
    #[serde(rename = "event")]
    pub kind: EventKind,
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
pub enum Actor {
    Create,
    Query,
    Withdraw,
    Callback,
    Reconcile,
    Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The task was stored; its vendor had not heard of it.
    Created,
    /// The vendor took it.
    Accepted,
    /// The answer to the submission leaves it open whether the vendor took it.
    Unknown,
    /// A submission whose answer was lost is known to have arrived.
    Found,
    /// A submission that the vendor says it does not have was sent once more.
    Repeated,
    /// The vendor refused what was sent once more.
    RepeatRefused,
    /// The vendor called back, and was believed to be the vendor.
    CalledBack,
    /// Somebody called, and was not believed to be the vendor.
    CallbackRefused,
    /// A poll told nothing.
    PollFailed,
    /// The vendor did not know the task.
    Missing,
    /// The client wanted the task stopped, and its vendor was asked to.
    CancelRequested,
    Processing,
    Succeeded,
    Failed,
    /// The client's webhook was called.
    Webhook,
    /// The vendor called back about a task that had been given up.
    Contradicted,
}

impl EventKind {
    pub const ALL: [Self; 16] = [
        Self::Created,
        Self::Accepted,
        Self::Unknown,
        Self::Found,
        Self::Repeated,
        Self::RepeatRefused,
        Self::CalledBack,
        Self::CallbackRefused,
        Self::PollFailed,
        Self::Missing,
        Self::CancelRequested,
        Self::Processing,
        Self::Succeeded,
        Self::Failed,
        Self::Webhook,
        Self::Contradicted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Found => "found",
            Self::Repeated => "repeated",
            Self::RepeatRefused => "repeat_refused",
            Self::CalledBack => "called_back",
            Self::CallbackRefused => "callback_refused",
            Self::PollFailed => "poll_failed",
            Self::Missing => "missing",
            Self::CancelRequested => "cancel_requested",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Webhook => "webhook",
            Self::Contradicted => "contradicted",
        }
    }
}

impl Actor {
    pub const ALL: [Self; 6] =
        [Self::Create, Self::Query, Self::Withdraw, Self::Callback, Self::Reconcile, Self::Notify];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Query => "query",
            Self::Withdraw => "withdraw",
            Self::Callback => "callback",
            Self::Reconcile => "reconcile",
            Self::Notify => "notify",
        }
    }

    /// Something that this function did.
    pub fn event(self, kind: EventKind, at: Timestamp) -> Event {
        Event { at, by: self, kind, detail: None, request_id: None, times: None, last_at: None }
    }

    /// What came of asking the vendor, when it was not what was hoped for.
    pub fn fault(self, kind: EventKind, fault: &Fault, at: Timestamp) -> Event {
        let fault = fault.presentable();
        let ours = fault.kind.code().as_str();
        let detail = match fault.code {
            Some(vendors) => format!("{ours} ({vendors})"),
            None => ours.to_owned(),
        };
        Event { detail: Some(detail), request_id: fault.request_id, ..self.event(kind, at) }
    }

    /// A task ended that its client is told of as an error.
    pub fn refusal(self, error: &ErrorBody, at: Timestamp) -> Event {
        self.rise(&Progress::failed(error.clone(), Figures::default()), at)
    }

    /// A task rose, or ended.
    pub fn rise(self, progress: &Progress, at: Timestamp) -> Event {
        let kind = match progress.status {
            Status::Queued => EventKind::Accepted,
            Status::Processing => EventKind::Processing,
            Status::Succeeded => EventKind::Succeeded,
            Status::Failed => EventKind::Failed,
        };
        let vendor = progress.error.as_ref().and_then(|error| error.vendor.as_ref());
        Event {
            detail: progress.error.as_ref().map(|error| error.code.as_str().to_owned()),
            request_id: vendor.and_then(|vendor| vendor.request_id.clone()),
            ..self.event(kind, at)
        }
    }
}

impl Event {
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub fn with_request_id(self, request_id: Option<String>) -> Self {
        Self { request_id, ..self }
    }

    /// Whether this is the same event, one of them with no more digits than are kept of its time.
    pub fn is(&self, other: &Self) -> bool {
        let what = |event: &Self| (event.by, event.kind, event.at.as_millisecond());
        what(self) == what(other) && self.detail == other.detail
    }

    /// This event with a later one counted in, if that is the same once more.
    pub fn again(&self, later: &Self) -> Option<Self> {
        let same = (self.by, self.kind, &self.detail) == (later.by, later.kind, &later.detail);
        same.then(|| Self {
            times: Some(self.times.unwrap_or(1).saturating_add(1)),
            last_at: Some(later.at),
            request_id: later.request_id.clone(),
            ..self.clone()
        })
    }

    /// As the task's owner may see it: neither who tried to forge a callback, nor
    /// what is wrong with the operator's account.
    pub fn for_owner(&self) -> Option<Self> {
        match self.kind {
            EventKind::CallbackRefused | EventKind::Contradicted => None,
            EventKind::PollFailed
            | EventKind::Missing
            | EventKind::Unknown
            | EventKind::RepeatRefused => {
                Some(Self { detail: None, request_id: None, ..self.clone() })
            }
            _ => Some(self.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Charged, FaultKind, Figures, Vendor};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_repeats_itself_is_one_step_with_a_number() {
        let fault = |kind, second| {
            Actor::Reconcile.fault(EventKind::PollFailed, &Fault::new(kind), at(second))
        };
        let first = fault(FaultKind::Unavailable, 1);
        let twice = first.again(&fault(FaultKind::Unavailable, 5)).unwrap();
        let thrice = twice.again(&fault(FaultKind::Unavailable, 9)).unwrap();
        assert_eq!((thrice.at, thrice.last_at, thrice.times), (at(1), Some(at(9)), Some(3)));
        let named = |name: &str| first.clone().with_request_id(Some(name.to_owned()));
        let again = named("r-1").again(&named("r-2")).unwrap();
        assert_eq!(again.request_id.as_deref(), Some("r-2"), "the last exchange is the news");
        let others = [
            (fault(FaultKind::RateLimited, 5), "another reason"),
            (Event { by: Actor::Query, ..fault(FaultKind::Unavailable, 5) }, "somebody else"),
            (Actor::Reconcile.event(EventKind::Missing, at(5)), "something else"),
        ];
        for (other, why) in others {
            assert_eq!(first.again(&other), None, "{why}");
        }
    }

    #[test]
    fn an_end_is_told_with_its_code_and_the_vendors_name_for_the_exchange() {
        let fault = Fault {
            code: Some("FieldInvalid".to_owned()),
            request_id: Some("r-1".to_owned()),
            ..Fault::new(FaultKind::BadRequest)
        };
        let failed = Progress::failed(fault.body(Vendor::Vidu, Charged::No), Figures::default());
        let told = Actor::Query.rise(&failed, at(1));
        assert_eq!((told.kind, told.by, told.at), (EventKind::Failed, Actor::Query, at(1)));
        assert_eq!(told.detail.as_deref(), Some("vendor_rejected_request"));
        assert_eq!(told.request_id.as_deref(), Some("r-1"));
        let rows = [
            (Status::Queued, EventKind::Accepted),
            (Status::Processing, EventKind::Processing),
            (Status::Succeeded, EventKind::Succeeded),
        ];
        for (status, kind) in rows {
            let told = Actor::Query.rise(&Progress::unfinished(status), at(1));
            assert_eq!((told.kind, told.detail, told.request_id), (kind, None, None));
        }
        let asked = Actor::Create.fault(EventKind::Unknown, &fault, at(1));
        assert_eq!(asked.detail.as_deref(), Some("vendor_rejected_request (FieldInvalid)"));
        assert_eq!(asked.request_id.as_deref(), Some("r-1"));
        let asked = asked.with_detail("d").with_request_id(Some("r-2".to_owned()));
        assert_eq!(
            (asked.detail.as_deref(), asked.request_id.as_deref()),
            (Some("d"), Some("r-2"))
        );
    }

    #[test]
    fn each_word_is_written_once() {
        let words = |words: &[&str]| {
            let mut sorted = words.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), words.len());
        };
        words(&EventKind::ALL.map(EventKind::as_str));
        words(&Actor::ALL.map(Actor::as_str));
        for kind in EventKind::ALL {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
        for actor in Actor::ALL {
            assert_eq!(serde_json::json!(actor), actor.as_str());
        }
    }

    #[test]
    fn an_event_is_the_same_when_it_was_stored_with_fewer_digits() {
        let micros = |micros| Timestamp::from_microsecond(micros).unwrap();
        let event = Actor::Query.event(EventKind::Webhook, micros(1_000_000)).with_detail("500");
        let rows = [
            (event.clone(), true, "itself"),
            (Event { at: micros(1_000_999), ..event.clone() }, true, "to the millisecond"),
            (Event { times: Some(2), ..event.clone() }, true, "with a number"),
            (Event { at: micros(1_001_000), ..event.clone() }, false, "later"),
            (Event { by: Actor::Notify, ..event.clone() }, false, "somebody else's"),
            (Event { kind: EventKind::Failed, ..event.clone() }, false, "another one"),
            (Event { detail: None, ..event.clone() }, false, "less precise"),
        ];
        for (other, is_same, reason) in rows {
            assert_eq!(event.is(&other), is_same, "{reason}");
            assert_eq!(other.is(&event), is_same, "{reason}");
        }
    }

    #[test]
    fn an_owner_sees_nothing_of_the_operators() {
        let credentials =
            Fault { code: Some("Unauthorized".to_owned()), ..Fault::new(FaultKind::Credentials) };
        let poll = Actor::Query.fault(EventKind::PollFailed, &credentials, at(1));
        assert_eq!(poll.detail.as_deref(), Some("vendor_credentials_refused (Unauthorized)"));
        let hidden = [EventKind::CallbackRefused, EventKind::Contradicted];
        let without_reason = [
            EventKind::PollFailed,
            EventKind::Missing,
            EventKind::Unknown,
            EventKind::RepeatRefused,
        ];
        for kind in EventKind::ALL {
            let told = Event { kind, ..poll.clone() }.with_request_id(Some("r-1".to_owned()));
            let bare = Event { detail: None, request_id: None, ..told.clone() };
            let seen = if hidden.contains(&kind) {
                None
            } else if without_reason.contains(&kind) {
                Some(bare)
            } else {
                Some(told.clone())
            };
            assert_eq!(told.for_owner(), seen, "{kind:?}");
        }
        let called = Actor::Callback.event(EventKind::CalledBack, at(1));
        assert_eq!(called.for_owner(), Some(called));
    }
}
