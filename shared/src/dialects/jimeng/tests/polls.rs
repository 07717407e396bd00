//! Polls, and what their answers say of a task.

use super::*;
use crate::dialects::testing::checks::{check_edge, check_missing, check_progress};

#[test]
fn a_poll_names_the_task_and_the_key_that_it_was_made_with() {
    let handle = Handle { vendor_task_id: "7526\"1", endpoint: "jimeng_vgfm_i2v_l20" };
    let request = jimeng().poll(&handle, at(0));
    let address =
        "https://visual.volcengineapi.com/?Action=CVSync2AsyncGetResult&Version=2022-08-31";
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", address));
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body, json!({ "req_key": "jimeng_vgfm_i2v_l20", "task_id": "7526\"1" }));
}

#[test]
fn every_documented_state_is_understood() {
    let now = at(1_784_019_722);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let polled = jimeng().read_polled(&answer(&fixture), &HANDLE, now);
        let progress = match (polled, expect["unified_status"].as_str()) {
            (Polled::Nothing(fault), Some("unchanged")) => {
                assert_eq!(fault.kind, kind(&fixture), "{name}");
                continue;
            }
            // It has failed once this is said again and again, which others count.
            (Polled::Missing(fault), _) if name == "query_not_found" => {
                assert_eq!(fault.kind, FaultKind::NotFound, "{name}");
                continue;
            }
            (Polled::Progress(progress), _) => progress,
            (polled, _) => panic!("{name}: {polled:?}"),
        };
        assert_eq!(Some(progress.status.as_str()), expect["unified_status"].as_str(), "{name}");
        assert_eq!(progress.unknown_status, None, "{name}: a word that we know");
        if expect["url"].is_string() {
            assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        }
        assert_eq!(progress.url.is_some(), progress.status == Status::Succeeded, "{name}");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Jimeng, Charged::Unknown);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::Unknown, "{name}: Jimeng does not say");
                let vendor = error.vendor.expect("the vendor's words");
                assert_eq!(vendor.code, vendor_code(&fixture), "{name}");
            }
            (status, error) => {
                assert_eq!((status == Status::Failed, error), (false, None), "{name}")
            }
        }
    }
}

#[test]
fn an_odd_answer_to_a_poll_never_fails_a_task() {
    let (url, html) = ("https://v.example/1.mp4", "<html>");
    let done = format!(r#"{{"status":"done","video_url":"{url}"}}"#);
    let ok = |data: &str| format!(r#"{{"code":10000,"data":{data}}}"#);
    let code = |code: u32| format!(r#"{{"code":{code},"data":{done}}}"#);
    let gateway = String::from(r#"{"ResponseMetadata":{"Error":{"Code":"AccessDenied"}}}"#);
    let (processing, succeeded, failed) =
        (Some(Status::Processing), Some(Status::Succeeded), Some(Status::Failed));
    let rows = [
        (200, ok(r#"{"status":"polishing"}"#), processing, "a new word"),
        (200, ok(r#"{"status":"generating","video_url":null}"#), processing, "null"),
        (200, ok(&done), succeeded, "done"),
        (500, ok(&done), succeeded, "the code counts, not the status"),
        (200, ok(r#"{"status":"done","video_url":null}"#), failed, "done without a video"),
        (200, ok(r#"{"status":"done"}"#), failed, "likewise"),
        (200, ok(r#"{"status":"expired"}"#), failed, "twelve hours old"),
        (200, ok(r#"{"status":"not_found"}"#), None, "not there yet, perhaps"),
        (200, code(50516), failed, "done, and refused all the same"),
        (400, code(50511), failed, "likewise"),
        (200, code(50412), failed, "refused late"),
        (400, code(50520), None, "moderation broke, and may come back"),
        (200, code(50500), None, "broken"),
        (200, code(50999), None, "a code that we do not know"),
        (400, code(50215), None, "the poll was wrong, not the task"),
        (401, code(50400), None, "the operator's trouble, not the task's"),
        (429, code(50429), None, "busy"),
        (429, code(50430), None, "busy"),
        (403, gateway, None, "the operator's trouble"),
        (200, ok("null"), None, "no data"),
        (200, ok("{}"), None, "no status"),
        (200, String::from("{}"), None, "no code"),
        (200, String::from(html), None, "HTML"),
        (500, String::from(html), None, "likewise"),
        (200, String::new(), None, "nothing"),
    ];
    for (status, body, expected, reason) in rows {
        check_progress(&jimeng(), &HANDLE, &[(status, &body, expected, reason)]);
    }
}

#[test]
fn a_task_is_missing_only_in_jimengs_own_word() {
    let rows = [
        (200, r#"{"code":10000,"data":{"status":"not_found"}}"#, true, "Jimeng's word"),
        (200, r#"{"code":10000,"data":null}"#, false, "no data"),
        (404, r#"{"code":50404,"message":"not found"}"#, false, "a new code"),
        (404, r#"{"ResponseMetadata":{"Error":{"Code":"ServiceNotFound"}}}"#, false, "no service"),
        (404, r#"{"message":"no Route matched with those values"}"#, false, "an edge"),
        (404, r#"{"data":{"status":"not_found"}}"#, false, "no code"),
        (404, "<html>", false, "a web server"),
        (404, "", false, "nothing"),
        (200, r#"{"code":10000,"data":["752","not_found"]}"#, false, "a list"),
        (200, r#"[10000,"","",{"status":"not_found"}]"#, false, "likewise"),
    ];
    check_missing(&jimeng(), &HANDLE, &rows);
}

#[test]
fn an_answer_about_another_task_is_no_news_and_no_loss() {
    let rows = [
        (200, r#"{"code":10000,"data":{"task_id":"751","status":"expired"}}"#, "an end"),
        (200, r#"{"code":10000,"data":{"task_id":"751","status":"not_found"}}"#, "a loss"),
        (400, r#"{"code":50511,"data":{"task_id":"751"}}"#, "a refusal"),
    ];
    for (status, body, reason) in rows {
        let polled = read_polled(status, body);
        assert!(matches!(polled, Polled::Nothing(_)), "{reason}: {polled:?}");
        let ours = read_polled(status, &body.replace("751", "752"));
        assert!(!matches!(ours, Polled::Nothing(_)), "{reason}: {ours:?}");
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    check_edge(&jimeng(), &HANDLE);
}

#[test]
fn a_video_has_24_frames_a_second_and_its_link_lives_an_hour() {
    let body = r#"{"code":10000,"data":{"status":"done","video_url":"https://v.example/1.mp4"}}"#;
    let Polled::Progress(progress) = read_polled(200, body) else { panic!("progress") };
    assert_eq!(progress.url_expires_at, Some(at(1000 + 3600)));
    assert_eq!(progress.figures, Figures { fps: Some(24.0), ..Figures::default() });
}
