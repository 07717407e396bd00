//! The simulator over its socket, as the gateway meets it.

mod misbehaviour;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::simulators::http_client;
use crate::simulators::testing::{FOR_EVER, TestFile, listen, memory, send};

const KEY: &str = "api-key-kling-0001";
const WEBHOOK_SECRET: &str = "whsec_c2hhcmVkLXdlYmhvb2stc2VjcmV0LTAwMDAwMDAwMSE=";

#[tokio::test]
async fn whoever_has_no_key_is_refused_and_a_wrong_path_is_not_found() {
    let kling = kling(Duration::ZERO, memory()).await;
    let key = format!("Bearer {KEY}");
    let rows = [
        ("POST", "/v1/videos/text2video", "", 401, 1001),
        ("POST", "/v1/videos/text2video", "Bearer other", 401, 1002),
        ("GET", "/v1/videos/text2video/1", "Token x", 401, 1002),
        ("POST", "/text-to-video/kling-3.0", "", 401, 1001),
        ("GET", "/tasks?task_ids=1", "Bearer other", 401, 1002),
        ("GET", "/v1/videos/text2video/1", &key, 400, 1201),
        ("GET", "/tasks", &key, 400, 1201),
        ("GET", "/tasks?task_ids=1&external_task_ids=2", &key, 400, 1201),
        ("GET", "/tasks?ids=1", &key, 400, 1201),
        ("POST", "/v1/videos/text2videos", &key, 404, 1202),
        ("GET", "/v1/videos/text2video", &key, 404, 1202),
        ("GET", "/films/1.mp4", "", 404, 1203),
        ("POST", "/v1/videos/text2video", &key, 400, 1200),
    ];
    for (method, path, authorization, status, code) in rows {
        let request = http_client()
            .request(method.parse().unwrap(), format!("{}{path}", kling.base_url()))
            .header("authorization", authorization);
        let (found, body) = send(request).await;
        assert_eq!((found, &body["code"]), (status, &json!(code)), "{method} {path}");
        assert!(body["request_id"].is_string() && body.get("data").is_none());
    }
}

#[tokio::test]
async fn the_token_of_a_key_pair_opens_the_old_design_only() {
    let credentials = Credentials::KeyPair { access_key: "ak".into(), secret_key: "sk".into() };
    let settings = Settings { credentials, webhook_secret: None, pace: FOR_EVER, ledger: memory() };
    let kling = start(settings).await.unwrap();
    let now = Timestamp::now().as_second();
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let head = part(json!({"alg": "HS256", "typ": "JWT"}));
    let rows = [
        ("/v1/videos/text2video", now - 5, now + 1800, 200, 0),
        ("/v1/videos/text2video", now - 1801, now - 1, 401, 1004),
        ("/v1/videos/text2video", now + 60, now + 1800, 401, 1003),
        ("/text-to-video/kling-3.0", now - 5, now + 1800, 401, 1002),
    ];
    for (path, nbf, exp, status, code) in rows {
        let signed = format!("{head}.{}", part(json!({"iss": "ak", "exp": exp, "nbf": nbf})));
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"sk");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        let request = http_client()
            .post(format!("{}{path}", kling.base_url()))
            .header("authorization", format!("Bearer {signed}.{signature}"))
            .header("content-type", "application/json")
            .body(json!({"prompt": "rain"}).to_string());
        let (found, body) = send(request).await;
        assert_eq!((found, &body["code"]), (status, &json!(code)), "{path} {nbf} {exp}");
    }
}

#[tokio::test]
async fn a_generation_of_the_old_design_is_answered_queried_and_played() {
    let kling = kling(Duration::ZERO, memory()).await;
    let body = json!({"model_name": "kling-v2-5-turbo", "prompt": "rain", "duration": "10",
        "mode": "pro", "external_task_id": "vg-1"});
    let (status, created) = post_to(&kling, "/v1/videos/text2video", &body).await;
    let data = &created["data"];
    assert_eq!(
        (status, &created["code"], &created["message"]),
        (200, &json!(0), &json!("SUCCEED"))
    );
    let id = data["task_id"].as_str().unwrap();
    assert_eq!(id.len(), 18);
    assert_eq!(
        data,
        &json!({
            "task_id": id, "task_status": "submitted", "task_info": {"external_task_id": "vg-1"},
            "created_at": data["created_at"], "updated_at": data["created_at"],
        })
    );

    let (status, queried) = get_from(&kling, &format!("/v1/videos/text2video/{id}")).await;
    assert_eq!((status, &queried["data"]["task_status"]), (200, &json!("succeed")));
    assert_eq!(queried["data"]["final_unit_deduction"], "5");
    let (_, by_external_id) = get_from(&kling, "/v1/videos/text2video/vg-1").await;
    assert_eq!(by_external_id["data"], queried["data"]);
    for path in [format!("/v1/videos/image2video/{id}"), "/v1/videos/image2video/vg-1".to_owned()] {
        let (status, refused) = get_from(&kling, &path).await;
        assert_eq!((status, &refused["code"]), (400, &json!(1201)), "another path knows nothing");
        let message = refused["message"].as_str().unwrap();
        assert!(message.starts_with("Task not found by id/external id: "), "{message}");
    }
    let (_, elsewhere) = get_from(&kling, &format!("/tasks?task_ids={id}")).await;
    assert_eq!(elsewhere["data"], json!([]), "nor does the other design");

    let video = &queried["data"]["task_result"]["videos"][0];
    assert_eq!(video["duration"], "10.1");
    let played = http_client().get(video["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(played.headers()["content-type"], "video/mp4");
    assert_eq!(played.bytes().await.unwrap(), film::FILM);
}

#[tokio::test]
async fn a_generation_of_the_new_design_is_answered_and_queried_in_a_list() {
    let kling = kling(Duration::ZERO, memory()).await;
    let body = json!({"prompt": "rain", "options": {"external_task_id": "vg-1"}});
    let (status, created) = post_to(&kling, "/text-to-video/kling-3.0", &body).await;
    let data = &created["data"];
    let id = data["id"].as_str().unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        data,
        &json!({
            "id": id, "status": "submitted", "external_id": "vg-1",
            "create_time": data["create_time"], "update_time": data["create_time"],
        })
    );

    let (status, queried) = get_from(&kling, &format!("/tasks?task_ids=1,{id}")).await;
    assert_eq!(status, 200);
    assert_eq!(queried["data"].as_array().unwrap().len(), 1, "an unknown id is left out");
    assert_eq!(queried["data"][0]["status"], "succeeded");
    let (_, by_external_id) = get_from(&kling, "/tasks?external_task_ids=vg-1").await;
    assert_eq!(by_external_id["data"], queried["data"]);
    let (status, _) = get_from(&kling, &format!("/v1/videos/text2video/{id}")).await;
    assert_eq!(status, 400, "the other design knows nothing");
    let many = vec![id; 21].join(",");
    assert_eq!(get_from(&kling, &format!("/tasks?task_ids={many}")).await.0, 400);
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
    let mut listener = listen(vec![]).await;
    let kling = kling(Duration::from_millis(40), memory()).await;
    let rows = [
        (
            "/v1/videos/text2video",
            json!({"prompt": "unlucky", "callback_url": listener.base_url()}),
            "task_status",
            ["submitted", "processing", "failed"],
        ),
        (
            "/text-to-video/kling-3.0",
            json!({"prompt": "rain", "options": {"callback_url": listener.base_url()}}),
            "status",
            ["submitted", "processing", "succeeded"],
        ),
    ];
    for (path, body, word, states) in rows {
        let (_, created) = post_to(&kling, path, &body).await;
        let mut last = Value::Null;
        for state in states {
            let ring = listener.next().await;
            let body = ring.json();
            assert_eq!(body[word], state, "{path}");
            let [id, timestamp] = [ring.header("webhook-id"), ring.header("webhook-timestamp")];
            let expected = Signer::read(WEBHOOK_SECRET).unwrap().sign(id, timestamp, &ring.body);
            assert_eq!(ring.header("webhook-signature"), expected, "{path} {state}");
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
    let mut listener = listen(vec![]).await;

    let before = kling(Duration::from_millis(400), open()).await;
    let body =
        json!({"prompt": "rain", "external_task_id": "vg-1", "callback_url": listener.base_url()});
    let (_, created) = post_to(&before, "/v1/videos/text2video", &body).await;
    let first = listener.next().await;
    assert!(String::from_utf8_lossy(&first.body).contains("submitted"));
    drop(before);

    let after = kling(FOR_EVER, open()).await;
    for state in ["processing", "succeed"] {
        let ring = listener.next().await;
        let body = ring.json();
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
    start(Settings { credentials, webhook_secret, pace, ledger }).await.unwrap()
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
