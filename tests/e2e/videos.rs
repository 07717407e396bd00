//! OpenAI's video API, as stock SDKs speak it: the same tasks on another surface.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::gateway::{Answer, Client, Gateway, assert_error, send};
use crate::webhook_receiver::WebhookReceiver;
use crate::webhooks::with_webhook;

const VIDEOS: &str = "/v1/videos";

/// A form as SDKs send it: texts, and files with names and types of their own.
fn form(texts: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    let head = |name: &str| {
        format!("--e5798445efa40348\r\nContent-Disposition: form-data; name=\"{name}\"")
    };
    for (name, text) in texts {
        body.extend(format!("{}\r\n\r\n{text}\r\n", head(name)).bytes());
    }
    for (name, file, bytes) in files {
        let rest = format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream");
        body.extend(format!("{}{rest}\r\n\r\n", head(name)).bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--e5798445efa40348--\r\n");
    body
}

fn create_request(client: &Client, form: Vec<u8>) -> reqwest::RequestBuilder {
    client
        .request("POST", VIDEOS)
        .header("content-type", "multipart/form-data; boundary=e5798445efa40348")
        .body(form)
}

async fn create(client: &Client, texts: &[(&str, &str)]) -> Answer {
    send(create_request(client, form(texts, &[]))).await
}

async fn video(client: &Client, id: &str) -> Answer {
    send(client.request("GET", &format!("{VIDEOS}/{id}"))).await
}

/// Asks until the video has this status; its progress never falls meanwhile.
async fn wait_for(client: &Client, id: &str, status: &str) -> Value {
    let mut progress = 0;
    loop {
        let answer = video(client, id).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let now = answer.body["progress"].as_u64().expect("a whole number");
        assert!(progress <= now && now <= 100, "{progress}, then {now}");
        progress = now;
        let is_there = answer.body["status"] == status;
        let is_final = matches!(answer.body["status"].as_str(), Some("completed" | "failed"));
        assert_eq!(answer.headers.contains_key("openai-poll-after-ms"), !is_final);
        if is_there {
            return answer.body;
        }
        assert!(!is_final, "{answer:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_stock_sdks_form_becomes_a_video() {
    let gateway = Gateway::start().await;
    let asked = [
        ("prompt", "A \"calm\" sea\nwith née 海"),
        ("model", "kling-v3"),
        ("seconds", "5"),
        ("size", "1280x720"),
    ];
    let answer = create(&gateway.client, &asked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let made = &answer.body;
    assert_eq!((&made["object"], &made["status"]), (&json!("video"), &json!("queued")));
    assert_eq!((&made["seconds"], &made["size"]), (&json!("5"), &json!("1280x720")));
    assert_eq!((&made["progress"], &made["model"]), (&json!(0), &json!("kling-v3")));
    let id = made["id"].as_str().expect("an id");
    assert!(id.starts_with("video_"), "{id}");

    let done = wait_for(&gateway.client, id, "completed").await;
    assert_eq!((&done["progress"], &done["created_at"]), (&json!(100), &made["created_at"]));
    assert!(done["completed_at"].is_i64() && done["expires_at"].is_i64(), "{done}");
    assert_eq!((&done["seconds"], &done["size"]), (&json!("5"), &json!("1280x720")));

    let bare = id.trim_start_matches("video_");
    assert_eq!(video(&gateway.client, bare).await.body, done, "without what it begins with");
    for id in [id, bare] {
        let task = gateway.client.task(id).await.body;
        assert_eq!((&task["task_id"], &task["url"]), (&json!(bare), &done["metadata"]["url"]));
    }
}

#[tokio::test]
async fn files_are_first_and_last_frame_and_an_address_sent_as_a_file_is_an_address() {
    let gateway = Gateway::start().await;
    let png = b"\x89PNG\r\n\x1a\n0000";
    let texts = [("prompt", "Day becomes night"), ("model", "viduq2-turbo")];
    let two = form(
        &texts,
        &[
            ("input_reference[]", "upload", png),
            ("input_reference[]", "upload", b"https://a.example/night.png"),
        ],
    );
    let answer = send(create_request(&gateway.client, two)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let html = form(&texts, &[("input_reference", "a.png", b"<html>")]);
    let refused = send(create_request(&gateway.client, html)).await;
    assert_error(&refused, 400, "invalid_parameter", Some("input_reference"));
}

#[tokio::test]
async fn the_way_to_a_video_is_another_origin_which_needs_no_key() {
    let gateway = Gateway::start().await;
    let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let mut client = gateway.client.clone();
    client.http = http;
    let made = create(&client, &[("prompt", "x"), ("model", "viduq1")]).await;
    let id = made.body["id"].as_str().expect("an id").to_owned();
    let content = format!("{VIDEOS}/{id}/content");
    let early = send(client.request("GET", &content)).await;
    assert_error(&early, 404, "video_not_ready", Some("task_id"));
    let done = wait_for(&client, &id, "completed").await;
    for method in ["GET", "HEAD"] {
        for query in ["", "?variant=video"] {
            let way = send(client.request(method, &format!("{content}{query}"))).await;
            assert_eq!(way.status, 302, "{way:?}");
            let location = way.headers["location"].to_str().expect("text");
            assert_eq!(location, done["metadata"]["url"]);
            assert!(!location.starts_with(gateway.stack.url()), "{location}");
            assert_eq!(way.headers["cache-control"], "no-store");
        }
    }
    let picture = send(client.request("GET", &format!("{content}?variant=thumbnail"))).await;
    assert_error(&picture, 404, "variant_not_available", Some("variant"));
    let video = gateway.client.request("GET", &content).send().await.expect("an answer");
    assert_eq!(&video.bytes().await.expect("a video")[4..8], b"ftyp");

    let unlucky = create(&client, &[("prompt", "an unlucky ship"), ("model", "viduq1")]).await;
    let id = unlucky.body["id"].as_str().expect("an id");
    let failed = wait_for(&client, id, "failed").await;
    assert_eq!(failed["error"]["code"], "content_policy_violation");
    let content = send(client.request("GET", &format!("{VIDEOS}/{id}/content"))).await;
    assert_error(&content, 404, "video_failed", Some("task_id"));
}

#[tokio::test]
async fn an_answer_that_comes_again_speaks_the_surface_of_the_first() {
    let gateway = Gateway::start().await;
    let body = form(&[("prompt", "x"), ("model", "viduq1"), ("n", "2")], &[]);
    let request = || create_request(&gateway.client, body.clone()).header("idempotency-key", "k");
    let first = send(request()).await;
    assert_eq!(first.body["metadata"]["task_ids"].as_array().map(Vec::len), Some(2), "{first:?}");
    let again = send(request()).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn a_webhook_speaks_the_surface_that_its_task_was_made_on() {
    let gateway = Gateway::start().await;
    let mut receiver = WebhookReceiver::start().await;
    let request = gateway
        .client
        .request("POST", VIDEOS)
        .header("content-type", "application/json")
        .body(with_webhook(&receiver.url).to_string());
    let made = send(request).await;
    assert_eq!(made.status, 200, "{made:?}");
    let told = receiver.called().await.body();
    assert_eq!((&told["type"], &told["object"]), (&json!("video.completed"), &json!("event")));
    assert_eq!((&told["data"]["id"], &told["data"]["object"]), (&made.body["id"], &json!("video")));
    assert_eq!(told["data"]["metadata"]["payload"], "order 17");
}

#[tokio::test]
async fn videos_are_listed_in_pages_that_sdks_follow() {
    let gateway = Gateway::start().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        let answer = create(&gateway.client, &[("prompt", "x"), ("model", "viduq1")]).await;
        made.push(answer.body["id"].clone());
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("{VIDEOS}?limit=1&order=desc{after}");
        let page = send(gateway.client.request("GET", &path)).await;
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(
            page.body["data"].as_array().expect("a list").iter().map(|it| it["id"].clone()),
        );
        if page.body["has_more"] == false {
            break;
        }
        after = format!("&after={}", page.body["last_id"].as_str().expect("an id"));
    }
    made.reverse();
    assert_eq!(seen, made);
    let none = send(gateway.client.request("GET", "/v1/videos?status=completed&model=x")).await;
    assert_eq!(none.body["data"], json!([]));
    let wrong = send(gateway.client.request("GET", "/v1/videos?status=succeeded")).await;
    assert_error(&wrong, 400, "invalid_parameter", Some("status"));
}

#[tokio::test]
async fn what_goes_wrong_says_its_name_and_whether_sdks_shall_come_again() {
    let gateway = Gateway::start().await;
    let nothing = send(gateway.client.request("POST", VIDEOS)).await;
    assert_error(&nothing, 400, "invalid_json", None);
    let model = create(&gateway.client, &[("prompt", "x")]).await;
    assert_error(&model, 400, "missing_parameter", Some("model"));
    let id = model.headers["x-request-id"].to_str().expect("text");
    assert_eq!(
        (&model.body["request_id"], &model.body["error"]["request_id"]),
        (&json!(id), &json!(id))
    );
    assert!(!model.headers.contains_key("x-should-retry"), "nobody repeats a 400");
    let unknown = video(&gateway.client, "video_00000000000000000000000000000000").await;
    assert_error(&unknown, 404, "task_not_found", Some("task_id"));
    for path in ["edits", "extensions", "characters", "video_0/remix"] {
        let answer = send(gateway.client.request("POST", &format!("{VIDEOS}/{path}"))).await;
        assert_error(&answer, 400, "not_supported", None);
    }
    let fine = create(&gateway.client, &[("prompt", "x"), ("model", "viduq1")]).await;
    assert!(fine.headers.contains_key("x-request-id"), "{fine:?}");
    let path = format!("{VIDEOS}/{}", fine.body["id"].as_str().expect("an id"));
    let head = send(gateway.client.request("HEAD", &path)).await;
    assert_eq!((head.status.as_u16(), head.body), (200, Value::Null));
}
