//! The list of tasks.

use super::*;

async fn listed(vidu: &Vidu, query: &str) -> (Vec<String>, String) {
    let (status, list) = get_from(vidu, &format!("/ent/v2/tasks?{query}")).await;
    assert_eq!(status, 200, "{query}: {list}");
    let tasks = list["tasks"].as_array().unwrap().iter();
    let ids = tasks.map(|task| task["id"].as_str().unwrap().to_owned()).collect();
    (ids, list["next_page_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_task_is_listed_as_a_query_answers_it() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let id = create_text(&vidu, json!({"payload": "vg-1"})).await;
    let (_, mut queried) = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    let (status, list) = get_from(&vidu, "/ent/v2/tasks").await;
    queried["created_at"] = list["tasks"][0]["created_at"].clone();
    assert!(queried["created_at"].is_string());
    assert_eq!((status, list), (200, json!({"tasks": [queried], "next_page_token": ""})));
}

#[tokio::test]
async fn a_list_has_what_was_asked_for_newest_first() {
    let ledger = memory();
    let done = vidu(Duration::ZERO, ledger.clone()).await;
    let first = create_text(&done, json!({"payload": "1"})).await;
    let between = Timestamp::now();
    let under_way = vidu(FOR_EVER, ledger).await;
    let second = create_text(&under_way, json!({"payload": "2"})).await;
    let third = create_text(&under_way, json!({"payload": "3"})).await;
    let rows = [
        (String::new(), vec![&third, &second, &first], "all"),
        (format!("created_at.from={between}"), vec![&third, &second], "from"),
        (format!("created_at.to={between}"), vec![&first], "to"),
        ("states=success".to_owned(), vec![&first], "a state"),
        ("states=success,created".to_owned(), vec![&third, &second, &first], "states"),
        (format!("task_ids={first}&task_ids={third}"), vec![&third, &first], "ids"),
        ("task_ids=1".to_owned(), vec![], "nobody's id"),
    ];
    for (query, expected, reason) in rows {
        let (ids, next) = listed(&under_way, &query).await;
        assert_eq!((ids.iter().collect(), next), (expected, String::new()), "{reason}");
    }

    let (ids, next) = listed(&under_way, "pager.pagesz=2").await;
    assert_eq!((ids, &next), (vec![third, second.clone()], &second));
    create_text(&under_way, json!({"payload": "4"})).await;
    let query = format!("pager.pagesz=2&pager.page_token={next}");
    assert_eq!(listed(&under_way, &query).await, (vec![first], String::new()));
}

#[tokio::test]
async fn a_wrong_question_is_refused() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let rows = [
        ("pager.pagesz=101", "PageSizeOutOfRange"),
        ("pager.pagesz=0", "PageSizeOutOfRange"),
        ("pager.pagesz=x", "FieldInvalid"),
        ("created_at.from=yesterday", "FieldInvalid"),
        ("payload=vg-1", "FieldUnwanted"),
    ];
    for (query, reason) in rows {
        let (status, refused) = get_from(&vidu, &format!("/ent/v2/tasks?{query}")).await;
        assert_eq!((status, &refused["reason"]), (400, &json!(reason)), "{query}");
    }
}
