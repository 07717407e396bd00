//! What Kling's answers say, the documented ones and the odd ones.

use super::*;
use crate::dialects::testing;
use crate::task::{Charged, Status};

fn read_submitted(status: u16, body: &str) -> Submitted {
    with_key().read_submitted(&response(status, body), &task_id())
}

/// A poll of the task 87.
fn read_polled(endpoint: &str, status: u16, body: &str) -> Polled {
    let handle = Handle { vendor_task_id: "87", endpoint };
    with_key().read_polled(&response(status, body), &handle, at(0))
}

/// A task's members beside its id.
fn task_87(members: &Value) -> Value {
    let mut task = json!({"task_id": "87"});
    task.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    task
}

#[test]
fn a_task_that_was_taken_is_known_by_its_id_in_either_design() {
    for (name, fixture) in fixtures("create_ok") {
        let expected = Submitted::Accepted {
            vendor_task_id: fixture["expect"]["vendor_task_id"].as_str().unwrap().to_owned(),
            figures: Figures::default(),
        };
        assert_eq!(with_key().read_submitted(&answer(&fixture), &task_id()), expected, "{name}");
    }
}

#[test]
fn every_documented_refusal_is_sorted_by_its_code() {
    for (name, fixture) in fixtures("create_error") {
        let may_exist = fixture["expect"]["vendor_task_may_exist"] != "no";
        let fault = match with_key().read_submitted(&answer(&fixture), &task_id()) {
            Submitted::Refused(fault) if !may_exist => fault,
            Submitted::Unknown(fault) if may_exist => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault.kind, kind(&fixture), "{name}");
        let code = fixture["expect"]["vendor_code"].to_string();
        assert_eq!(fault.code, Some(code), "{name}");
        let request_id = fixture["response"]["body"]["request_id"].as_str();
        assert_eq!(fault.request_id.as_deref(), request_id, "{name}");
    }
}

#[test]
fn the_code_decides_and_not_the_status() {
    let rows = [
        (429, 1100, FaultKind::Permission, "an account that is blocked is no rate limit"),
        (429, 1101, FaultKind::Balance, "nor are arrears"),
        (429, 1102, FaultKind::Balance, "nor is an empty pack"),
        (429, 1304, FaultKind::Permission, "nor is an address that is not on the list"),
        (429, 1302, FaultKind::RateLimited, "this is one"),
        (429, 1303, FaultKind::Concurrency, "and this is too many at once"),
        (200, 1102, FaultKind::Balance, "a relay that answers 200 to everything"),
        (500, 1301, FaultKind::Moderation, "a relay that answers 500 to everything"),
        (401, 1003, FaultKind::Credentials, "the clocks differ"),
        (401, 1004, FaultKind::Credentials, "likewise"),
        (401, 1005, FaultKind::Credentials, "a new code of a known family"),
        (403, 1199, FaultKind::Permission, "likewise"),
        (400, 1299, FaultKind::BadRequest, "likewise"),
        (429, 1399, FaultKind::RateLimited, "a family without a common meaning: the status speaks"),
        (400, 1399, FaultKind::BadRequest, "likewise"),
        (404, 1399, FaultKind::BadRequest, "likewise"),
        (200, 1002, FaultKind::Credentials, "a relay that answers 200 to everything"),
        (200, 1103, FaultKind::Permission, "likewise"),
        (200, 1201, FaultKind::BadRequest, "likewise"),
        (404, 1203, FaultKind::BadRequest, "a model that is gone"),
    ];
    for (status, code, kind, reason) in rows {
        let body = json!({"code": code, "message": "m", "request_id": "r"}).to_string();
        match read_submitted(status, &body) {
            Submitted::Refused(fault) => assert_eq!(fault.kind, kind, "{code}: {reason}"),
            other => panic!("{code}: {reason}: {other:?}"),
        }
    }
}

#[test]
fn an_id_that_is_taken_already_means_that_the_task_exists() {
    let rows = [
        ("External task id 0198a1b2 already exists", true),
        ("0198a1b2c3d47e5f8a9b0c1d2e3f4a5b was seen before", true),
        ("external_task_id exists", true),
        ("Duplicate external task id", true),
        ("external_task_id is duplicated", true),
        ("external_task_id must be unique", true),
        ("外部任务ID已存在", true),
        ("image_tail is in conflict with camera_control", false),
        ("camera_control already exists", false),
        ("the element name is already in use", false),
        ("external_task_id is too long", false),
        ("the external element does not exist", false),
        ("duration value '7' is invalid", false),
        ("the voice no longer exists", false),
        ("element does not exist", false),
        ("", false),
    ];
    for (message, is_unknown) in rows {
        let body = json!({"code": 1201, "message": message}).to_string();
        let read = read_submitted(400, &body);
        assert_eq!(matches!(read, Submitted::Unknown(_)), is_unknown, "{message}: {read:?}");
    }
}

#[test]
fn an_answer_that_leaves_it_open_is_unknown_and_never_a_refusal() {
    let html = "<html>502 Bad Gateway</html>";
    let rows = [
        (200, r#"{"code":0,"data":{"task_status":"submitted"}}"#, "taken, but without an id"),
        (200, r#"{"code":0,"data":{"task_id":"","id":null}}"#, "an empty id"),
        (200, r#"{"code":0,"data":null}"#, "no task"),
        (200, r#"{"code":0,"data":[]}"#, "none of the tasks"),
        (200, r#"{"code":0,"data":"871"}"#, "something else"),
        (200, r#"{"code":0}"#, "nothing but good will"),
        (500, r#"{"code":0,"message":"SUCCEED"}"#, "good and bad at once"),
        (200, r#"{"message":"ok"}"#, "no code"),
        (500, r#"{"data":{"task_id":"87"}}"#, "no code, and broken"),
        (200, r#"{"code":9999,"message":"?"}"#, "a code that we do not know"),
        (200, html, "HTML with a good status"),
        (200, "", "nothing at all"),
        (200, "null", "JSON, but no object"),
        (200, r#"{"code":0,"data":{"task_id":"87"#, "cut off"),
        (200, r#"{"code":0,"data":[{"id":"86"},{"id":"87"}]}"#, "one too many"),
        (
            200,
            r#"{"code":0,"data":{"task_id":"87","task_info":{"external_task_id":"0198"}}}"#,
            "another task",
        ),
        (200, r#"{"code":0,"data":{"id":"87","external_id":"0198"}}"#, "likewise"),
        (302, html, "a redirect, which is not followed"),
        (400, html, "an edge's word, not Kling's"),
        (400, r#"{"code":400,"message":"bad request"}"#, "likewise"),
        (402, r#"{"error":"a relay's"}"#, "likewise"),
        (404, html, "likewise"),
        (404, r#"{"message":"no Route matched with those values"}"#, "likewise"),
        (418, "I am a teapot", "likewise"),
        (429, r#"{"code":0,"message":"SUCCEED"}"#, "good and bad at once"),
        (499, html, "gave up waiting"),
        (408, r#"{"message":"timeout"}"#, "gave up waiting for us, or for itself"),
        (500, r#"{"code":5000,"message":"m"}"#, "broken"),
        (503, r#"{"code":5001,"message":"m"}"#, "maintenance, perhaps begun a moment too late"),
        (504, r#"{"code":5002,"message":"m"}"#, "slow inside"),
        (429, r#"{"code":5002,"message":"m"}"#, "the code decides"),
        (502, html, "a proxy without its server"),
        (500, html, "broken"),
        (503, "{}", "an empty object"),
        (504, "upstream timed out", "text"),
    ];
    for (status, body, reason) in rows {
        let read = read_submitted(status, body);
        assert!(matches!(read, Submitted::Unknown(_)), "{status} {body}: {reason}: {read:?}");
    }
}

#[test]
fn an_edge_refuses_by_its_status_alone() {
    testing::check_edge(read_submitted, |status, body| read_polled(OLD, status, body));
}

#[test]
fn what_stays_open_keeps_the_vendors_name_for_the_exchange() {
    let answer = r#"{"code":0,"request_id":"r-1","data":{"task_status":"submitted"}}"#;
    let Submitted::Unknown(fault) = read_submitted(200, answer) else { panic!("no id") };
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[test]
fn the_seconds_that_kling_asks_us_to_wait_are_read() {
    for body in [r#"{"code":1303,"message":"m"}"#, "<html>slow down</html>"] {
        let mut answer = response(429, body);
        answer.headers_mut().insert("retry-after", "17".parse().unwrap());
        let Submitted::Refused(fault) = with_key().read_submitted(&answer, &task_id()) else {
            panic!("{body}")
        };
        assert_eq!(fault.retry_after, Some(17), "{body}");
    }
}

#[test]
fn either_spelling_is_understood_in_either_answer() {
    for body in [
        r#"{"code":0,"data":{"task_id":"87","task_status":"submitted"}}"#,
        r#"{"code":0,"data":{"id":"87","status":"submitted"}}"#,
        r#"{"code":"0","data":[{"id":"87","task_status":"processing"}]}"#,
        r#"{"code":0,"data":{"id":"87","task_id":"87","status":"succeeded"}}"#,
        r#"{"code":0,"data":{"task_id":87}}"#,
        r#"{"data":{"task_id":"87","task_status":"polishing"}}"#,
    ] {
        match read_submitted(200, body) {
            Submitted::Accepted { vendor_task_id, .. } => {
                assert_eq!(vendor_task_id, "87", "{body}")
            }
            other => panic!("{body}: {other:?}"),
        }
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
fn an_odd_answer_to_a_look_never_fails_a_task() {
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

/// Three times missing ends a paid task, so the difference is money.
#[test]
fn a_task_is_missing_only_in_klings_own_words() {
    let not_found = r#"{"code":1201,"message":"Task not found by id/external id: 87"}"#;
    let empty = r#"{"code":0,"data":[]}"#;
    let rows = [
        (OLD, 400, not_found, true, "the old design's words"),
        (NEW, 400, not_found, true, "in the new one as well"),
        (OLD, 200, r#"{"code":1200,"message":"任务不存在"}"#, true, "in Chinese"),
        (NEW, 200, empty, true, "the new design's word"),
        (OLD, 200, empty, false, "no word of the old one's"),
        (NEW, 503, empty, false, "good and bad at once"),
        (NEW, 200, r#"{"data":[]}"#, false, "no code"),
        (OLD, 200, r#"{"code":0,"data":null}"#, false, "no task, and no word"),
        (NEW, 200, r#"{"code":0,"data":null}"#, false, "no list"),
        (NEW, 200, r#"{"code":0}"#, false, "nothing but good will"),
        (NEW, 200, r#"{"code":0,"data":{}}"#, false, "no list"),
        (OLD, 400, r#"{"code":1201,"message":"parameter error"}"#, false, "a wrong parameter"),
        (OLD, 404, r#"{"code":1203,"message":"not found"}"#, false, "another resource"),
        (OLD, 404, r#"{"code":1399,"message":"not found"}"#, false, "a new code"),
        (OLD, 404, r#"{"message":"no Route matched with those values"}"#, false, "an edge"),
        (OLD, 404, r#"{"code":404,"message":"task not found"}"#, false, "likewise"),
        (OLD, 404, "<html>404 Not Found</html>", false, "a web server"),
        (OLD, 404, "", false, "nothing"),
        (OLD, 400, r#"[1201,"Task not found"]"#, false, "a list"),
        (OLD, 410, "{}", false, "an edge"),
        (OLD, 502, r#"{"data":{"task_id":"87","task_status":"failed"}}"#, false, "no code"),
        (OLD, 200, "{}", false, "no code"),
        (OLD, 401, r#"{"code":1002,"message":"m"}"#, false, "the operator's trouble"),
        (OLD, 429, r#"{"code":1302,"message":"m"}"#, false, "busy"),
        (OLD, 500, r#"{"code":5000,"message":"m"}"#, false, "broken"),
        (OLD, 502, "<html>", false, "HTML"),
        (OLD, 200, r#"{"url":"https://v.example/1.mp4"}"#, false, "a video, but no task"),
    ];
    for (endpoint, status, body, is_missing, reason) in rows {
        let polled = read_polled(endpoint, status, body);
        let is_right = match &polled {
            Polled::Missing(_) => is_missing,
            Polled::Nothing(_) => !is_missing,
            Polled::Progress(_) => false,
        };
        assert!(is_right, "{endpoint} {status} {body}: {reason}: {polled:?}");
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
