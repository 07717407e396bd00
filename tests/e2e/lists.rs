//! A key's tasks, page by page.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::api::ApiError;
use shared::task::{AccountId, ApiKey, KeyHash, Status, Task, TaskId, Vendor};

use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::store::tasks;

const LIST: &str = "/v1/video/generations";

async fn list(client: &Client, query: &str) -> Answer {
    send(client.request("GET", &format!("{LIST}{query}"))).await
}

fn ids(answer: &Answer) -> Vec<String> {
    let data = answer.body["data"].as_array().expect("a list").iter();
    data.map(|task| task["task_id"].as_str().expect("an id").to_owned()).collect()
}

/// Goes on from page to page until there are no more, and gives all ids and how many pages.
async fn leaf_through(client: &Client, query: &str) -> (Vec<String>, usize) {
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let answer = list(client, &format!("{query}{after}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(ids(&answer));
        pages += 1;
        assert!(pages < 100, "it never ends");
        if answer.body["has_more"] == false {
            return (all, pages);
        }
        after = format!("&after={}", answer.body["last_id"].as_str().expect("a cursor"));
    }
}

/// Tasks of a key that lie side by side in time, the oldest first.
async fn store(gateway: &Gateway, owner: &str, count: u32) -> Vec<Task> {
    let key = ApiKey::new(KeyHash::of(owner), owner, owner, vec!["*".to_owned()]);
    let store = tasks(gateway);
    let mut stored = Vec::new();
    for number in 0..count {
        let now = Timestamp::from_millisecond(1_784_019_600_000).expect("a time")
            + SignedDuration::from_secs(number.into());
        let random = std::array::from_fn(|at| owner.as_bytes()[at % owner.len()]);
        let id = TaskId::new(now, &random);
        let model = if number % 3 == 0 { "viduq2" } else { "viduq1" };
        let account = AccountId::default();
        let new = Task::new(id, &key, Vendor::Vidu, account, model, "text2video", now);
        let status = if number % 10 == 0 { Status::Failed } else { Status::Succeeded };
        let is_failed = status == Status::Failed;
        let task = Task {
            status,
            url: (!is_failed).then(|| "https://videos.example/1.mp4".to_owned()),
            error: is_failed.then(|| *ApiError::internal().body),
            vendor_duty: None,
            vendor_due_at: None,
            vendor_due_shard: None,
            ttl: Timestamp::now() + SignedDuration::from_hours(1),
            ..new
        };
        store.insert(&task).await.expect("stored");
        stored.push(task);
    }
    stored
}

fn ids_of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<String> {
    tasks.map(|task| task.id.to_string()).collect()
}

#[tokio::test]
async fn ones_own_tasks_are_listed_the_newest_first() {
    let gateway = Gateway::start().await;
    let none = list(&gateway.client, "").await;
    let nothing = json!({
        "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false,
    });
    assert_eq!((none.status.as_u16(), none.body), (200, nothing));

    let other = gateway.with_key("sk-other", json!({})).await;
    let theirs = other.created(&tide()).await;
    let first = gateway.client.created(&tide()).await;
    gateway.client.wait_for(&first, "succeeded").await;
    // The record of such a request is no task.
    let request = gateway.client.create_request(&tide()).header("idempotency-key", "order-17");
    let second = send(request).await.body["task_id"].as_str().expect("an id").to_owned();
    gateway.client.wait_for(&second, "succeeded").await;

    let own = list(&gateway.client, "").await;
    assert_eq!(ids(&own), [second.clone(), first.clone()]);
    assert_eq!(own.body["first_id"], second.as_str());
    assert_eq!((&own.body["last_id"], &own.body["has_more"]), (&json!(first), &json!(false)));
    let shown = gateway.client.task(&first).await.body;
    assert_eq!(own.body["data"][1], shown, "each as it is shown by itself");
    assert_eq!(ids(&list(&other, "").await), [theirs]);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-many", json!({})).await;
    let stored = store(&gateway, "key_many", 23).await;
    store(&gateway, "key_others", 5).await;
    let (newest, oldest) = (ids_of(stored.iter().rev()), ids_of(stored.iter()));

    assert_eq!(ids(&list(&client, "").await), newest[..20]);
    for (query, expected, pages) in [
        ("?limit=10", &newest, 3),
        ("?limit=23", &newest, 1),
        ("?limit=22", &newest, 2),
        ("?limit=1", &newest, 23),
        ("?limit=100&order=desc", &newest, 1),
        ("?limit=7&order=asc", &oldest, 4),
    ] {
        assert_eq!(leaf_through(&client, query).await, (expected.clone(), pages), "{query}");
    }
    // A cursor is a time, whatever is there.
    let nobodys = TaskId::new(stored[5].created_at + SignedDuration::from_millis(1), &[0; 10]);
    let (_, prefixed) = (nobodys.to_string(), format!("video_{nobodys}"));
    for after in [nobodys.to_string(), prefixed] {
        let older = list(&client, &format!("?after={after}")).await;
        assert_eq!(ids(&older), newest[17..], "after {after}");
    }
}

#[tokio::test]
async fn the_other_surface_lists_the_same_tasks_in_its_own_words() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-many", json!({})).await;
    let stored = store(&gateway, "key_many", 12).await;
    let list =
        async |query: &str| send(client.request("GET", &format!("/v1/videos{query}"))).await.body;
    let first = list("?limit=5").await;
    let ids = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().expect("a list").iter();
        data.map(|video| video["id"].as_str().expect("an id").to_owned()).collect()
    };
    let newest: Vec<_> = stored.iter().rev().map(|task| task.id.as_video()).collect();
    assert_eq!(ids(&first), newest[..5]);
    assert_eq!((&first["last_id"], &first["has_more"]), (&json!(newest[4]), &json!(true)));
    let last_id = first["last_id"].as_str().expect("a cursor");
    assert_eq!(ids(&list(&format!("?limit=100&after={last_id}")).await), newest[5..]);
    let failed = list("?status=failed").await;
    assert_eq!(ids(&failed), [newest[1].clone(), newest[11].clone()]);
    let completed = list("?status=completed&limit=100").await;
    assert_eq!(ids(&completed).len(), 10);
    let refused = send(client.request("GET", "/v1/videos?status=succeeded")).await;
    assert_error(&refused, 400, "invalid_parameter", Some("status"));
}

#[tokio::test]
async fn filters_look_at_so_many_tasks_and_tell_where_to_go_on() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-many", json!({})).await;
    let stored = store(&gateway, "key_many", 620).await;
    let wanted =
        |is_wanted: fn(&Task) -> bool| ids_of(stored.iter().rev().filter(|task| is_wanted(task)));
    let failed = wanted(|task| task.status == Status::Failed);
    let viduq2 = wanted(|task| task.model == "viduq2");
    let both = wanted(|task| task.status == Status::Failed && task.model == "viduq2");
    for (query, expected) in [
        ("?status=failed", &failed),
        ("?status=failed&limit=7", &failed),
        ("?model=viduq2&limit=100", &viduq2),
        ("?status=failed&model=viduq2", &both),
        ("?status=queued", &Vec::new()),
        ("?model=none", &Vec::new()),
    ] {
        assert_eq!(leaf_through(&client, query).await.0, *expected, "{query}");
    }
    // Five hundred are looked at, and the cursor is the last of them, though it is not wanted.
    let none = list(&client, "?model=none").await;
    assert_eq!((&none.body["data"], &none.body["has_more"]), (&json!([]), &json!(true)));
    assert_eq!(none.body["last_id"], stored[120].id.as_str());
    assert_eq!(leaf_through(&client, "?model=none").await.1, 2);
}

#[tokio::test]
async fn large_notes_make_a_page_shorter() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-many", json!({})).await;
    let mut stored = store(&gateway, "key_many", 12).await;
    for task in &mut stored {
        let payload = "\"".repeat(250_000);
        let update = gateway.dynamodb().update_item().table_name("Tasks");
        let key = aws_sdk_dynamodb::types::AttributeValue::S(task.id.to_string());
        let note = aws_sdk_dynamodb::types::AttributeValue::S(payload);
        let update = update.key("id", key).update_expression("SET payload = :note");
        update.expression_attribute_values(":note", note).send().await.expect("it is kept");
    }
    let (all, pages) = leaf_through(&client, "?limit=100").await;
    assert_eq!(all, ids_of(stored.iter().rev()));
    assert!(pages > 1, "half a megabyte each, of which four fit");
}

#[tokio::test]
async fn what_is_no_question_for_a_list_is_refused() {
    let gateway = Gateway::start().await;
    for (query, param) in [
        ("?limit=0", "limit"),
        ("?limit=many", "limit"),
        ("?limit=1&limit=2", "limit"),
        ("?order=random", "order"),
        ("?after=nonsense", "after"),
        ("?status=completed", "status"),
        ("?state=queued", "state"),
    ] {
        let answer = list(&gateway.client, query).await;
        assert_error(&answer, 400, "invalid_parameter", Some(param));
    }
    let stranger = Client::new(gateway.stack.url(), "sk-nobodys");
    assert_error(&list(&stranger, "").await, 401, "unknown_api_key", None);
    let methods = ["PUT", "DELETE", "PATCH"];
    for method in methods {
        let answer = send(gateway.client.request(method, LIST)).await;
        assert_error(&answer, 405, "method_not_allowed", None);
        assert_eq!(answer.headers["allow"], "GET, HEAD, POST", "{method}");
    }
    let words: BTreeSet<_> = ["queued", "processing", "succeeded", "failed"].into();
    for word in words {
        let answer = list(&gateway.client, &format!("?status={word}")).await;
        assert_eq!((answer.status.as_u16(), &answer.body["data"]), (200, &Value::Array(vec![])));
    }
}
