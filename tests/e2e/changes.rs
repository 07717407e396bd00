//! A change of a task in memory and in the table.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{BillingMode, GlobalSecondaryIndex};
use jiff::{SignedDuration, Timestamp};
use shared::api::ApiError;
use shared::store::Tasks;
use shared::task::{Actor, Change, Delivery, EventKind, Figures, Progress, Set, Status, Task};

use crate::gateway::Gateway;
use crate::store::task;

/// All that a poll can say, with every figure and without any.
fn all_progress() -> impl Iterator<Item = Progress> {
    let none = || Figures::default();
    let all = || Figures {
        duration: Some(5.04),
        fps: Some(24.0),
        width: Some(1920),
        height: Some(1080),
        seed: Some(7),
        credits: Some(0.5),
    };
    let statuses = [Status::Queued, Status::Processing, Status::Succeeded, Status::Failed];
    let links = [None, Some("https://videos.example/2.mp4".to_owned())];
    statuses.into_iter().flat_map(move |status| {
        let links = links.clone();
        [none(), all()].into_iter().flat_map(move |figures| {
            links.clone().into_iter().map(move |url| Progress {
                url_expires_at: url.as_ref().map(|_| at_noon()),
                url,
                error: (status == Status::Failed).then(|| *ApiError::internal().body),
                figures: figures.clone(),
                ..Progress::unfinished(status)
            })
        })
    })
}

fn at_noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

/// Tasks that differ in what a change may meet: bare, or with everything set.
fn all_tasks(seed: u8) -> [Task; 2] {
    let bare =
        Task { figures: Figures { duration: Some(1.0), ..Figures::default() }, ..task(seed) };
    let full = Task {
        url: Some("https://videos.example/1.mp4".to_owned()),
        url_expires_at: Some(at_noon()),
        repeat: Some("{}".to_owned()),
        missing: Some(bare.missed(bare.created_at)),
        webhook_url: Some("https://hooks.example.com/".to_owned()),
        status: Status::Processing,
        ..task(seed + 1)
    };
    [bare, full]
}

/// A table of tasks like the deployed one, on whose changes and timers nobody works.
async fn undisturbed(client: &Client) -> Tasks {
    let tasks = client.describe_table().table_name("Tasks").send().await.expect("a table");
    let tasks = tasks.table.expect("a description");
    let mut create = client
        .create_table()
        .table_name("Undisturbed")
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(tasks.attribute_definitions)
        .set_key_schema(tasks.key_schema);
    for index in tasks.global_secondary_indexes.expect("indexes") {
        let index = GlobalSecondaryIndex::builder()
            .set_index_name(index.index_name)
            .set_key_schema(index.key_schema)
            .set_projection(index.projection);
        create = create.global_secondary_indexes(index.build().expect("an index"));
    }
    create.send().await.expect("a table");
    Tasks::new(client.clone(), "Undisturbed".to_owned(), "Usage".to_owned())
}

/// A change is written twice: applied to a task in memory, and rendered as an update.
/// The database says whether the two agree.
#[tokio::test]
async fn a_change_does_the_same_to_a_task_in_memory_and_in_the_table() {
    let gateway = Gateway::start().await;
    let tasks = undisturbed(&gateway.dynamodb()).await;
    let now = at_noon();
    let event = |kind| Actor::Reconcile.event(kind, now);
    let mut changes = 0;
    for (number, progress) in (0..).zip(all_progress()) {
        for stored in all_tasks(2 * number) {
            tasks.insert(&stored).await.expect("stored");
            let events = vec![event(EventKind::CalledBack), event(EventKind::Processing)];
            let change = Change::raise(&stored, &progress, true, events.clone(), now);
            let raised = tasks.raise(&stored, &progress, events, now).await.unwrap().unwrap();
            let expected =
                if raised.task.status == progress.status { change.apply(&stored) } else { stored };
            assert_eq!(tasks.get(&expected.id).await.unwrap().as_ref(), Some(&expected));
            assert_eq!(raised.task, expected, "{progress:?}");
            changes += 1;
        }
    }
    assert_eq!(changes, 2 * 4 * 2 * 2);

    for stored in all_tasks(100) {
        tasks.insert(&stored).await.expect("stored");
        let accepted = event(EventKind::Accepted);
        let figures = Figures { credits: Some(4.0), ..Figures::default() };
        let first_poll = now + SignedDuration::from_secs(30);
        let doubted = Change {
            credentials: Set::To("others".to_owned()),
            ..Change::doubt(Some("{}".to_owned()), event(EventKind::Unknown))
        };
        tasks.doubt(&stored, &doubted).await.unwrap();
        let written = tasks.get(&stored.id).await.unwrap().unwrap();
        assert_eq!(written, doubted.apply(&stored));

        let stored = written;
        let change = Change::accept(&stored, "v-1", &figures, first_poll, accepted);
        let written = tasks.accept(&stored, &change).await.unwrap().unwrap();
        assert_eq!(written, change.apply(&stored));

        let (stored, missing) = (written, event(EventKind::Missing));
        tasks.miss(&stored, missing.clone()).await.unwrap();
        let written = tasks.get(&stored.id).await.unwrap().unwrap();
        assert_eq!(written, Change::miss(&stored, missing).apply(&stored));

        let (stored, failed) = (written, event(EventKind::PollFailed));
        tasks.note_failed(&stored, failed.clone()).await.unwrap();
        let written = tasks.get(&stored.id).await.unwrap().unwrap();
        assert_eq!(written, Change::unmiss(&stored, Some(failed)).apply(&stored));

        for next in [Some(first_poll), None] {
            let stored = tasks.get(&stored.id).await.unwrap().unwrap();
            let delivery =
                Delivery { tries: 2, tried_at: now, delivered: false, outcome: "503".to_owned() };
            let told = event(EventKind::Webhook);
            let change = Change::deliver(delivery.clone(), next, told.clone());
            tasks.record_delivery(&stored, delivery, next, told).await.unwrap();
            let written = tasks.get(&stored.id).await.unwrap().unwrap();
            assert_eq!(written, change.apply(&stored));
        }
    }

    let ended = Task {
        status: Status::Succeeded,
        url: Some("https://videos.example/old.mp4".to_owned()),
        url_expires_at: Some(now),
        ..task(200)
    };
    tasks.insert(&ended).await.expect("stored");
    let change = Change::renew_link("https://videos.example/new.mp4", None);
    for is_renewed in [true, false] {
        assert_eq!(tasks.renew_link(&ended, &change).await.unwrap(), is_renewed);
    }
    assert_eq!(tasks.get(&ended.id).await.unwrap(), Some(change.apply(&ended)));
}
