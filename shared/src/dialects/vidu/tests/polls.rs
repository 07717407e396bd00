//! Polls, and what their answers say of a task.

use super::*;
use crate::dialects::testing::checks::{check_edge, check_missing, check_progress};

#[test]
fn a_poll_names_the_task_in_the_path_and_cannot_be_led_elsewhere() {
    let rows = [
        ("839120458812739584", "https://api.vidu.com/ent/v2/tasks/839120458812739584/creations"),
        ("../credits?x=1", "https://api.vidu.com/ent/v2/tasks/..%2Fcredits%3Fx%3D1/creations"),
    ];
    for (vendor_task_id, uri) in rows {
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let request = vidu("key").poll(&handle, at(0));
        assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", uri));
        assert_eq!(request.headers()["authorization"], "Token key");
    }
}

#[test]
fn every_documented_state_is_understood() {
    let now = at(1_784_019_722);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let vendor_task_id = fixture["response"]["body"]["id"].as_str().unwrap_or("839");
        let handle = Handle { vendor_task_id, endpoint: "text2video" };
        let polled = vidu("key").read_polled(&answer(&fixture), &handle, now);
        let Some(status) = expect["unified_status"].as_str() else {
            let is_missing =
                matches!(&polled, Polled::Missing(fault) if fault.kind == kind(&fixture));
            assert!(is_missing, "{name} says nothing of the task: {polled:?}");
            continue;
        };
        let Polled::Progress(progress) = polled else { panic!("{name}: {polled:?}") };
        assert_eq!(progress.status.as_str(), status, "{name}");
        assert_eq!(progress.unknown_status, None, "{name}: a word that we know");
        assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        assert_eq!(progress.figures.duration, expect["duration"].as_f64(), "{name}");
        assert_eq!(progress.figures.fps, expect["fps"].as_f64(), "{name}");
        assert_eq!(progress.figures.width.map(u64::from), expect["width"].as_u64(), "{name}");
        assert_eq!(progress.figures.height.map(u64::from), expect["height"].as_u64(), "{name}");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Vidu, Charged::No);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::No, "{name}: the credits came back");
                let vendor = error.vendor.expect("the vendor's words");
                assert_eq!(vendor.code.as_deref(), expect["vendor_code"].as_str(), "{name}");
            }
            (status, error) => {
                assert_eq!((status == Status::Failed, error), (false, None), "{name}")
            }
        }
    }
}

#[test]
fn an_odd_answer_to_a_poll_never_fails_a_task() {
    let rows = [
        (200, r#"{"state":"polishing"}"#, Some(Status::Processing), "a new word"),
        (200, r#"{"state":"scheduled"}"#, Some(Status::Queued), "seen in one error text"),
        (
            200,
            r#"{"state":"processing","progress":40,"creations":null}"#,
            Some(Status::Processing),
            "null",
        ),
        (
            200,
            r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4"}]}"#,
            Some(Status::Succeeded),
            "no figures",
        ),
        (
            200,
            r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4","video":"soon"}]}"#,
            Some(Status::Succeeded),
            "figures that are none",
        ),
        (
            200,
            r#"{"state":"success","creations":[]}"#,
            Some(Status::Failed),
            "success without a video",
        ),
        (200, r#"{"state":"failed","err_code":"Novelty"}"#, Some(Status::Failed), "a new code"),
        (
            200,
            r#"{"state":"success","reason":"OK","creations":[7,{"url":5},{"url":"https://v.example/1.mp4"}]}"#,
            Some(Status::Succeeded),
            "odd company",
        ),
        (200, r#"{"state":"success","creations":{}}"#, Some(Status::Failed), "no list"),
        (200, "{}", None, "no state"),
        (200, "<html>", None, "HTML"),
        (200, "", None, "nothing"),
        (404, r#"{"reason":"TaskNotFound"}"#, None, "not there yet, perhaps"),
        (401, r#"{"reason":"Unauthorized"}"#, None, "the operator's trouble, not the task's"),
        (429, r#"{"reason":"TooManyRequests"}"#, None, "busy"),
        (500, r#"{"reason":"InternalServiceFailure"}"#, None, "broken"),
    ];
    check_progress(&vidu("key"), &HANDLE, &rows);
}

#[test]
fn a_task_is_missing_only_in_vidus_own_words() {
    let rows = [
        (404, r#"{"reason":"TaskNotFound"}"#, true, "Vidu's words"),
        (404, r#"{"reason":"CreationNotFound"}"#, true, "likewise"),
        (404, r#"{"reason":"NotFound"}"#, true, "likewise"),
        (200, r#"{"reason":"TaskNotFound"}"#, true, "by a relay that answers 200 to everything"),
        (404, r#"{"reason":"Novelty","message":"task not found"}"#, false, "a new word"),
        (404, r#"{"code":404,"message":"task not found"}"#, false, "an edge"),
        (404, r#"{"message":"no Route matched with those values"}"#, false, "likewise"),
        (404, "<html>404 Not Found</html>", false, "a web server"),
        (404, "", false, "nothing"),
        (410, "{}", false, "an edge"),
        (200, "{}", false, "no state"),
        (200, r#"{"tasks":[]}"#, false, "a list"),
        (404, r#"["TaskNotFound"]"#, false, "likewise"),
        (200, "<html>", false, "HTML"),
        (401, r#"{"reason":"Unauthorized"}"#, false, "the operator's trouble"),
        (429, r#"{"reason":"TooManyRequests"}"#, false, "busy"),
        (500, r#"{"reason":"InternalServiceFailure"}"#, false, "broken"),
    ];
    check_missing(&vidu("key"), &HANDLE, &rows);
}

#[test]
fn an_answer_about_another_task_is_no_news_and_no_loss() {
    let rows = [
        (r#"{"id":"838","state":"failed"}"#, false, "somebody else's"),
        (r#"{"task_id":"838","state":"failed"}"#, false, "by its other name"),
        (r#"{"id":"838","reason":"TaskNotFound"}"#, false, "somebody else's loss"),
        (r#"{"id":"839","state":"failed"}"#, true, "ours"),
        (r#"{"task_id":839,"state":"failed"}"#, true, "by its other name, as a number"),
        (r#"{"state":"failed"}"#, true, "as Vidu's own example has it"),
    ];
    for (body, is_ours, reason) in rows {
        let polled = read_polled(200, body);
        let is_right = match &polled {
            Polled::Progress(_) => is_ours,
            Polled::Nothing(fault) => {
                let told = (fault.kind, &fault.code, fault.message.is_some());
                !is_ours && told == (FaultKind::Unreadable, &None, true)
            }
            Polled::Missing(_) => false,
        };
        assert!(is_right, "{body}: {reason}: {polled:?}");
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    check_edge(&vidu("key"), &HANDLE);
}

#[test]
fn what_is_charged_is_known_before_the_end_and_after_a_failure() {
    let rows = [
        (r#"{"state":"processing","credits":80}"#, Some(80.0), None),
        (r#"{"state":"polishing","credits":80}"#, Some(80.0), None),
        (r#"{"state":"failed","credits":0}"#, Some(0.0), Some(Charged::No)),
        (r#"{"state":"failed","credits":"80"}"#, Some(80.0), Some(Charged::Yes)),
        (r#"{"state":"failed"}"#, None, Some(Charged::Unknown)),
        (r#"{"state":"success","credits":80,"creations":[]}"#, Some(80.0), Some(Charged::Yes)),
    ];
    for (body, credits, charged) in rows {
        let Polled::Progress(progress) = read_polled(200, body) else { panic!("{body}") };
        assert_eq!(progress.figures.credits, credits, "{body}");
        assert_eq!(progress.error.map(|error| error.charged), charged, "{body}");
    }
}

#[test]
fn the_link_is_promised_for_the_shorter_of_the_documented_times() {
    let body = r#"{"state":"success","creations":[{"url":"https://v.example/1.mp4"}]}"#;
    let Polled::Progress(progress) = read_polled(200, body) else { panic!("progress") };
    assert_eq!(progress.url_expires_at, Some(at(1000 + 3600)));
}
