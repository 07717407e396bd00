//! The store against a real DynamoDB API, through the real SDK.

use std::slice;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::api::{ApiError, Record};
use shared::store::{BeginOutcome, Due, Keys, NewTasks, Raised, Tasks};
use shared::task::{
    AccountId, Actor, ApiKey, Change, Delivery, Duty, ErrorBody, Event, EventKind, Figures,
    KeyHash, Lane, Limits, Progress, Status, Task, TaskId, Vendor,
};

use crate::gateway::Gateway;

pub(crate) fn tasks(gateway: &Gateway) -> Arc<Tasks> {
    let (tasks, usage) = ("Tasks".to_owned(), "Usage".to_owned());
    Arc::new(Tasks::new(gateway.dynamodb(), tasks, usage))
}

/// Raises a task as a reconciler would.
async fn raise(tasks: &Tasks, task: &Task, progress: &Progress, now: Timestamp) -> Option<Raised> {
    let events = [Actor::Reconcile.rise(progress, now)];
    tasks.raise(task, progress, events.into(), now).await.expect("the store answers")
}

/// Keeps that the vendor took a task, as a create would.
async fn accept(
    tasks: &Tasks,
    task: &Task,
    vendor_task_id: &str,
    figures: &Figures,
    event: Event,
) -> Option<Task> {
    let first_poll = event.at + SignedDuration::from_secs(30);
    let change = Change::accept(task, vendor_task_id, figures, first_poll, event);
    tasks.accept(task, &change).await.expect("the store answers")
}

fn accepted(now: Timestamp) -> Event {
    Actor::Create.event(EventKind::Accepted, now)
}

/// What stays when the order of things does not count.
fn without_events(task: &Task) -> Task {
    Task { events: Vec::new(), ..task.clone() }
}

/// A time as the table keeps it where seconds are enough.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).expect("a time")
}

pub(crate) fn task(seed: u8) -> Task {
    let now = Timestamp::from_millisecond(1_784_019_600_123).expect("a time");
    let id = TaskId::new(now, &[seed; 10]);
    let models = vec!["*".to_owned()];
    let key = ApiKey::new(KeyHash::of("sk-local"), "local", "local", models);
    let account = AccountId::default();
    let new = Task::new(id, &key, Vendor::Vidu, account, "viduq1", "text2video", now);
    Task {
        vendor_due_at: Some(now),
        ttl: whole_seconds(new.ttl),
        deadline: whole_seconds(new.deadline),
        payload: Some("order 17".to_owned()),
        ..new
    }
}

fn error() -> ErrorBody {
    *ApiError::internal().body
}

fn progress(status: Status) -> Progress {
    match status {
        Status::Failed => Progress::failed(error(), Figures::default()),
        Status::Succeeded => Progress {
            url: Some("https://videos.example/1.mp4".to_owned()),
            ..Progress::unfinished(Status::Succeeded)
        },
        unfinished => Progress::unfinished(unfinished),
    }
}

#[tokio::test]
async fn a_task_is_read_back_as_it_was_stored() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    assert_eq!(tasks.get(&stored.id).await.unwrap(), Some(stored.clone()));
    assert_eq!(tasks.get(&task(2).id).await.unwrap(), None);
    assert!(tasks.insert(&stored).await.is_ok(), "the same once more is no harm");
    let other = Task { owner: "somebody".to_owned(), ..stored };
    assert!(tasks.insert(&other).await.is_err(), "an id is used once");
}

/// Clocks tell nanoseconds and the table keeps fewer digits: what was stored by a call
/// whose answer was lost is ours all the same.
#[tokio::test]
async fn a_task_that_is_stored_twice_is_stored() {
    let gateway = Gateway::start().await;
    let (tasks, model) = (tasks(&gateway), task(1));
    let now: Timestamp = "2026-11-21T12:00:00.123456789Z".parse().expect("a time");
    let stored = Task { polled_at: now, vendor_due_at: Some(now), ttl: now, ..model };
    let limits = Limits { unfinished: Some(7), ..Limits::default() };
    for _ in 0..2 {
        tasks.insert(&stored).await.expect("it is ours");
    }
    let limited = Task { id: task(2).id, ..stored };
    let record = Record::new("local", "order-17", "a hash", slice::from_ref(&limited), &[], now);
    for _ in 0..2 {
        let beginning =
            NewTasks { tasks: slice::from_ref(&limited), record: Some(&record), limits };
        let begun = tasks.begin(&beginning, now).await.expect("the store answers");
        assert_eq!(begun, BeginOutcome::Stored);
    }
}

#[tokio::test]
async fn a_task_keeps_its_timer_until_it_ends() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let due = async || {
        let index =
            gateway.dynamodb().scan().table_name("Tasks").index_name("vendor_due").send().await;
        index.unwrap().count()
    };
    assert_eq!(due().await, 1);
    raise(&tasks, &stored, &progress(Status::Processing), stored.created_at).await;
    assert_eq!(due().await, 1, "something is still to be done");
    let ended = raise(&tasks, &stored, &progress(Status::Succeeded), stored.created_at).await;
    assert_eq!(due().await, 0, "nothing is left to do");
    assert_eq!(ended.unwrap().task.duties().next(), None);
}

#[tokio::test]
async fn figures_that_the_progress_does_not_know_stay() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let figures = |seed, duration| Figures { seed, duration, ..Figures::default() };
    let told = Progress { figures: figures(Some(77), Some(5.0)), ..progress(Status::Queued) };
    let event = accepted(stored.created_at);
    let stored = accept(&tasks, &stored, "839", &told.figures, event).await.unwrap();
    let ended = Progress { figures: figures(None, Some(5.04)), ..progress(Status::Succeeded) };
    let task = raise(&tasks, &stored, &ended, stored.created_at).await.unwrap().task;
    assert_eq!(task.figures, figures(Some(77), Some(5.04)));
    assert_eq!(task.vendor_task_id.as_deref(), Some("839"));
    assert_eq!(tasks.get(&stored.id).await.unwrap(), Some(task), "what is told is what is stored");
}

#[tokio::test]
async fn a_vendors_id_is_kept_once() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    for id in ["839", "840"] {
        accept(&tasks, &stored, id, &Figures::default(), accepted(stored.created_at)).await;
    }
    let task = tasks.get(&stored.id).await.unwrap().unwrap();
    assert_eq!(task.vendor_task_id.as_deref(), Some("839"));
}

#[tokio::test]
async fn a_status_only_rises_in_whatever_order_progress_arrives() {
    use Status::{Failed, Processing, Queued, Succeeded};
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let rows = [
        (&[Processing, Queued][..], Processing, "old progress"),
        (&[Succeeded, Processing, Queued], Succeeded, "an end absorbs"),
        (&[Succeeded, Failed], Succeeded, "the first end holds"),
        (&[Failed, Succeeded], Failed, "the first end holds"),
        (&[Processing, Processing, Succeeded, Succeeded], Succeeded, "twice is once"),
    ];
    for (seed, (order, end, reason)) in (1..).zip(rows) {
        let stored = task(seed);
        tasks.insert(&stored).await.unwrap();
        for status in order {
            raise(&tasks, &stored, &progress(*status), stored.created_at).await;
        }
        let task = tasks.get(&stored.id).await.unwrap().unwrap();
        assert_eq!(task.status, end, "{reason}");
        assert_eq!(task.error.is_some(), end == Failed, "{reason}");
        assert_eq!(task.url.is_some(), end == Succeeded, "{reason}");
    }
}

#[tokio::test]
async fn of_many_ends_at_once_exactly_one_is_written_and_everybody_is_told_it() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let writers = (0..30_i64).map(|writer| {
        let status = [Status::Processing, Status::Succeeded, Status::Failed]
            [usize::try_from(writer % 3).unwrap()];
        let (tasks, stored) = (tasks.clone(), stored.clone());
        let now = stored.created_at + SignedDuration::from_secs(writer);
        tokio::spawn(async move { raise(&tasks, &stored, &progress(status), now).await.unwrap() })
    });
    let seen: Vec<_> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen.iter().filter(|raised| raised.is_end).count(), 1);
    let end = tasks.get(&stored.id).await.unwrap().unwrap();
    assert!(end.status.is_final());
    for raised in seen.iter().filter(|raised| raised.task.status.is_final()) {
        let task = without_events(&raised.task);
        assert_eq!(task, without_events(&end), "an end that anybody saw is the end");
    }
}

#[tokio::test]
async fn who_ends_a_task_that_was_never_found_knows_less_than_who_has_found_it() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    accept(&tasks, &stored, "839", &Figures::default(), accepted(stored.created_at)).await;
    for end in [Status::Failed, Status::Succeeded] {
        let raised = raise(&tasks, &stored, &progress(end), stored.created_at).await.unwrap();
        assert_eq!((raised.is_end, raised.task.status), (false, Status::Queued));
    }
    let found = tasks.get(&stored.id).await.unwrap().unwrap();
    assert!(
        raise(&tasks, &found, &progress(Status::Failed), stored.created_at).await.unwrap().is_end
    );
}

#[tokio::test]
async fn an_end_whose_answer_was_lost_is_told_by_who_wrote_it() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let now: Timestamp = "2026-11-21T12:00:00.123456789Z".parse().expect("a time");
    for (at, is_end) in [(now, true), (now, true), (now + SignedDuration::from_secs(1), false)] {
        let raised = raise(&tasks, &stored, &progress(Status::Failed), at).await.unwrap();
        assert_eq!(raised.is_end, is_end, "{at}");
    }
}

#[tokio::test]
async fn of_many_who_want_to_poll_one_does() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let now = stored.polled_at + SignedDuration::from_secs(5);
    let claims = (0..24).map(|_| {
        let (tasks, id, seen) = (tasks.clone(), stored.id.clone(), stored.polled_at);
        tokio::spawn(async move { tasks.claim_poll(&id, seen, now).await.unwrap() })
    });
    let won = join_all(claims).await.into_iter().filter(|claim| *claim.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn progress_of_a_task_that_is_gone_makes_no_task() {
    let gateway = Gateway::start().await;
    let (tasks, gone) = (tasks(&gateway), task(1));
    for status in [Status::Processing, Status::Failed] {
        let raised = raise(&tasks, &gone, &progress(status), gone.created_at).await;
        assert_eq!(raised, None);
    }
    let event = accepted(gone.created_at);
    assert_eq!(accept(&tasks, &gone, "839", &Figures::default(), event).await, None);
    assert_eq!(tasks.get(&gone.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_is_remembered_for_a_minute_and_an_unknown_one_not_at_all() {
    let gateway = Gateway::start().await;
    let keys = Keys::new(gateway.dynamodb(), "Keys".to_owned());
    let now = Timestamp::now();
    let at = |seconds| now + SignedDuration::from_secs(seconds);
    assert!(keys.find("sk-new", now).await.unwrap().is_none());
    gateway.with_key("sk-new", json!({})).await;
    let disabled = async |when| keys.find("sk-new", when).await.unwrap().unwrap().disabled;
    assert!(!disabled(now).await, "found as soon as it is made");
    gateway.with_key("sk-new", json!({ "disabled": true })).await;
    assert!(!disabled(at(59)).await, "still remembered");
    assert!(disabled(at(60)).await, "read again");
}

#[tokio::test]
async fn who_has_not_heard_the_latest_counts_no_miss_and_ends_nothing() {
    let gateway = Gateway::start().await;
    let (tasks, unheard) = (tasks(&gateway), task(1));
    tasks.insert(&unheard).await.unwrap();
    let now = unheard.created_at;
    let miss = async |task: &Task| {
        tasks.miss(task, Actor::Query.event(EventKind::Missing, now)).await.unwrap();
        tasks.get(&task.id).await.unwrap().unwrap()
    };
    let missed = miss(&unheard).await;
    assert_eq!(missed.missing.map(|missing| missing.times), Some(1));
    assert_eq!(miss(&unheard).await, missed, "counted by somebody else before");
    assert_eq!(miss(&missed).await.missing.map(|missing| missing.times), Some(2));

    let heard = raise(&tasks, &missed, &progress(Status::Processing), now).await.unwrap().task;
    assert_eq!(heard.missing, None);
    assert_eq!(miss(&missed).await, heard, "the vendor has spoken of it meanwhile");
    let lost = progress(Status::Failed);
    let ended = tasks.end_missing(&missed, &lost, Vec::new(), now).await.unwrap().unwrap();
    assert_eq!((ended.is_end, ended.task), (false, heard.clone()));
    let ended = tasks.end_missing(&heard, &lost, Vec::new(), now).await.unwrap().unwrap();
    assert!(ended.is_end);
    assert_eq!(miss(&heard).await, ended.task, "an end is final");
}

#[tokio::test]
async fn of_many_who_find_a_task_due_one_gets_it() {
    let gateway = Gateway::start().await;
    let (tasks, stored) = (tasks(&gateway), task(1));
    tasks.insert(&stored).await.unwrap();
    let shard = stored.vendor_due_shard.clone().unwrap();
    let (lane, now) = (Lane::Vendor(stored.vendor), stored.vendor_due_at.unwrap());
    assert_eq!(tasks.due(lane, &shard, now - SignedDuration::from_millis(1)).await.unwrap(), []);
    let due = Due { id: stored.id.clone(), due_at: now };
    assert_eq!(tasks.due(lane, &shard, now).await.unwrap().first(), Some(&due));

    let next = now + SignedDuration::from_secs(60);
    let claims = (0..24).map(|_| {
        let (tasks, due) = (tasks.clone(), due.clone());
        tokio::spawn(async move { tasks.claim_due(lane, &due, next, now).await.unwrap() })
    });
    let claims = join_all(claims).await.into_iter().map(Result::unwrap);
    let won: Vec<Task> = claims.flatten().collect();
    assert_eq!(won, [Task { vendor_due_at: Some(next), polled_at: now, polls: 1, ..stored }]);
    assert_eq!(
        tasks.due(lane, &shard, now).await.unwrap(),
        [],
        "its timer is set to the next time"
    );
}

#[tokio::test]
async fn an_end_that_a_client_waits_for_keeps_a_timer_until_it_is_delivered() {
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let stored = Task { webhook_url: Some("https://hooks.example.com/".to_owned()), ..task(1) };
    tasks.insert(&stored).await.unwrap();
    let now = stored.created_at;
    let ended = raise(&tasks, &stored, &progress(Status::Succeeded), now).await.unwrap().task;
    let (duty, due_at) = ended.duties().next().expect("a duty");
    assert!(duty == Duty::Deliver && due_at > now, "{ended:?}");
    assert_eq!(ended.webhook_due_shard, Some(Lane::Webhooks.shard(&stored.id)));

    let delivery = Delivery { tries: 1, tried_at: now, delivered: true, outcome: "200".to_owned() };
    let told = Actor::Notify.event(EventKind::Webhook, now);
    tasks.record_delivery(&ended, delivery.clone(), None, told).await.unwrap();
    let told = tasks.get(&stored.id).await.unwrap().unwrap();
    assert!(told.duties().next().is_none() && told.webhook_due_shard.is_none(), "{told:?}");
    assert_eq!(told.delivery, Some(delivery));
}

#[tokio::test]
async fn a_submission_is_repeated_by_one_and_once() {
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let stored = Task { repeat: Some("{}".to_owned()), ..task(1) };
    tasks.insert(&stored).await.unwrap();
    let mut won = 0;
    for _ in 0..3 {
        let event = Actor::Reconcile.event(EventKind::Repeated, stored.created_at);
        won += u32::from(tasks.claim_repeat(&stored, event).await.unwrap().is_some());
    }
    assert_eq!(won, 1);
}

/// The laws of order: an end absorbs, progress commutes, twice is once. A vendor
/// tells one end of a task; whatever the order, that is where the task arrives.
#[tokio::test]
async fn in_every_order_the_same_progress_leads_to_the_same_task() {
    use Status::{Failed, Processing, Queued, Succeeded};
    let gateway = Gateway::start().await;
    let tasks = tasks(&gateway);
    let mut seed = 0;
    for end in [Succeeded, Failed] {
        let news_of_one_task = [Queued, Processing, end, end];
        let mut arrived = Vec::new();
        for order in orders(&news_of_one_task) {
            seed += 1;
            let stored = task(seed);
            tasks.insert(&stored).await.unwrap();
            for status in order {
                raise(&tasks, &stored, &progress(status), stored.created_at).await;
            }
            let ended = tasks.get(&stored.id).await.unwrap().unwrap();
            arrived.push(Task { id: task(0).id, ..without_events(&ended) });
        }
        assert_eq!(arrived.len(), 24);
        assert!(
            arrived.iter().all(|task| task.status == end && *task == arrived[0]),
            "{arrived:?}"
        );
    }
}

fn orders(all: &[Status]) -> Vec<Vec<Status>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for index in 0..all.len() {
        let mut rest = all.to_vec();
        let first = rest.remove(index);
        found.extend(orders(&rest).into_iter().map(|order| [vec![first], order].concat()));
    }
    found
}
