//! What a task says about itself.

use super::*;
use crate::task::error::Code;
use crate::task::key::Limits;
use crate::task::testing::{at, key, task};

#[test]
fn a_new_task_is_to_be_found_until_its_vendor_takes_it() {
    let task = task();
    assert_eq!((task.owner.as_str(), &task.key_sha256), ("owner", &key().sha256));
    assert_eq!((task.model.as_str(), task.endpoint.as_str()), ("viduq1", "text2video"));
    assert_eq!((task.status, task.vendor_task_id.as_deref()), (Status::Queued, None));
    assert_eq!(task.duties().collect::<Vec<_>>(), [(Duty::Find, at(1030))]);
    assert_eq!(task.vendor_due_shard, Some(Lane::Vendor(Vendor::Vidu).shard(&task.id)));
    assert_eq!([task.created_at, task.updated_at, task.polled_at], [at(1000); 3]);
    assert_eq!(task.ttl, at(1000 + 30 * 24 * 3600), "thirty days are promised");
    assert_eq!(task.events, [Actor::Create.event(EventKind::Created, at(1000))]);
    assert_eq!(task.place, None, "its key has no limit");
    let mut limited = key();
    limited.limits = Limits { unfinished: Some(50), ..Limits::default() };
    let (id, account) = (task.id.clone(), AccountId::default());
    let counted = Task::new(id, &limited, Vendor::Vidu, account, "viduq1", "text2video", at(1000));
    assert_eq!(counted.place, Some(Parts::of(50).of_task(&task.id)));
}

#[test]
fn a_task_may_have_both_duties_and_each_needs_its_timer() {
    let (poll, deliver) = ((Duty::Poll, at(1200)), (Duty::Deliver, at(1300)));
    let rows = [
        (Some(Duty::Poll), Some(at(1200)), Some(at(1300)), vec![poll, deliver]),
        (Some(Duty::Poll), Some(at(1200)), None, vec![poll]),
        (None, None, Some(at(1300)), vec![deliver]),
        (None, None, None, vec![]),
        (Some(Duty::Poll), None, None, vec![]),
    ];
    for (vendor_duty, vendor_due_at, webhook_due_at, duties) in rows {
        let task = Task { vendor_duty, vendor_due_at, webhook_due_at, ..task() };
        assert_eq!(task.duties().collect::<Vec<_>>(), duties);
    }
}

#[test]
fn an_absence_is_proved_by_the_row_that_is_stored_and_this_time() {
    let secs = SignedDuration::from_secs;
    let pace = Pace { first: secs(30), shortest: secs(30), longest: secs(60), deadline: secs(600) };
    let missed = |times| Task { missing: Some(Missing { times, since: at(1030) }), ..task() };
    assert_eq!(missed(2).missed(at(1090)), Missing { times: 3, since: at(1030) });
    assert_eq!(task().missed(at(1090)), Missing { times: 1, since: at(1090) });
    assert!(missed(2).is_proved(Absence::Unheard, &pace, at(1090)));
    assert!(!missed(1).is_proved(Absence::Unheard, &pace, at(1090)), "too seldom");
    assert!(!missed(2).is_proved(Absence::Unheard, &pace, at(1089)), "too soon");
}

#[test]
fn a_task_is_repeated_within_ten_minutes_and_only_with_what_was_sent() {
    let sent = Task { repeat: Some("{}".to_owned()), ..task() };
    assert!(sent.may_be_repeated(at(1599)));
    assert!(!sent.may_be_repeated(at(1600)));
    assert!(!task().may_be_repeated(at(1001)));
}

#[test]
fn only_the_request_itself_refuses() {
    let rows = [
        (Actor::Create, EventKind::Failed, true),
        (Actor::Create, EventKind::Unknown, false),
        (Actor::Reconcile, EventKind::Failed, false),
    ];
    for (actor, kind, was_refused) in rows {
        let mut task = task();
        task.events.push(actor.event(kind, at(1001)));
        task.events.push(Actor::Callback.event(EventKind::CalledBack, at(1002)));
        assert_eq!(task.was_refused(), was_refused, "{actor:?} {kind:?}");
    }
}

#[test]
fn an_end_without_the_vendors_word_is_known_as_given_up() {
    let rows = [
        (None, Some("839"), false, "no error"),
        (None, None, false, "no error yet"),
        (Some(Code::VendorFailed), Some("839"), false, "the vendor's word"),
        (Some(Code::VendorFailed), None, true, "nothing that the vendor could have ended"),
        (Some(Code::DeadlineExceeded), Some("839"), true, "nobody waited longer"),
        (Some(Code::SubmissionUnknown), None, true, "nobody knows"),
    ];
    for (code, vendor_task_id, was_given_up, reason) in rows {
        let task = Task {
            error: code.map(|code| ErrorBody::new(code, "No.")),
            vendor_task_id: vendor_task_id.map(str::to_owned),
            ..task()
        };
        assert_eq!(task.was_given_up(), was_given_up, "{reason}");
    }
}

#[test]
fn only_an_error_that_says_so_has_cost_nothing() {
    let rows = [
        (None, true),
        (Some(Charged::Yes), true),
        (Some(Charged::Unknown), true),
        (Some(Charged::No), false),
    ];
    for (charged, may_be_charged) in rows {
        let error = |charged| ErrorBody { charged, ..ErrorBody::new(Code::VendorFailed, "No.") };
        let task = Task { error: charged.map(error), ..task() };
        assert_eq!(task.may_be_charged(), may_be_charged, "{charged:?}");
    }
}

#[test]
fn a_task_is_stored_without_what_it_does_not_have() {
    let stored = serde_json::to_value(task()).unwrap();
    for absent in ["polls", "url", "error", "repeat", "missing", "place", "webhook_due_at"] {
        assert!(stored.get(absent).is_none(), "{absent}");
    }
    assert_eq!(serde_json::from_value::<Task>(stored).unwrap(), task());
    let polled = serde_json::to_value(Task { polls: 1, ..task() }).unwrap();
    assert_eq!(polled["polls"], 1);
}
