//! The simulator over its socket, as the gateway meets it.

mod misbehaviour;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::simulators::http_client;
use crate::simulators::replay::{Before, Exchange, Exchanges, grow_old, id_of};
use crate::simulators::testing::{
    FOR_EVER, TestFile, header, json_of, marked, memory, receiver, send,
};

const KEY: &str = "api-key-kling-test-0001";
const WEBHOOK_SECRET: &str = "whsec_c2hhcmVkLXdlYmhvb2stc2VjcmV0LTAwMDAwMDAwMSE=";

/// Fixtures that this simulator cannot be brought to answer.
const LEFT_OUT: [(&str, &str); 10] = [
    ("create_error_account_abnormal", "the one account is in order"),
    ("create_error_arrears", "nothing has to be paid"),
    ("create_error_balance_not_enough", "units are not counted"),
    ("create_error_concurrency_limited", "concurrency is not limited"),
    ("create_error_model_forbidden", "the one account may do everything"),
    ("create_error_platform_policy", "what is forbidden has one word"),
    ("create_error_server_error", "nothing breaks inside"),
    ("create_error_server_unavailable", "the service is always there"),
    ("query_failed_bad_image", "images are not fetched"),
    ("query_succeed_minimal", "a shorter answer than that of `query_succeed`"),
];

/// Members whose values are this simulator's own. Prices are not Kling's.
const FREE: [&str; 12] = [
    "id",
    "task_id",
    "request_id",
    "message",
    "created_at",
    "updated_at",
    "create_time",
    "update_time",
    "url",
    "final_unit_deduction",
    "amount",
    "duration",
];

/// Brings about what a fixture tells of: the request, and the task that it is about.
fn bring_about(name: &str, mut exchange: Exchange) -> (Exchange, Option<Before>) {
    let task = |exchange: Exchange, created, prompt: &str, age| {
        (exchange, Some(Before(created, prompt.to_owned(), age)))
    };
    let (old, new) = ("create_ok_text2video", "create_ok_new_text_to_video");
    match name {
        "create_error_content_moderation" => (exchange.with_prompt("forbidden"), None),
        "create_error_rate_limited" => (exchange.with_prompt(&marked("x", "busy")), None),
        // Which models are retired today is not known.
        "create_error_model_not_found" => {
            (exchange.with(json!({ "model_name": "kling-v0" })), None)
        }
        "create_error_method_not_allowed" => {
            exchange.request["method"] = json!("PUT");
            (exchange, None)
        }
        "create_error_duplicate_external_id" => task(exchange, old, "rain", 0),
        "query_submitted" => task(exchange, old, "rain", 0),
        "query_processing" | "query_by_external_id" => task(exchange, old, "rain", 50),
        "query_succeed" => task(exchange, old, "rain", 100),
        "query_failed_risk_control" => task(exchange, old, "unlucky", 100),
        "query_rate_limited" => task(exchange, old, &marked("rain", "busy-polls"), 0),
        "query_new_submitted" => task(exchange, new, "rain", 0),
        "query_new_processing" => task(exchange, new, "rain", 50),
        "query_new_succeeded" => task(exchange, new, "rain", 100),
        "query_new_failed" => task(exchange, new, "unlucky", 100),
        _ => (exchange, None),
    }
}

/// The header that a fixture's request is sent with, none where it is missing.
fn authorization(name: &str) -> Option<String> {
    let now = Timestamp::now().as_second();
    Some(match name {
        "create_error_auth_empty" => return None,
        "create_error_auth_invalid" => "Bearer another-key".to_owned(),
        "create_error_auth_not_three_parts" => "Bearer no-token".to_owned(),
        "create_error_auth_expired" => token(now - 1801, now - 1),
        "create_error_auth_not_yet_valid" => token(now + 60, now + 1800),
        "create_error_aksk_on_new_api" => token(now - 5, now + 1800),
        _ => format!("Bearer {KEY}"),
    })
}

/// The token of a key pair.
fn token(nbf: i64, exp: i64) -> String {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let head = part(json!({"alg": "HS256", "typ": "JWT"}));
    let signed = format!("{head}.{}", part(json!({"iss": "ak", "exp": exp, "nbf": nbf})));
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"sk");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("Bearer {signed}.{signature}")
}

#[tokio::test]
async fn requests_of_the_fixtures_are_answered_as_kling_answers_them() {
    const WITH_KEY_PAIR: [&str; 4] = [
        "create_error_auth_expired",
        "create_error_auth_not_three_parts",
        "create_error_auth_not_yet_valid",
        "create_error_aksk_on_new_api",
    ];
    let exchanges = Exchanges::of("kling");
    for (name, exchange) in exchanges.except(&LEFT_OUT) {
        let ledger = memory();
        let credentials = if WITH_KEY_PAIR.contains(&name) {
            Credentials::KeyPair { access_key: "ak".to_owned(), secret_key: "sk".to_owned() }
        } else {
            Credentials::ApiKey(KEY.to_owned())
        };
        let pace = FOR_EVER;
        let settings = Settings {
            credentials,
            webhook_secret: None,
            pace,
            ledger: ledger.clone(),
            clock: Clock::Machine,
        };
        let kling = start(settings).await.unwrap();
        let (mut exchange, before) = bring_about(name, exchange);
        let good = Some(format!("Bearer {KEY}"));
        if let Some(Before(created, prompt, age)) = before {
            let created = exchanges.get(created);
            let (_, answer) = replay(&kling, &created.clone().with_prompt(&prompt), good).await;
            grow_old(&ledger, NAME, id_of(&answer), age);
            exchange = exchange.about(created, id_of(&answer));
        }
        let answer = replay(&kling, &exchange, authorization(name)).await;
        exchanges.check(name, &answer, &FREE);
    }
}

async fn replay(kling: &Kling, exchange: &Exchange, authorization: Option<String>) -> (u16, Value) {
    let address = format!("{}{}", kling.base_url(), exchange.path());
    let request = http_client()
        .request(exchange.method().parse().unwrap(), address)
        .header("content-type", "application/json")
        .body(exchange.body());
    let request =
        authorization.into_iter().fold(request, |it, token| it.header("authorization", token));
    send(request).await
}

#[tokio::test]
async fn a_task_is_found_by_either_id_where_it_was_made_and_nowhere_else() {
    let kling = kling(Duration::ZERO, memory()).await;
    let body = json!({"prompt": "rain", "external_task_id": "vg-1"});
    let (_, created) = post_to(&kling, "/v1/videos/text2video", &body).await;
    let old = created["data"]["task_id"].as_str().unwrap();
    let body = json!({"prompt": "rain", "options": {"external_task_id": "vg-2"}});
    let (_, created) = post_to(&kling, "/text-to-video/kling-3.0", &body).await;
    let new = created["data"]["id"].as_str().unwrap();
    let rows = [
        (format!("/v1/videos/text2video/{old}"), 200, 1),
        ("/v1/videos/text2video/vg-1".to_owned(), 200, 1),
        (format!("/v1/videos/image2video/{old}"), 400, 0),
        ("/v1/videos/image2video/vg-1".to_owned(), 400, 0),
        (format!("/v1/videos/text2video/{new}"), 400, 0),
        (format!("/tasks?task_ids=1,{new}"), 200, 1),
        ("/tasks?external_task_ids=vg-2".to_owned(), 200, 1),
        (format!("/tasks?task_ids={old}"), 200, 0),
        (format!("/tasks?task_ids={}", vec![new; 21].join(",")), 400, 0),
        ("/tasks".to_owned(), 400, 0),
    ];
    for (path, status, tasks) in rows {
        let (found, answer) = get_from(&kling, &path).await;
        let data = &answer["data"];
        let count = data.as_array().map_or(usize::from(data.is_object()), Vec::len);
        assert_eq!((found, count), (status, tasks), "{path}: {answer}");
    }
    let (_, queried) = get_from(&kling, "/v1/videos/text2video/vg-1").await;
    let url = queried["data"]["task_result"]["videos"][0]["url"].as_str().unwrap();
    assert_eq!(http_client().get(url).send().await.unwrap().bytes().await.unwrap(), sample::SAMPLE);
}

#[tokio::test]
async fn an_external_id_is_taken_once_at_all_endpoints_together() {
    let kling = kling(FOR_EVER, memory()).await;
    let old = json!({"prompt": "rain", "external_task_id": "vg-1"});
    let new = json!({"prompt": "rain", "options": {"external_task_id": "vg-1"}});
    assert_eq!(post_to(&kling, "/v1/videos/text2video", &old).await.0, 200);
    for (path, body) in [("/v1/videos/text2video", &old), ("/text-to-video/kling-2.6", &new)] {
        let (status, refused) = post_to(&kling, path, body).await;
        assert_eq!((status, &refused["code"]), (400, &json!(1201)), "{path}");
        assert_eq!(refused["message"], "External task id vg-1 already exists", "{path}");
    }
}

#[tokio::test]
async fn callbacks_tell_every_state_once_and_say_what_the_query_says() {
    let mut receiver = receiver(&[]).await;
    let kling = kling(Duration::from_millis(40), memory()).await;
    let rows = [
        (
            "/v1/videos/text2video",
            json!({"prompt": "unlucky", "callback_url": receiver.url()}),
            "task_status",
            ["submitted", "processing", "failed"],
        ),
        (
            "/text-to-video/kling-3.0",
            json!({"prompt": "rain", "options": {"callback_url": receiver.url()}}),
            "status",
            ["submitted", "processing", "succeeded"],
        ),
    ];
    for (path, body, word, states) in rows {
        let (_, created) = post_to(&kling, path, &body).await;
        let mut last = Value::Null;
        for state in states {
            let callback = receiver.called().await;
            let body = json_of(&callback);
            assert_eq!(body[word], state, "{path}");
            let [id, timestamp] =
                ["webhook-id", "webhook-timestamp"].map(|name| header(&callback, name));
            let signer = Signer::read(WEBHOOK_SECRET).unwrap();
            let expected = signer.sign(id, timestamp, callback.body());
            assert_eq!(header(&callback, "webhook-signature"), expected, "{path} {state}");
            last = body;
        }
        let queried = match created["data"]["id"].as_str() {
            Some(id) => {
                get_from(&kling, &format!("/tasks?task_ids={id}")).await.1["data"][0].clone()
            }
            None => {
                let id = created["data"]["task_id"].as_str().unwrap();
                get_from(&kling, &format!("{path}/{id}")).await.1["data"].clone()
            }
        };
        assert_eq!(queried, last, "{path}");
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let mut receiver = receiver(&[]).await;

    let before = kling(Duration::from_millis(400), open()).await;
    let body =
        json!({"prompt": "rain", "external_task_id": "vg-1", "callback_url": receiver.url()});
    let (_, created) = post_to(&before, "/v1/videos/text2video", &body).await;
    assert_eq!(json_of(&receiver.called().await)["task_status"], "submitted");
    drop(before);

    let after = kling(FOR_EVER, open()).await;
    for state in ["processing", "succeed"] {
        let body = json_of(&receiver.called().await);
        assert_eq!(body["task_status"], state);
        assert_eq!(body["task_id"], created["data"]["task_id"]);
    }
    let (_, queried) = get_from(&after, "/v1/videos/text2video/vg-1").await;
    let url = queried["data"]["task_result"]["videos"][0]["url"].as_str().unwrap();
    assert_eq!(http_client().get(url).send().await.unwrap().status(), 200);
    assert_eq!(post_to(&after, "/v1/videos/text2video", &body).await.0, 400, "the id is taken");
}

async fn kling(pace: Duration, ledger: Ledger) -> Kling {
    let credentials = Credentials::ApiKey(KEY.to_owned());
    let webhook_secret = Some(WEBHOOK_SECRET.to_owned());
    start(Settings { credentials, webhook_secret, pace, ledger, clock: Clock::Machine })
        .await
        .unwrap()
}

async fn post_to(kling: &Kling, path: &str, body: &Value) -> (u16, Value) {
    let request = http_client()
        .post(format!("{}{path}", kling.base_url()))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string());
    send(request).await
}

async fn get_from(kling: &Kling, path: &str) -> (u16, Value) {
    let request = http_client()
        .get(format!("{}{path}", kling.base_url()))
        .header("authorization", format!("Bearer {KEY}"));
    send(request).await
}
