//! The simulator over its socket, as the gateway meets it.

mod misbehaviour;

use http::Uri;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::*;
use crate::simulators::http_client;
use crate::simulators::replay::{Before, Exchange, Exchanges, grow_old, id_of};
use crate::simulators::testing::{FOR_EVER, TestFile, marked, memory, send};

const CREATE: &str = "/?Action=CVSync2AsyncSubmitTask&Version=2022-08-31";
const FIND: &str = "/?Action=CVSync2AsyncGetResult&Version=2022-08-31";

/// Fixtures that this simulator cannot be brought to answer.
const LEFT_OUT: [(&str, &str); 13] = [
    ("create_error_concurrency_limited", "concurrency is not limited"),
    ("create_error_gateway_access_denied", "the one pair of keys may do everything"),
    ("create_error_gateway_internal", "nothing breaks inside"),
    ("create_error_gateway_upstream_timeout", "nothing is late inside"),
    ("create_error_input_image_risk", "images are not audited"),
    ("create_error_internal", "nothing breaks inside"),
    ("create_error_internal_rpc", "nothing breaks inside"),
    ("create_error_moderation_service_down", "moderation is always there"),
    ("create_error_prompt_risk", "what is forbidden has one word"),
    ("create_error_service_not_opened", "all products are activated"),
    ("query_done_with_metadata_tag", "the gateway asks for no tag"),
    ("query_done_without_url", "a video has an address"),
    ("query_output_image_rejected_data_null", "videos are refused, not images"),
];

/// Members whose values are this simulator's own.
const FREE: [&str; 8] = [
    "task_id",
    "message",
    "request_id",
    "time_elapsed",
    "video_url",
    "RequestId",
    "Message",
    "Version",
];

/// Brings about what a fixture tells of: the request, and the task that it is about.
fn bring_about(name: &str, mut exchange: Exchange) -> (Exchange, Option<Before>) {
    let task = |prompt: &str, age| {
        let created = "create_ok_text2video_v30_10s";
        (exchange.clone(), Some(Before(created, prompt.to_owned(), age)))
    };
    match name {
        "create_error_invalid_input" => (exchange.with(json!({ "prompt": null })), None),
        "create_error_prompt_sensitive" => (exchange.with_prompt("forbidden"), None),
        "create_error_qps_limited" => (exchange.with_prompt(&marked("x", "busy")), None),
        "create_error_gateway_invalid_action" => {
            exchange.request["query"]["Version"] = json!("2024-06-06");
            (exchange, None)
        }
        "query_in_queue" => task("rain", 0),
        "query_generating" => task("rain", 60),
        "query_done" => task("rain", 100),
        "query_expired" => task("rain", 200),
        "query_qps_limited" => task(&marked("rain", "busy-polls"), 0),
        _ => (exchange, None),
    }
}

#[tokio::test]
async fn requests_of_the_fixtures_are_answered_as_jimeng_answers_them() {
    let exchanges = Exchanges::of("jimeng");
    for (name, exchange) in exchanges.except(&LEFT_OUT) {
        let ledger = memory();
        let jimeng = jimeng(FOR_EVER, ledger.clone()).await;
        let (mut exchange, before) = bring_about(name, exchange);
        if let Some(Before(created, prompt, age)) = before {
            let created = exchanges.get(created);
            let first = created.clone().with_prompt(&prompt);
            let (_, answer) = call(&jimeng, &first.path(), &first.request["body"]).await;
            grow_old(&ledger, NAME, id_of(&answer), age);
            exchange = exchange.about(created, id_of(&answer));
        }
        let (path, body) = (exchange.path(), exchange.body());
        let mut request = signed(&jimeng, &path, &body);
        let headers = request.headers_mut();
        let authorization = headers["authorization"].to_str().unwrap().to_owned();
        let mut authorize = |text: String| headers.insert("authorization", text.parse().unwrap());
        match name.rsplit("gateway_").next().unwrap_or_default() {
            "missing_signature" => authorize(authorization.replace("Signature=", "Nothing=")),
            "invalid_access_key" => authorize(authorization.replace("AKTEST", "AKOTHER")),
            "signature" | "signature_mismatch" => {
                authorize(authorization.replace("Signature=", "Signature=00"))
            }
            "invalid_timestamp" => headers.insert("x-date", "20250714T083015Z".parse().unwrap()),
            _ => None,
        };
        exchanges.check(name, &answer_to(request).await, &FREE);
    }
}

/// No fixture has a video that moderation refuses.
#[tokio::test]
async fn a_refused_video_is_done_and_only_the_code_tells() {
    let jimeng = jimeng(Duration::ZERO, memory()).await;
    let id = create(&jimeng, "unlucky").await;
    let (status, found) = find(&jimeng, "jimeng_t2v_v30", &id).await;
    assert_eq!((status, &found["code"]), (400, &json!(50516)));
    assert_eq!(found["data"]["status"], "done");
    let video = found["data"]["video_url"].as_str().unwrap();
    assert_eq!(http_client().get(video).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_task_is_found_only_with_the_key_it_was_made_with() {
    let jimeng = jimeng(FOR_EVER, memory()).await;
    let id = create(&jimeng, "rain").await;
    let rows = [
        ("jimeng_t2v_v30", id.as_str(), "in_queue"),
        ("jimeng_t2v_v30_1080p", id.as_str(), "not_found"),
        ("jimeng_t2v_v30", "7526000000000000001", "not_found"),
    ];
    for (req_key, id, expected) in rows {
        let (status, found) = find(&jimeng, req_key, id).await;
        assert_eq!((status, &found["data"]["status"]), (200, &json!(expected)), "{req_key} {id}");
        assert_eq!(found["data"]["video_url"], "");
    }
    let video = format!("{}/videos/{id}.mp4", jimeng.base_url());
    assert_eq!(http_client().get(video).send().await.unwrap().status(), 404, "not there yet");
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let before = jimeng(Duration::ZERO, open()).await;
    let id = create(&before, "rain").await;
    drop(before);

    let after = jimeng(FOR_EVER, open()).await;
    let (_, found) = find(&after, "jimeng_t2v_v30", &id).await;
    assert_eq!(found["data"]["status"], "done");
    let video = found["data"]["video_url"].as_str().unwrap();
    assert_eq!(http_client().get(video).send().await.unwrap().status(), 200);
}

async fn jimeng(pace: Duration, ledger: Ledger) -> Jimeng {
    let settings = Settings {
        access_key: "AKTEST".to_owned(),
        secret_key: "c2VjcmV0".to_owned(),
        session_token: Some("STSTEST".to_owned()),
        pace,
        ledger,
        clock: Clock::Machine,
    };
    start(settings).await.unwrap()
}

async fn create(jimeng: &Jimeng, prompt: &str) -> String {
    let body = json!({"req_key": "jimeng_t2v_v30", "prompt": prompt});
    let (status, created) = call(jimeng, CREATE, &body).await;
    assert_eq!(status, 200, "{created}");
    created["data"]["task_id"].as_str().unwrap().to_owned()
}

async fn find(jimeng: &Jimeng, req_key: &str, id: &str) -> (u16, Value) {
    call(jimeng, FIND, &json!({"req_key": req_key, "task_id": id})).await
}

async fn call(jimeng: &Jimeng, path: &str, body: &Value) -> (u16, Value) {
    answer_to(signed(jimeng, path, &body.to_string())).await
}

async fn answer_to(request: http::Request<String>) -> (u16, Value) {
    let request = reqwest::Request::try_from(request).unwrap();
    send(reqwest::RequestBuilder::from_parts(http_client(), request)).await
}

/// Signs as little as the vendor's SDKs do; those that sign more are tried beside the signature.
fn signed(jimeng: &Jimeng, path: &str, body: &str) -> http::Request<String> {
    let address: Uri = format!("{}{path}", jimeng.base_url()).parse().unwrap();
    let date = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let hash = signature::hex(digest(&SHA256, body.as_bytes()).as_ref());
    let (path, query) = (address.path(), address.query().unwrap_or_default());
    let names = "x-content-sha256;x-date;x-security-token";
    let text = format!(
        "POST\n{path}\n{query}\nx-content-sha256:{hash}\nx-date:{date}\n\
         x-security-token:STSTEST\n\n{names}\n{hash}"
    );
    let scope = format!("{}/cn-north-1/cv/request", &date[..8]);
    let signature = signature::signature("c2VjcmV0", &date, &scope, &text);
    let authorization = format!(
        "HMAC-SHA256 Credential=AKTEST/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    http::Request::post(address)
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .header("x-date", date)
        .header("x-content-sha256", hash)
        .header("x-security-token", "STSTEST")
        .body(body.to_owned())
        .unwrap()
}
