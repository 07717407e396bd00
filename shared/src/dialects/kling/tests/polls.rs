//! Polls, and what their answers say of a task.

use super::*;
use crate::dialects::testing::checks::{check_edge, check_missing};

/// A task's members beside its id.
fn task_87(members: &Value) -> Value {
    let mut task = json!({"task_id": "87"});
    task.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    task
}

#[test]
fn a_poll_goes_where_the_task_was_made_and_cannot_be_led_elsewhere() {
    let host = "https://api-singapore.klingai.com";
    let rows = [
        ("text2video", "871203945561284608", "/v1/videos/text2video/871203945561284608"),
        ("image2video", "871203945561284608", "/v1/videos/image2video/871203945561284608"),
        ("text-to-video/kling-3.0", "871204100201349120", "/tasks?task_ids=871204100201349120"),
        ("omni-video/kling-o1", "1,2&x=/", "/tasks?task_ids=1%2C2%26x%3D%2F"),
        ("text2video", "../../account?x=1", "/v1/videos/text2video/..%2F..%2Faccount%3Fx%3D1"),
    ];
    for (endpoint, vendor_task_id, path) in rows {
        let handle = Handle { vendor_task_id, endpoint };
        let request = with_key().poll(&handle, at(0));
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri().to_string(), format!("{host}{path}"));
        assert_eq!(request.headers()["authorization"], "Bearer key");
    }
}

#[test]
fn every_documented_state_is_understood() {
    let now = at(1_784_019_745);
    for (name, fixture) in fixtures("query_") {
        let expect = &fixture["expect"];
        let data = &fixture["response"]["body"]["data"];
        let ids = [&data["task_id"], &data[0]["id"]];
        let vendor_task_id = ids.iter().find_map(|id| id.as_str()).unwrap_or("87");
        let is_new = fixture["request"]["path"] == "/tasks";
        let handle = Handle { vendor_task_id, endpoint: if is_new { NEW } else { OLD } };
        let polled = with_key().read_polled(&answer(&fixture), &handle, now);
        let status = expect["unified_status"].as_str().filter(|status| *status != "unchanged");
        let Some(status) = status else {
            let is_missing = name.ends_with("not_found");
            let fault = match polled {
                Polled::Missing(fault) if is_missing => fault,
                Polled::Nothing(fault) if !is_missing => fault,
                polled => panic!("{name} says nothing of the task: {polled:?}"),
            };
            assert_eq!(fault.kind, kind(&fixture), "{name}");
            continue;
        };
        let Polled::Progress(progress) = polled else { panic!("{name}: {polled:?}") };
        assert_eq!(progress.status.as_str(), status, "{name}");
        assert_eq!(progress.unknown_status, None, "{name}: a word that we know");
        assert_eq!(progress.url.as_deref(), expect["url"].as_str(), "{name}");
        let units = expect["units"].as_str().map(|units| units.parse().expect("a number"));
        let figures =
            Figures { duration: expect["duration"].as_f64(), credits: units, ..Figures::default() };
        assert_eq!(progress.figures, figures, "{name}");
        let is_success = progress.status == Status::Succeeded;
        let expires_at = is_success.then(|| now + jiff::SignedDuration::from_hours(720));
        assert_eq!(progress.url_expires_at, expires_at, "{name}: thirty days");
        match (progress.status, progress.error) {
            (Status::Failed, Some(error)) => {
                let expected = Fault::new(kind(&fixture)).body(Vendor::Kling, Charged::No);
                assert_eq!(error.code, expected.code, "{name}");
                assert_eq!(error.charged, Charged::No, "{name}: only success costs");
                assert!(error.vendor.is_some_and(|vendor| vendor.message.is_some()), "{name}");
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
        (json!({"status":"polishing"}), Some(Status::Processing), "a new word"),
        (
            json!({"task_status":"succeeded","outputs":[{"type":"video","url":"https://v.example/1.mp4"}]}),
            Some(Status::Succeeded),
            "words of both",
        ),
        (
            json!({"status":"succeed","task_result":{"videos":[{"url":"https://v.example/1.mp4","duration":5}]}}),
            Some(Status::Succeeded),
            "the other way round",
        ),
        (
            json!({"status":"succeeded","outputs":[{"type":"image","url":"https://v.example/1.png"},{"type":"video","url":"https://v.example/1.mp4","duration":"soon"}]}),
            Some(Status::Succeeded),
            "a cover first, no figures",
        ),
        (
            json!({"task_status":"succeed","task_result":{"videos":[{"url":""},{"url":"https://v.example/1.mp4"}]},"billing":"free","final_unit_deduction":{}}),
            Some(Status::Succeeded),
            "figures that are none",
        ),
        (
            json!({"task_status":"processing","task_result":null,"task_info":[]}),
            Some(Status::Processing),
            "null",
        ),
        (
            json!({"task_status":"succeed","task_result":{}}),
            Some(Status::Failed),
            "success without a video",
        ),
        (json!({"task_status":"failed"}), Some(Status::Failed), "failed without a word"),
        (json!({}), None, "no status"),
    ];
    let progress_of = |endpoint, body: &str| match read_polled(endpoint, 200, body) {
        Polled::Progress(progress) => Some(progress),
        _ => None,
    };
    for (members, expected, reason) in rows {
        let (task, other) = (task_87(&members), json!({"id": "86", "status": "failed"}));
        for data in [task.clone(), json!([task]), json!([other, task])] {
            let body = json!({"code": 0, "data": data}).to_string();
            for endpoint in [OLD, NEW] {
                let progress = progress_of(endpoint, &body);
                assert_eq!(progress.as_ref().map(|it| it.status), expected, "{body}: {reason}");
                let url = progress.and_then(|progress| progress.url);
                let is_success = expected == Some(Status::Succeeded);
                let video = is_success.then_some("https://v.example/1.mp4");
                assert_eq!(url.as_deref(), video, "{body}: {reason}");
            }
        }
    }
}

#[test]
fn a_task_is_missing_only_in_klings_own_words() {
    let not_found = r#"{"code":1201,"message":"Task not found by id/external id: 87"}"#;
    let empty = r#"{"code":0,"data":[]}"#;
    let in_either = [
        (400, not_found, true, "Kling's own words"),
        (200, r#"{"code":1200,"message":"任务不存在"}"#, true, "in Chinese"),
        (503, empty, false, "good and bad at once"),
        (200, r#"{"data":[]}"#, false, "no code"),
        (200, r#"{"code":0,"data":null}"#, false, "no task, and no word"),
        (200, r#"{"code":0}"#, false, "nothing but good will"),
        (200, r#"{"code":0,"data":{}}"#, false, "no list"),
        (400, r#"{"code":1201,"message":"parameter error"}"#, false, "a wrong parameter"),
        (404, r#"{"code":1203,"message":"not found"}"#, false, "another resource"),
        (404, r#"{"code":1399,"message":"not found"}"#, false, "a new code"),
        (404, r#"{"message":"no Route matched with those values"}"#, false, "an edge"),
        (404, r#"{"code":404,"message":"task not found"}"#, false, "likewise"),
        (404, "<html>404 Not Found</html>", false, "a web server"),
        (404, "", false, "nothing"),
        (400, r#"[1201,"Task not found"]"#, false, "a list"),
        (410, "{}", false, "an edge"),
        (502, r#"{"data":{"task_id":"87","task_status":"failed"}}"#, false, "no code"),
        (200, "{}", false, "no code"),
        (401, r#"{"code":1002,"message":"m"}"#, false, "the operator's trouble"),
        (429, r#"{"code":1302,"message":"m"}"#, false, "busy"),
        (500, r#"{"code":5000,"message":"m"}"#, false, "broken"),
        (502, "<html>", false, "HTML"),
        (200, r#"{"url":"https://v.example/1.mp4"}"#, false, "a video, but no task"),
    ];
    let of_the_old = [(200, empty, false, "no word of the old design's")];
    let of_the_new = [(200, empty, true, "the new design's word")];
    for (endpoint, rows) in [(OLD, of_the_old), (NEW, of_the_new)] {
        check_missing(&with_key(), &handle(endpoint), &in_either);
        check_missing(&with_key(), &handle(endpoint), &rows);
    }
}

#[test]
fn an_answer_about_another_task_is_no_news_and_no_loss() {
    let video = json!([{"type": "video", "url": "https://v.example/1.mp4"}]);
    let done = |id: &str| json!({"id": id, "status": "succeeded", "outputs": video});
    let rows = [
        (done("86"), "somebody else's"),
        (json!([done("86")]), "a filter that was not heeded"),
        (json!([done("86"), done("85")]), "likewise"),
        (done(""), "nobody's"),
        (json!({"status": "failed"}), "likewise"),
        (json!([{"status": "failed"}]), "likewise"),
        (json!([null]), "nothing at all"),
        (json!([["87", "", "failed"]]), "a list of lists"),
        (json!({"task_id": "86", "id": "87", "task_status": "failed"}), "of two names the other"),
    ];
    for (data, reason) in rows {
        let body = json!({"code": 0, "data": data}).to_string();
        for endpoint in [OLD, NEW] {
            let polled = read_polled(endpoint, 200, &body);
            assert!(
                matches!(polled, Polled::Nothing(_)),
                "{endpoint} {body}: {reason}: {polled:?}"
            );
        }
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    for endpoint in [OLD, NEW] {
        check_edge(&with_key(), &handle(endpoint));
    }
}

#[test]
fn why_a_task_failed_is_told_in_words_only() {
    let rows = [
        ("Failure to pass the risk control system", "content_policy_violation"),
        ("The output violates our Content Policy", "content_policy_violation"),
        ("内容触发风控", "content_policy_violation"),
        ("input image resolution or aspect ratio invalid", "vendor_rejected_request"),
        ("Failed to download the picture", "vendor_rejected_request"),
        ("Internal error, please try again", "vendor_failed"),
        ("", "vendor_failed"),
    ];
    for (message, code) in rows {
        for task in [
            json!({"task_status": "failed", "task_status_msg": message}),
            json!({"status": "failed", "message": message}),
        ] {
            let body = json!({"code": 0, "message": "SUCCEED", "data": task_87(&task)}).to_string();
            let Polled::Progress(progress) = read_polled(OLD, 200, &body) else {
                panic!("{message}")
            };
            let error = progress.error.expect("an error");
            assert_eq!(error.code.as_str(), code, "{message}");
            assert_eq!(error.charged, Charged::No, "{message}");
        }
    }
}

#[test]
fn what_was_deducted_is_believed() {
    let rows = [
        ("failed", json!({"final_unit_deduction": "1.5"}), Some(1.5), Charged::Yes, "units"),
        ("failed", json!({"final_unit_deduction": "0"}), Some(0.0), Charged::No, "none"),
        ("failed", json!({"final_unit_deduction": ""}), None, Charged::No, "nothing said"),
        (
            "failed",
            json!({"final_balance_deduction": {"quota": "0.21", "list_price": "0.28"}}),
            None,
            Charged::Yes,
            "money is no unit",
        ),
        (
            "failed",
            json!({"billing": [{"charge_type": "unit", "amount": "2"}, {"charge_type": "unit", "amount": 0.5}]}),
            Some(2.5),
            Charged::Yes,
            "several packs",
        ),
        (
            "failed",
            json!({"billing": [{"charge_type": "cash", "amount": "0.21", "currency": "USD"}]}),
            None,
            Charged::Yes,
            "money again",
        ),
        ("failed", json!({"billing": []}), None, Charged::No, "an empty bill"),
        ("succeed", json!({}), None, Charged::Unknown, "success costs, but the video is missing"),
        (
            "succeed",
            json!({"final_unit_deduction": "2"}),
            Some(2.0),
            Charged::Yes,
            "and was deducted",
        ),
    ];
    for (status, more, credits, charged, reason) in rows {
        let mut task = task_87(&more);
        task["task_status"] = status.into();
        let body = json!({"code": 0, "data": task}).to_string();
        let Polled::Progress(progress) = read_polled(OLD, 200, &body) else { panic!("{reason}") };
        assert_eq!(progress.figures.credits, credits, "{reason}");
        assert_eq!(progress.error.expect("an error").charged, charged, "{reason}");
    }
}

#[test]
fn what_was_deducted_counts_before_the_end_as_well() {
    for status in ["submitted", "processing", "polishing"] {
        let task = json!({"task_id": "87", "task_status": status, "final_unit_deduction": "1.5"});
        let body = json!({"code": 0, "data": task}).to_string();
        let Polled::Progress(progress) = read_polled(OLD, 200, &body) else { panic!("{status}") };
        assert_eq!(progress.figures.credits, Some(1.5), "{status}");
        let Submitted::Accepted { figures, .. } = read_submitted(200, &body) else {
            panic!("{status}")
        };
        assert_eq!(figures.credits, Some(1.5), "{status}");
    }
}
