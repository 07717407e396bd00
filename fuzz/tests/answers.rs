//! Random answers of vendors: good ones, in which something was changed, under any status.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

/// The bodies of all answers in the fixtures of the dialects, with our task's id.
fn bodies() -> Vec<Value> {
    let dialects = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src/dialects");
    let folders = ["jimeng", "kling", "vidu"].map(|vendor| dialects.join(vendor).join("fixtures"));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mut bodies: Vec<Value> = files
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a text"))
        .filter_map(|text| {
            let mut fixture: Value = serde_json::from_str(&text).expect("JSON");
            Some(fixture.pointer_mut("/response/body")?.take())
        })
        .collect();
    let listed = json!({"id": "839", "payload": fuzz::TASK_ID, "credits": 80});
    bodies.push(json!({"tasks": [listed], "next_page_token": "p2"}));
    bodies.push(listed);
    let (old, new) = (json!({"external_task_id": fuzz::TASK_ID}), fuzz::TASK_ID);
    bodies.push(json!({"code": 0, "data": {"task_id": "87", "task_info": old}}));
    bodies.push(json!({"code": 0, "data": [{"id": "87", "external_id": new}]}));
    assert!(bodies.len() > 80, "few fixtures were found");
    bodies
}

/// What may stand where something else stood.
fn anything() -> impl Strategy<Value = Value> {
    let words = vec![
        json!(null),
        json!(""),
        json!([]),
        json!({}),
        json!([null]),
        json!(0),
        json!(-1),
        json!(87),
        json!("87"),
        json!(1201),
        json!(1303),
        json!(10000),
        json!("10000"),
        json!(50511),
        json!(true),
        json!(1e300),
        json!("succeed"),
        json!("success"),
        json!("done"),
        json!("failed"),
        json!("not_found"),
        json!("expired"),
        json!("TaskNotFound"),
        json!("Novelty"),
        json!("Task not found by id/external id: 87"),
        json!("External task id already exists"),
        json!(fuzz::TASK_ID),
        json!("A".repeat(9000)),
        json!("\u{0}\n中文 https://a.example/?sig=1"),
        json!({"status": "done", "video_url": "https://a.example/1.mp4"}),
        json!([{"url": "https://a.example/1.mp4"}]),
    ];
    prop_oneof![
        4 => prop::sample::select(words),
        1 => any::<i64>().prop_map(Value::from),
        1 => ".{0,40}".prop_map(Value::from),
    ]
}

/// A change of one value that an answer holds: another one, or none.
#[derive(Clone, Debug)]
struct Edit {
    place: prop::sample::Index,
    value: Option<Value>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let value = prop::option::weighted(0.8, anything());
    (any::<prop::sample::Index>(), value).prop_map(|(place, value)| Edit { place, value })
}

/// The pointers to all values inside a value.
fn places(value: &Value, at: &str, all: &mut Vec<(String, String)>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, it)| (index.to_string(), it)).collect()
        }
        _ => return,
    };
    for (name, inner) in members {
        places(inner, &format!("{at}/{name}"), all);
        all.push((at.to_owned(), name));
    }
}

fn change(body: &mut Value, edit: &Edit) {
    let mut all = Vec::new();
    places(body, "", &mut all);
    let Some((at, name)) = all.get(edit.place.index(all.len().max(1))) else { return };
    let Some(outer) = body.pointer_mut(at) else { return };
    match (outer, &edit.value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.clone(), value.clone())),
        (Value::Object(members), None) => drop(members.remove(name)),
        (Value::Array(items), value) => {
            let index: usize = name.parse().expect("an index");
            match value {
                Some(value) => items[index] = value.clone(),
                None => drop(items.remove(index)),
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_changed_answer_breaks_no_law(
        mut body in prop::sample::select(bodies()),
        edits in prop::collection::vec(edit(), 0..4),
        status in any::<u8>(),
        wait in prop::sample::select(vec!["", "5", "-1", "soon", "99999999999"]),
        cut in prop::option::weighted(0.05, any::<prop::sample::Index>()),
    ) {
        for edit in &edits {
            change(&mut body, edit);
        }
        let mut answer = vec![status];
        answer.extend(wait.bytes());
        answer.push(b'\n');
        answer.extend(body.to_string().bytes());
        if let Some(cut) = cut {
            answer.truncate(1 + cut.index(answer.len()));
        }
        fuzz::vendor_answer(&answer);
    }
}
