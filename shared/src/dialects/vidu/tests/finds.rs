//! Finding a submission of which no answer came.

use super::*;

#[test]
fn a_lost_submission_is_found_by_our_note_alone() {
    let task_id = task_id();
    let search = |hint, page| Search { hint, page, ..search(&task_id, "text2video") };
    let task = |id: &str, payload: &str| json!({"id": id, "payload": payload, "credits": 80});
    let (ours, other) = (task("2", TASK_ID), task("1", "x"));
    let page = |tasks: Value, next: Value| json!({"tasks": tasks, "next_page_token": next});
    let last = |tasks: Value| page(tasks, json!(""));
    let found = || Found::Task {
        vendor_task_id: "2".to_owned(),
        figures: Figures { credits: Some(80.0), ..Figures::default() },
    };
    let more = || Found::More("p 2".to_owned());
    let nothing = || Found::Nothing(Fault::new(FaultKind::Unreadable));
    let rows = [
        (last(json!([other, ours])), found(), "among others"),
        (page(json!([ours]), json!("p 2")), found(), "before the last page"),
        (last(json!([null, ours])), found(), "in odd company"),
        (page(json!([other]), json!("p 2")), more(), "on the next page, perhaps"),
        (last(json!([other])), Found::Unlisted, "read to its end"),
        (last(json!([])), Found::Unlisted, "empty"),
        (page(json!([other]), Value::Null), Found::Unlisted, "no next page"),
        (json!({"tasks": [other]}), Found::Unlisted, "likewise"),
        (json!({"tasks": [task("1", "")]}), Found::Unlisted, "a task without a note"),
        (last(json!([task("", TASK_ID)])), nothing(), "ours, without its id"),
        (last(json!([other, null])), nothing(), "something may be ours"),
        (last(json!([other, {}])), nothing(), "likewise"),
        (last(json!([["1", "", "x"]])), nothing(), "a list of lists"),
        (json!([[{"id": "2", "payload": TASK_ID}], ""]), nothing(), "another list"),
        (page(json!([null]), json!("p 2")), nothing(), "likewise"),
        (page(json!([other]), json!({"more": true})), nothing(), "no page we could ask for"),
        (json!({"tasks": null}), nothing(), "no list"),
        (json!({"tasks": {}}), nothing(), "no list"),
        (json!({}), nothing(), "no list"),
        (json!([]), nothing(), "another list"),
        (json!("<html>"), nothing(), "no object"),
    ];
    let is_alike = |read: &Found, expected: &Found| match (read, expected) {
        (Found::Nothing(_), Found::Nothing(_)) => true,
        (read, expected) => read == expected,
    };
    for (list, expected, reason) in rows {
        let list = list.to_string();
        let read = vidu("key").read_found(&response(200, &list), &search(None, None));
        assert!(is_alike(&read, &expected), "{list}: {reason}: {read:?}");
        for status in [404, 500] {
            let read = vidu("key").read_found(&response(status, &list), &search(None, None));
            assert!(matches!(read, Found::Nothing(_)), "{status} {list}: {read:?}");
        }
    }
    let by_callback = [
        (ours.clone(), found(), "ours by its note"),
        (json!({"payload": TASK_ID, "credits": 80}), found(), "as Vidu's own example has it"),
        (task("2", "order 17"), nothing(), "somebody else's"),
        (task("1", TASK_ID), nothing(), "another task than was asked for"),
        (task("2", ""), nothing(), "nobody's"),
        (json!({"tasks": []}), nothing(), "a list"),
        (json!({"reason": "TaskNotFound"}), nothing(), "a callback may name anything"),
    ];
    for (task, expected, reason) in by_callback {
        let body = task.to_string();
        let read = vidu("key").read_found(&response(200, &body), &search(Some("2"), None));
        assert!(is_alike(&read, &expected), "{body}: {reason}: {read:?}");
    }

    let path = |hint, page| {
        let request = vidu("key").find(&search(hint, page), at(0)).expect("Vidu can be asked");
        request.uri().path_and_query().expect("a path").to_string()
    };
    let list = "/ent/v2/tasks?created_at.from=2026-07-14T08%3A58%3A00Z&created_at.to=2026-07-14T09%3A02%3A00Z&pager.pagesz=100";
    assert_eq!(path(None, None), list);
    assert_eq!(path(None, Some("p 2")), format!("{list}&pager.page_token=p%202"));
    assert_eq!(path(Some("3"), None), "/ent/v2/tasks/3/creations");
}

/// A second video would be made of it.
#[test]
fn a_submission_is_never_repeated() {
    assert!(vidu("key").repeat("text2video", Bytes::from_static(b"{}"), at(0)).is_none());
}
