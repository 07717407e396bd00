//! Each vendor, from the request of the public documentation to a video.

use serde_json::{Value, json};
use shared::dialects::facts;
use shared::task::Vendor;

use crate::gateway::{Answer, Gateway, assert_error, send};

async fn post(gateway: &Gateway, body: &str) -> Answer {
    let request = gateway.client.request("POST", "/v1/video/generations");
    send(request.header("content-type", "application/json").body(body.to_owned())).await
}

async fn assert_video(gateway: &Gateway, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.body["task_id"].as_str().expect("a task_id");
    let task = gateway.client.wait_for(id, "succeeded").await;
    let video = gateway.client.http.get(task["url"].as_str().expect("a url")).send().await;
    assert_eq!(video.expect("an answer").headers()["content-type"], "video/mp4");
    task
}

fn warned(answer: &Answer) -> Vec<&str> {
    let warnings = answer.body["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    warnings.iter().filter_map(|warning| warning["param"].as_str()).collect()
}

#[tokio::test]
async fn the_kling_request_of_the_public_documentation_works_word_for_word() {
    let gateway = Gateway::start().await;
    let answer = post(&gateway, r#"{"model":"kling-v1","prompt":"An astronaut stands up and walks away","size":"1920x1080",
        "image":"https://h2.inkwai.com/bs2/upload-ylab-stunt/se/ai_portal_queue_mmu_image_upscale_aiweb/3214b798-e1b4-4b00-b7af-72b5b0417420_raw_image_0.jpg","duration":5,
        "metadata":{"seed":20231234,"negative_prompt":"blurry, low quality","image_tail":"https://h1.inkwai.com/kcdn/cdn-kcdn112452/kling-api-document/videos/image-tail.png"}}"#).await;
    assert_eq!(
        warned(&answer),
        ["metadata.seed", "size"],
        "no seed there, and the image has its own ratio"
    );
    let task = assert_video(&gateway, &answer).await;
    assert_eq!(task["model"], "kling-v1");
}

#[tokio::test]
async fn the_jimeng_request_of_the_public_documentation_works_word_for_word() {
    let gateway = Gateway::start().await;
    let answer = post(&gateway, r#"{"model":"jimeng_vgfm_t2v_l20","prompt":"An astronaut stands up and walks away",
        "image":"https://h2.inkwai.com/bs2/upload-ylab-stunt/a.jpg",
        "metadata":{"req_key":"jimeng_vgfm_i2v_l20","image_urls":["https://h2.inkwai.com/bs2/upload-ylab-stunt/a.jpg"],"aspect_ratio":"16:9"}}"#).await;
    assert_eq!(warned(&answer), ["model"], "another product was named, and the image sent once");
    let task = assert_video(&gateway, &answer).await;
    assert_eq!(task["metadata"]["duration"], 5, "Jimeng tells nothing; the request did");
    assert_eq!(task["metadata"]["fps"], 24);
}

#[tokio::test]
async fn every_kind_of_model_makes_a_video() {
    let gateway = Gateway::start().await;
    let image = "https://i.example/a.png";
    let bodies = [
        json!({ "model": "kling-v3", "prompt": "x", "duration": 7, "size": "720x1280", "metadata": { "sound": "on", "mode": "pro" } }),
        json!({ "model": "kling-v2-6", "prompt": "x", "image": "iVBORw0KGgo=" }),
        json!({ "model": "kling-3.0", "prompt": "x", "size": "1920x1080", "duration": "5" }),
        json!({ "model": "kling-2.6", "prompt": "x", "images": [image, image], "metadata": { "resolution": "1080p" } }),
        json!({ "model": "kling-o1", "prompt": "x" }),
        json!({ "model": "jimeng_v30", "prompt": "x", "duration": 10, "seed": 7, "size": "1280x720" }),
        json!({ "model": "jimeng_v30_1080p", "prompt": "x", "images": [image, image] }),
        json!({ "model": "jimeng_v30", "prompt": "x", "image": image, "metadata": { "template_id": "crane_push", "camera_strength": "weak" } }),
        json!({ "model": "jimeng_v30_pro", "prompt": "x", "image": "data:image/png;base64,iVBORw0KGgo=" }),
        json!({ "model": "viduq3-turbo", "prompt": "x", "images": [image, image], "metadata": { "audio": true } }),
        json!({ "model": "viduq2-pro", "prompt": "x", "images": [image, image, image] }),
    ];
    let mut answers = Vec::new();
    for body in &bodies {
        answers.push(gateway.client.create(body).await);
    }
    for (body, answer) in bodies.iter().zip(answers) {
        println!("{body}");
        assert_video(&gateway, &answer).await;
    }
}

#[tokio::test]
async fn every_vendor_refuses_and_fails_in_the_same_words() {
    let gateway = Gateway::start().await;
    for model in Vendor::ALL.into_iter().flat_map(|vendor| facts(vendor).samples) {
        let answer =
            gateway.client.create(&json!({ "model": model, "prompt": "a forbidden thing" })).await;
        assert_error(&answer, 400, "content_policy_violation", None);

        let id =
            gateway.client.created(&json!({ "model": model, "prompt": "an unlucky thing" })).await;
        let task = gateway.client.wait_for(&id, "failed").await;
        // Some say that the next one may pass.
        let code = task["error"]["code"].as_str().expect("a code");
        assert!(["content_policy_violation", "output_rejected"].contains(&code), "{task}");
    }
}

#[tokio::test]
async fn an_alias_hides_the_vendors_name() {
    let model_aliases = Some(r#"{"my-video":"kling-v3"}"#.to_owned());
    let gateway =
        Gateway::with(local::Options { model_aliases, ..local::Options::default() }).await;
    let body = json!({ "model": "my-video", "prompt": "x" });
    let id = gateway.client.created(&body).await;
    assert_eq!(gateway.client.task(&id).await.body["model"], "my-video");

    let client = gateway.with_key("sk-alias", json!({ "models": ["my-*"] })).await;
    assert_eq!(client.create(&body).await.status, 200, "the public name is what a key allows");
    let direct = client.create(&json!({ "model": "kling-v3", "prompt": "x" })).await;
    assert_error(&direct, 403, "model_not_allowed", Some("model"));
}

#[tokio::test]
async fn a_key_is_not_led_around_its_models_by_a_vendors_option() {
    let gateway = Gateway::start().await;
    let client = gateway.with_key("sk-text", json!({ "models": ["jimeng_t2v*"] })).await;
    let body = json!({
        "model": "jimeng_t2v_v30", "prompt": "x", "metadata": { "req_key": "jimeng_t2v_v30_1080p" },
    });
    assert_eq!(client.create(&body).await.status, 200);
    let body = json!({ "model": "jimeng_t2v_v30", "prompt": "x", "metadata": { "req_key": "jimeng_v30_pro" } });
    assert_error(&client.create(&body).await, 403, "model_not_allowed", Some("model"));
}
