//! Creating and asking, with everything simulated.

use serde_json::{Value, json};

use crate::gateway::{Gateway, assert_error, send, tide};

#[tokio::test]
async fn a_request_becomes_a_video_that_can_be_downloaded() {
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&json!({
        "model": "viduq1", "prompt": "the tide comes in", "size": "1080x1920", "seed": 42, "user": "u-1",
    }))
    .await;

    let task = gateway.client.wait_for(&id, "succeeded").await;
    assert_eq!(task["task_id"], id.as_str());
    assert_eq!(task["format"], "mp4");
    assert_eq!(task["error"], Value::Null);
    assert_eq!(task["metadata"]["seed"], 42);
    assert_eq!(task["metadata"]["fps"], 24);
    assert_eq!(
        (&task["metadata"]["width"], &task["metadata"]["height"]),
        (&json!(1080), &json!(1920))
    );
    assert_eq!(task["metadata"]["credits"], 80, "{task}");
    assert!(task["expires_at"].is_string(), "the link's end is known: {task}");

    let video = gateway.client.http.get(task["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(video.headers()["content-type"], "video/mp4");
    let video = video.bytes().await.unwrap();
    assert_eq!(&video[4..8], b"ftyp", "an MP4 file begins like this");
}

#[tokio::test]
async fn the_vidu_request_of_the_public_documentation_works_word_for_word() {
    let gateway = Gateway::start().await;
    let body = r#"{"model":"viduq1","prompt":"An astronaut in a spacesuit walking on the moon, high quality, cinematic","size":"1920x1080",
     "image":"https://prod-ss-images.s3.cn-northwest-1.amazonaws.com.cn/vidu-maas/template/image2video.png","duration":5,
     "metadata":{"duration":5,"seed":0,"resolution":"1080p","movement_amplitude":"auto","bgm":false,"payload":"","callback_url":"https://your-callback-url.com/webhook"}}"#;
    let answer = send(
        gateway
            .client
            .request("POST", "/v1/video/generations")
            .header("content-type", "application/json")
            .body(body),
    )
    .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["status"], "queued");

    let id = answer.body["task_id"].as_str().unwrap();
    let task = gateway.client.wait_for(id, "succeeded").await;
    assert_eq!(task["metadata"]["payload"], "", "the client's note comes back");
    assert_ne!(task["metadata"]["seed"], 0, "the seed that was really used");
}

#[tokio::test]
async fn a_payload_comes_back_to_its_client() {
    let gateway = Gateway::start().await;
    let id = gateway
        .client
        .created(
            &json!({ "model": "viduq1", "prompt": "x", "metadata": { "payload": "order 17" } }),
        )
        .await;
    let task = gateway.client.task(&id).await;
    assert_eq!(task.body["metadata"]["payload"], "order 17");
    assert!(task.headers.contains_key("retry-after"), "a hint when to ask again: {task:?}");
}

#[tokio::test]
async fn n_makes_that_many_independent_tasks() {
    let gateway = Gateway::start().await;
    let mut body = tide();
    body["n"] = json!(3);
    let answer = gateway.client.create(&body).await;
    let ids: Vec<_> =
        answer.body["task_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(answer.body["task_id"], ids[0]);
    assert!(ids.len() == 3 && ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    let mut videos = Vec::new();
    for id in ids {
        videos.push(gateway.client.wait_for(id, "succeeded").await["url"].clone());
    }
    videos.dedup();
    assert_eq!(videos.len(), 3, "each has its own video");
}

#[tokio::test]
async fn what_cannot_be_honoured_is_a_warning_or_with_strict_handling_a_400() {
    let gateway = Gateway::start().await;
    let body = json!({ "model": "viduq1", "prompt": "x", "fps": 60, "metadata": { "negative_prompt": "rain" } });

    let answer = gateway.client.create(&body).await;
    assert_eq!(answer.status, 200);
    let params: Vec<_> = answer.body["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["param"])
        .collect();
    assert_eq!(params, ["fps", "metadata.negative_prompt"], "{answer:?}");

    let strict =
        |body: &Value| gateway.client.create_request(body).header("prefer", "handling=strict");
    assert_error(&send(strict(&body)).await, 400, "unsupported_parameter", Some("fps"));
    let fine = send(strict(&tide())).await;
    assert_eq!((fine.status.as_u16(), fine.body.get("warnings")), (200, None), "{fine:?}");
    assert_eq!(fine.headers["preference-applied"], "handling=strict");
}

#[tokio::test]
async fn a_refusal_is_an_error_that_says_whose_fault_it_is() {
    let gateway = Gateway::start().await;
    let answer =
        gateway.client.create(&json!({ "model": "viduq1", "prompt": "something forbidden" })).await;
    assert_error(&answer, 400, "content_policy_violation", None);
    let error = &answer.body["error"];
    assert_eq!((&error["retryable"], &error["charged"]), (&json!(false), &json!("no")));
    assert_eq!(error["vendor"]["name"], "vidu");
    assert_eq!(error["vendor"]["code"], "TaskPromptPolicyViolation");
    assert!(error["vendor"]["request_id"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn a_task_that_fails_later_says_why() {
    let gateway = Gateway::start().await;
    let id =
        gateway.client.created(&json!({ "model": "viduq1", "prompt": "an unlucky ship" })).await;
    let task = gateway.client.wait_for(&id, "failed").await;
    assert_eq!(task["url"], Value::Null);
    assert_eq!(task["error"]["code"], "content_policy_violation");
    assert_eq!(task["error"]["charged"], "no");
    assert_eq!(task["error"]["vendor"]["code"], "CreationPolicyViolation");
}

/// One request a row: method, path, content type, body, and the error that it gets.
#[tokio::test]
async fn every_wrong_request_gets_an_error_that_names_what_is_wrong() {
    let gateway = Gateway::start().await;
    let create = "/v1/video/generations";
    let task = "/v1/video/generations/01234567890123456789012345678901";
    let json_type = Some("application/json");
    let good = tide().to_string();
    let long = json!({
        "model": "jimeng_v30", "prompt": "x", "metadata": { "req_key": "k".repeat(500 * 1024) },
    });
    let long = long.to_string();
    let rows = [
        (
            "POST",
            create,
            json_type,
            long.as_str(),
            400,
            "invalid_parameter",
            Some("metadata.req_key"),
        ),
        ("PATCH", create, None, "", 405, "method_not_allowed", None),
        ("PUT", create, json_type, good.as_str(), 405, "method_not_allowed", None),
        ("PATCH", task, None, "", 405, "method_not_allowed", None),
        ("POST", task, json_type, good.as_str(), 405, "method_not_allowed", None),
        ("GET", "/v1/callbacks/vidu/x", None, "", 405, "method_not_allowed", None),
        ("GET", "/", None, "", 404, "route_not_found", None),
        ("POST", "/v1/videoz", json_type, good.as_str(), 404, "route_not_found", None),
        ("GET", "/v1/video/generations/", None, "", 404, "route_not_found", None),
        ("GET", task, None, "", 404, "task_not_found", Some("task_id")),
        ("GET", "/v1/video/generations/nonsense", None, "", 404, "task_not_found", Some("task_id")),
        ("GET", "/v1/video/generations/a%20b", None, "", 404, "task_not_found", Some("task_id")),
        (
            "POST",
            "/v1/video/generations?seed=1",
            json_type,
            good.as_str(),
            400,
            "invalid_parameter",
            Some("seed"),
        ),
        (
            "GET",
            "/v1/video/generations/01234567890123456789012345678901?verbose=1",
            None,
            "",
            400,
            "invalid_parameter",
            Some("verbose"),
        ),
        ("POST", create, Some("text/plain"), "a tide", 415, "unsupported_media_type", None),
        (
            "POST",
            create,
            Some("application/x-www-form-urlencoded"),
            "model=viduq1&prompt=x",
            415,
            "unsupported_media_type",
            None,
        ),
        ("POST", create, json_type, "", 400, "invalid_json", None),
        ("POST", create, json_type, "{", 400, "invalid_json", None),
        ("POST", create, json_type, "[]", 400, "invalid_json", None),
        ("POST", create, json_type, "{}", 400, "missing_parameter", Some("model")),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"viduq1"}"#,
            400,
            "missing_parameter",
            Some("prompt"),
        ),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"sora-2","prompt":"x"}"#,
            400,
            "unknown_model",
            Some("model"),
        ),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"viduq1","prompt":"x","n":9}"#,
            400,
            "invalid_parameter",
            Some("n"),
        ),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"viduq1","prompt":"x","duration":7}"#,
            400,
            "invalid_parameter",
            Some("duration"),
        ),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"viduq1","prompt":"x","response_format":"b64_json"}"#,
            400,
            "invalid_parameter",
            Some("response_format"),
        ),
        (
            "POST",
            create,
            json_type,
            r#"{"model":"viduq1","prompt":"x","callback_url":"ftp://a.example"}"#,
            400,
            "invalid_parameter",
            Some("callback_url"),
        ),
    ];
    for (method, path, content_type, body, status, code, param) in rows {
        let mut request = gateway.client.request(method, path).body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = send(request).await;
        println!("{method} {path} {body:.100}");
        assert_error(&answer, status, code, param);
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
    }
}

#[tokio::test]
async fn a_body_that_lambda_cannot_take_is_a_413() {
    let gateway = Gateway::start().await;
    for megabytes in [7, 11] {
        let mut body = tide();
        body["image"] = "A".repeat(megabytes * 1024 * 1024).into();
        assert_error(&gateway.client.create(&body).await, 413, "payload_too_large", None);
    }
}

#[tokio::test]
async fn deployed_webhook_rules_can_be_tried_at_home() {
    let options = local::Options { public_webhooks: true, ..local::Options::default() };
    let gateway = Gateway::with(options).await;
    let body = |url: &str| json!({ "model": "viduq1", "prompt": "x", "metadata": { "callback_url": url } });
    for url in ["http://hooks.example.com/", "https://127.0.0.1/", "https://169.254.169.254/latest"]
    {
        let answer = gateway.client.create(&body(url)).await;
        assert_error(&answer, 400, "invalid_parameter", Some("metadata.callback_url"));
    }
    assert_eq!(gateway.client.create(&body("https://hooks.example.com/video")).await.status, 200);
}
