//! What the functions write about themselves: line by line, and nothing that they may not.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use local::Reply;
use serde_json::{Value, json};
use shared::runtime::log::Log;
use tracing::level_filters::LevelFilter;

use crate::gateway::{Gateway, tide};
use crate::reconcile::Later;
use crate::scripted_vidu::{ScriptedVidu, state, success};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static LINES_OF_THREAD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// From now on the lines of all tests in this process are kept.
pub(crate) fn install() {
    let keep = |line: &str| lines().push(line.to_owned());
    Log::new("test".to_owned(), LevelFilter::INFO).to(keep).install();
}

/// Does this work, and gives the lines that this thread has written meanwhile.
pub(crate) fn kept<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let keep = |line: &str| LINES_OF_THREAD.with_borrow_mut(|lines| lines.push(line.to_owned()));
    let log = Log::new("test".to_owned(), LevelFilter::INFO).to(keep);
    let done = tracing::subscriber::with_default(log, work);
    (done, LINES_OF_THREAD.take())
}

fn lines() -> MutexGuard<'static, Vec<String>> {
    LINES.lock().expect("nothing panics holding the lines")
}

/// Holds every line against what may not be in any.
pub(crate) fn check(lines: &[String], secrets: &[&str]) {
    assert!(lines.iter().any(|line| line.contains("task ended")), "there is something to read");
    for line in lines {
        let fields: Value = serde_json::from_str(line).expect(line);
        assert!(fields["message"].is_string(), "{line}");
        for secret in secrets {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
        // Whatever test wrote it: keys, secrets, signatures, images, callback addresses.
        for pattern in ["sk-", "whsec_", "vda_", "Bearer ", ";base64,", "/v1/callbacks/vidu/"] {
            assert!(!line.contains(pattern), "{pattern}: {line}");
        }
    }
}

/// The lines about a task, by what they are about.
pub(crate) fn about(task: &str) -> BTreeMap<String, Vec<Value>> {
    let mut about = BTreeMap::<_, Vec<_>>::new();
    for line in lines().iter().filter(|line| line.contains(task)) {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let message = line["message"].as_str().expect("text").to_owned();
        about.entry(message).or_default().push(line);
    }
    about
}

#[tokio::test]
async fn each_request_and_each_ended_task_is_one_line_with_its_metrics() {
    install();
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    gateway.client.task(&id).await;
    let about = about(&id);

    let requests: Vec<_> = about["request"].iter().map(|line| line["route"].clone()).collect();
    let expected = [
        "POST /v1/video/generations",
        "ANY /v1/callbacks/{vendor}/{token}",
        "ANY /v1/video/generations/{task_id}",
    ];
    assert_eq!(requests, expected);
    let create = &about["request"][0];
    for (field, value) in [
        ("function", json!("create")),
        ("method", json!("POST")),
        ("status", json!(200)),
        ("key", json!("local")),
        ("vendor", json!("vidu")),
        ("model", json!("viduq1")),
        ("outcome", json!("accepted")),
        ("Creates", json!(1)),
        ("stack", json!("test")),
        ("level", json!("INFO")),
    ] {
        assert_eq!(create[field], value, "{field}: {create}");
    }
    assert!(create["api_request_id"].is_string() && create["timestamp"].is_string(), "{create}");
    let own = create["duration_ms"].as_f64().unwrap() - create["vendor_ms"].as_f64().unwrap();
    assert!((create["GatewayTime"].as_f64().unwrap() - own).abs() < 0.2, "{create}");

    assert_eq!(about["submission"].len(), 1);
    assert_eq!(about["poll"].len(), 1);
    let [ended] = about["task ended"].as_slice() else { panic!("one end: {about:?}") };
    assert_eq!((&ended["status"], &ended["by"]), (&json!("succeeded"), &json!("callback")));
    let metrics = &ended["_aws"]["CloudWatchMetrics"];
    let names: Vec<_> =
        metrics.as_array().unwrap().iter().map(|one| &one["Metrics"][0]["Name"]).collect();
    assert_eq!(names, ["Ended", "EndToEndTime"]);
}

#[tokio::test]
async fn every_metric_is_divided_by_what_its_line_says() {
    install();
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&tide()).await;
    gateway.client.wait_for(&id, "succeeded").await;
    for line in about(&id).into_values().flatten() {
        for metric in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
            let name = metric["Metrics"][0]["Name"].as_str().unwrap();
            assert!(line[name].is_number(), "{name}: {line}");
            for dimension in metric["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|it| it.as_array().unwrap())
            {
                let dimension = dimension.as_str().unwrap();
                assert!(line[dimension].is_string(), "{dimension} of {name}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn only_a_task_that_is_given_up_without_its_vendors_word_may_be_paid_for_and_lost() {
    install();
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let failed = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, state("failed")));
    later.run_after(60).await;
    let endless = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, state("processing")));
    later.run_after(51 * 3600).await;
    for (id, code, doubtful) in
        [(&failed, "vendor_failed", Value::Null), (&endless, "deadline_exceeded", json!(1))]
    {
        let ended = &about(id)["task ended"][0];
        assert_eq!((&ended["code"], &ended["DoubtfulEnds"]), (&json!(code), &doubtful), "{ended}");
    }
}
