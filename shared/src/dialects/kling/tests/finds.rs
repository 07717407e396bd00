//! Finding a submission of which no answer came, and repeating it.

use super::*;

#[test]
fn a_lost_submission_is_found_by_our_own_id_in_either_design() {
    let (ours, other) = (TASK_ID, "0198a1b2c3d47e5f8a9b0c1d2e3f4a5c");
    let old = |id: &str| json!({"task_id": "87", "task_info": {"external_task_id": id}});
    let new = |id: &str| json!({"id": "87", "status": "submitted", "external_id": id});
    let (task, absent, nothing) = ("87", "absent", "nothing");
    let good = |data: Value| json!({"code": 0, "data": data}).to_string();
    let of_other = json!({"id": "86", "external_id": other});
    let rows = [
        (OLD, 200, good(old(ours)), task, "made"),
        (NEW, 200, good(json!([new(ours)])), task, "made"),
        (OLD, 200, good(json!([new(ours)])), task, "a relay that mixes the designs"),
        (NEW, 200, good(old(ours)), task, "likewise"),
        (NEW, 200, good(json!([of_other, new(ours)])), task, "among others"),
        (OLD, 200, good(old(other)), nothing, "somebody else's"),
        (NEW, 200, good(json!([new(other)])), nothing, "a filter that was not heeded"),
        (OLD, 200, good(json!({"task_id": "87"})), nothing, "nobody's"),
        (NEW, 200, good(json!([{"id": "87"}])), nothing, "nobody's"),
        (OLD, 200, good(json!({"task_info": {"external_task_id": ours}})), nothing, "no id"),
        (NEW, 200, good(json!([{"id": "", "external_id": ours}])), nothing, "an empty id"),
        (NEW, 200, good(json!([])), absent, "the new design's word for it"),
        (OLD, 200, good(json!([])), nothing, "no word of the old one's"),
        (OLD, 200, good(Value::Null), nothing, "no task, and no word"),
        (NEW, 200, good(Value::Null), nothing, "no list"),
        (NEW, 200, good(json!({})), nothing, "no list"),
        (NEW, 200, good(json!([null])), nothing, "a list of something"),
        (NEW, 200, r#"{"data":[]}"#.to_owned(), nothing, "no code"),
        (NEW, 502, good(json!([])), nothing, "good and bad at once"),
    ];
    let not_found = r#"{"code":1201,"message":"Task not found by id/external id: x"}"#;
    let in_either = [
        (400, not_found, absent, "Kling's own words"),
        (200, not_found, absent, "by a relay that answers 200 to everything"),
        (400, r#"{"code":1201,"message":"parameter error"}"#, nothing, "nothing of the task"),
        (404, r#"{"code":1203,"message":"not found"}"#, nothing, "another resource"),
        (404, r#"{"message":"no Route matched with those values"}"#, nothing, "an edge"),
        (404, r#"{"code":404,"message":"not found"}"#, nothing, "likewise"),
        (404, "<html>", nothing, "a web server"),
        (429, r#"{"code":1302,"message":"busy"}"#, nothing, "busy"),
        (500, r#"{"code":5000,"message":"broken"}"#, nothing, "broken"),
        (200, "<html>", nothing, "HTML"),
    ];
    let in_either = [OLD, NEW].into_iter().flat_map(|endpoint| {
        let row = move |(status, body, found, reason): (u16, &str, _, _)| {
            (endpoint, status, body.to_owned(), found, reason)
        };
        in_either.map(row)
    });
    let task_id = task_id();
    let search = |endpoint| search(&task_id, endpoint);
    for (endpoint, status, body, expected, reason) in rows.into_iter().chain(in_either) {
        let read = match with_key().read_found(&response(status, &body), &search(endpoint)) {
            Found::Task { vendor_task_id, .. } => vendor_task_id,
            Found::Absent => absent.to_owned(),
            Found::Nothing(_) => nothing.to_owned(),
            other => panic!("{other:?}: Kling has no list"),
        };
        assert_eq!(read, expected, "{endpoint} {status} {body}: {reason}");
    }
    let paths = [
        (OLD, format!("/v1/videos/image2video/{ours}")),
        (NEW, format!("/tasks?external_task_ids={ours}")),
    ];
    for (endpoint, path) in paths {
        let request = with_key().find(&search(endpoint), at(60)).expect("Kling can be asked");
        assert_eq!(request.uri().path_and_query().expect("a path").as_str(), path);
    }
}

#[test]
fn a_task_that_is_found_comes_with_its_figures() {
    let task = json!({"id": "87", "external_id": TASK_ID, "final_unit_deduction": "1.5"});
    let body = json!({"code": 0, "data": [task]}).to_string();
    let task_id = task_id();
    let search = search(&task_id, NEW);
    let Found::Task { figures, .. } = with_key().read_found(&response(200, &body), &search) else {
        panic!("found")
    };
    assert_eq!(figures, Figures { credits: Some(1.5), ..Figures::default() });
}

#[test]
fn a_submission_is_repeated_as_it_was_with_a_token_of_its_own_time() {
    let pair = kling(json!({ "access_key": "AK", "secret_key": "SK" }));
    let body = Bytes::from_static(br#"{"external_task_id":"0198"}"#);
    let repeat = |now| pair.repeat("text2video", body.clone(), now).expect("Kling recognises it");
    let (first, later) = (repeat(at(0)), repeat(at(60)));
    assert_eq!((first.method().as_str(), first.uri().path()), ("POST", "/v1/videos/text2video"));
    assert_eq!(first.body(), later.body());
    assert_ne!(first.headers()["authorization"], later.headers()["authorization"]);
}
