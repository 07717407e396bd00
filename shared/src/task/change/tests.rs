//! What each change leaves of a task, and that it leaves everything else alone.

use super::*;
use crate::task::error::{Charged, Code};
use crate::task::events::{Actor, EventKind};
use crate::task::testing::{at, task};

/// A task that has one of everything, so that what stays is seen to stay.
fn full() -> Task {
    Task {
        vendor_task_id: Some("838".to_owned()),
        figures: Figures { seed: Some(7), ..Figures::default() },
        url: Some("https://v.example/old.mp4".to_owned()),
        url_expires_at: Some(at(2000)),
        error: Some(error(Code::VendorFailed)),
        webhook_url: Some("https://client.example/hook".to_owned()),
        delivery: Some(delivery(1)),
        repeat: Some("{}".to_owned()),
        credentials: "old".to_owned(),
        missing: Some(Missing { times: 2, since: at(1100) }),
        vendor_due_at: Some(at(1200)),
        webhook_due_at: Some(at(1300)),
        webhook_due_shard: Some(Lane::Webhooks.shard(&task().id)),
        ..task()
    }
}

fn error(code: Code) -> ErrorBody {
    ErrorBody { charged: Charged::Unknown, ..ErrorBody::new(code, "No.") }
}

fn delivery(tries: u32) -> Delivery {
    Delivery { tries, tried_at: at(1250), delivered: false, outcome: "500".to_owned() }
}

fn event(kind: EventKind) -> Event {
    Actor::Reconcile.event(kind, at(1500))
}

fn credits(credits: f64) -> Figures {
    Figures { credits: Some(credits), ..Figures::default() }
}

/// Holds what a change leaves of a task against what it should make of it.
fn check(task: &Task, change: &Change, makes: impl FnOnce(&mut Task)) {
    let mut expected = task.clone();
    makes(&mut expected);
    assert_eq!(change.apply(task), expected, "{change:?}");
}

#[test]
fn no_change_leaves_everything() {
    check(&full(), &Change::default(), |_| {});
    check(&task(), &Change::default(), |_| {});
}

#[test]
fn a_task_that_was_taken_is_polled_and_never_submitted_again() {
    let rows = [
        (Some(at(1600)), Set::To(at(1550)), "the poll is sooner"),
        (Some(at(1550)), Set::Keep, "they meet"),
        (Some(at(1540)), Set::Keep, "the timer is sooner, and moving it costs two writes"),
        (None, Set::To(at(1550)), "there is no timer"),
    ];
    for (due_at, timer, reason) in rows {
        let task = Task { vendor_due_at: due_at, ..full() };
        let accepted = event(EventKind::Accepted);
        let change = Change::accept(&task, "839", &credits(4.0), at(1550), accepted.clone());
        assert_eq!(change.vendor_due_at, timer, "{reason}");
        check(&task, &change, |task| {
            task.updated_at = at(1500);
            task.vendor_task_id = Some("839".to_owned());
            task.figures.credits = Some(4.0);
            task.repeat = None;
            task.missing = None;
            task.vendor_duty = Some(Duty::Poll);
            task.vendor_due_at = Some(due_at.unwrap_or(at(1550)).min(at(1550)));
            task.events.push(accepted);
        });
    }
}

#[test]
fn a_doubt_keeps_what_may_be_sent_once_more() {
    for repeat in [Some("{\"a\":1}".to_owned()), None] {
        let change = Change::doubt(repeat.clone(), event(EventKind::Unknown));
        check(&task(), &change, |task| {
            task.repeat = repeat;
            task.events.push(event(EventKind::Unknown));
        });
    }
}

#[test]
fn news_of_an_unfinished_task_leaves_its_duties() {
    let progress = Progress { figures: credits(4.0), ..Progress::unfinished(Status::Processing) };
    let events = vec![event(EventKind::Processing)];
    let change = Change::raise(&full(), &progress, true, events, at(1500));
    check(&full(), &change, |task| {
        task.status = Status::Processing;
        task.updated_at = at(1500);
        task.figures.credits = Some(4.0);
        task.missing = None;
        task.events.push(event(EventKind::Processing));
    });
}

#[test]
fn an_end_ends_the_duties_at_the_vendor_and_makes_the_client_due_to_be_told() {
    let succeeded = Progress {
        url: Some("https://v.example/1.mp4".to_owned()),
        url_expires_at: Some(at(5000)),
        ..Progress::unfinished(Status::Succeeded)
    };
    let failed = Progress::failed(error(Code::DeadlineExceeded), Figures::default());
    let webhook = Some("https://client.example/hook".to_owned());
    let rows = [
        (&webhook, true, true, "wants to be told"),
        (&webhook, false, false, "is told at once"),
        (&None, true, false, "has no webhook"),
        (&None, false, false, "neither"),
    ];
    for (webhook_url, tells_client, is_due, reason) in rows {
        let task = Task {
            webhook_url: webhook_url.clone(),
            webhook_due_at: None,
            webhook_due_shard: None,
            ..full()
        };
        for progress in [&succeeded, &failed] {
            let events = vec![event(EventKind::Succeeded), event(EventKind::CalledBack)];
            let change = Change::raise(&task, progress, tells_client, events.clone(), at(1500));
            assert_eq!(matches!(change.webhook_due_at, Set::To(_)), is_due, "{reason}");
            check(&task, &change, |task| {
                task.status = progress.status;
                task.updated_at = at(1500);
                if progress.status == Status::Succeeded {
                    task.url = progress.url.clone();
                    task.url_expires_at = Some(at(5000));
                } else {
                    task.error = progress.error.clone();
                }
                (task.repeat, task.missing) = (None, None);
                (task.vendor_duty, task.vendor_due_at, task.vendor_due_shard) = (None, None, None);
                if is_due {
                    task.webhook_due_at = Some(at(1530));
                    task.webhook_due_shard = Some(Lane::Webhooks.shard(&task.id));
                }
                task.events.extend(events);
            });
        }
    }
}

#[test]
fn a_refusal_is_an_end_of_which_the_client_knows() {
    let task = Task { webhook_due_at: None, webhook_due_shard: None, ..full() };
    let refused = error(Code::VendorRejectedRequest);
    let change = Change::refuse(&task, &refused, event(EventKind::Failed));
    check(&task, &change, |task| {
        task.status = Status::Failed;
        task.updated_at = at(1500);
        task.error = Some(refused.clone());
        (task.repeat, task.missing) = (None, None);
        (task.vendor_duty, task.vendor_due_at, task.vendor_due_shard) = (None, None, None);
        task.events.push(event(EventKind::Failed));
    });
}

#[test]
fn a_task_that_is_missing_again_is_counted_and_told_of_once() {
    let many = |count| vec![event(EventKind::PollFailed); count];
    let rows = [
        (Vec::new(), true, "the first of all"),
        (vec![event(EventKind::PollFailed)], true, "another one before"),
        (vec![event(EventKind::Missing)], false, "the same before"),
        (many(MOST_EVENTS - 1), true, "room for one"),
        (many(MOST_EVENTS), false, "no room"),
    ];
    for (events, is_told, reason) in rows {
        for (before, row) in [
            (None, Missing { times: 1, since: at(1500) }),
            (full().missing, Missing { times: 3, since: at(1100) }),
        ] {
            let task = Task { missing: before, events: events.clone(), ..full() };
            let change = Change::miss(&task, event(EventKind::Missing));
            assert_eq!(!change.events.is_empty(), is_told, "{reason}");
            check(&task, &change, |task| {
                task.missing = Some(row);
                task.events.extend(is_told.then(|| event(EventKind::Missing)));
            });
        }
    }
}

#[test]
fn a_row_of_misses_ends_with_or_without_an_event() {
    let rows = [
        (0, Some(EventKind::PollFailed), true),
        (MOST_EVENTS - 1, Some(EventKind::PollFailed), true),
        (MOST_EVENTS, Some(EventKind::PollFailed), false),
        (MOST_EVENTS + 1, Some(EventKind::PollFailed), false),
        (0, None, false),
    ];
    for (count, kind, is_told) in rows {
        let task = Task { events: vec![event(EventKind::CalledBack); count], ..full() };
        let change = Change::unmiss(&task, kind.map(event));
        check(&task, &change, |task| {
            task.missing = None;
            task.events.extend(kind.filter(|_| is_told).map(event));
        });
    }
}

#[test]
fn a_new_link_takes_the_place_of_the_old_one_with_its_time() {
    for expires_at in [Some(at(9000)), None] {
        check(&full(), &Change::renew_link("https://v.example/new.mp4", expires_at), |task| {
            task.url = Some("https://v.example/new.mp4".to_owned());
            task.url_expires_at = expires_at;
        });
    }
}

#[test]
fn a_webhook_is_due_as_long_as_it_will_be_tried() {
    for next in [Some(at(1600)), None] {
        let change = Change::deliver(delivery(2), next, event(EventKind::Webhook));
        check(&full(), &change, |task| {
            task.delivery = Some(delivery(2));
            task.webhook_due_at = next;
            task.webhook_due_shard = next.map(|_| Lane::Webhooks.shard(&task.id));
            task.events.push(event(EventKind::Webhook));
        });
    }
}

#[test]
fn other_credentials_take_the_place_of_the_old_ones() {
    let change = Change { credentials: Set::To("new".to_owned()), ..Change::default() };
    check(&full(), &change, |task| "new".clone_into(&mut task.credentials));
}
