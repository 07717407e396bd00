//! What models there are, and what each can do: the lists, for whom they are, and how a name that
//! is not in them is answered.

use local::Options;
use serde_json::{Value, json};

use crate::gateway::{Answer, Client, Gateway, assert_error, send};

const LISTS: [&str; 3] = ["/v1/models", "/v1/video/models", "/v1/videos/models"];

async fn get(client: &Client, path: &str) -> Answer {
    send(client.request("GET", path)).await
}

/// The names in a list.
async fn names(client: &Client, path: &str) -> Vec<String> {
    let answer = get(client, path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let models = answer.body["data"].as_array().expect("a list");
    models.iter().map(|model| model["id"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn every_list_has_the_same_models_and_each_is_shown_alone() {
    let gateway = Gateway::start().await;
    let listed = names(&gateway.client, LISTS[0]).await;
    for model in ["viduq1", "kling-v3", "kling-3.0-omni", "jimeng_v30", "jimeng_t2v_v30"] {
        assert!(listed.iter().any(|name| name == model), "{model}: {listed:?}");
    }
    for list in LISTS {
        assert_eq!(names(&gateway.client, list).await, listed, "{list}");
    }
    let full = get(&gateway.client, LISTS[1]).await.body;
    assert_eq!(get(&gateway.client, LISTS[2]).await.body, full);
    let brief = get(&gateway.client, LISTS[0]).await.body;
    let both = full["data"].as_array().into_iter().zip(brief["data"].as_array());
    for (full, brief) in both.flat_map(|(full, brief)| full.iter().zip(brief)) {
        let path = format!("/v1/models/{}", full["id"].as_str().expect("a name"));
        let alone = get(&gateway.client, &path).await.body;
        for (name, value) in [full, brief].into_iter().flat_map(|it| it.as_object().expect("it")) {
            assert_eq!(alone[name], *value, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_name_that_no_list_has_is_passed_on_if_it_may_be_a_vendors() {
    let gateway = Gateway::start().await;
    let model = get(&gateway.client, "/v1/models/viduq9-max").await;
    assert_eq!(model.body["filmgate"]["status"], "passed_on", "{model:?}");
    assert_eq!(model.body["owned_by"], "vidu");
    assert_eq!(model.body["supported_durations"], Value::Null);
    for name in ["sora-2", "viduq1%2F..", "x"] {
        let answer = get(&gateway.client, &format!("/v1/models/{name}")).await;
        let status = if name.starts_with("vidu") { 200 } else { 404 };
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 404 {
            assert_error(&answer, 404, "model_not_found", Some("model"));
        }
    }
}

#[tokio::test]
async fn a_key_sees_the_models_that_it_may_use_and_an_alias_hides_what_it_stands_for() {
    let aliases = r#"{"my-video":"kling-v3","viduq1":"viduq2"}"#.to_owned();
    let options = Options { model_aliases: Some(aliases), ..Options::default() };
    let gateway = Gateway::with(options).await;
    let mine = gateway.with_key("sk-mine", json!({ "models": ["my-*"] })).await;
    for list in LISTS {
        assert_eq!(names(&mine, list).await, ["my-video"], "{list}");
    }
    let full = get(&mine, "/v1/models/my-video").await;
    assert!(!full.body.to_string().contains("kling-v3"), "{full:?}");
    assert_eq!(full.body["supported_durations"][0], 3, "{full:?}");
    let hidden = get(&mine, "/v1/models/kling-v3").await;
    assert_error(&hidden, 404, "model_not_found", Some("model"));

    let all = names(&gateway.client, LISTS[0]).await;
    assert_eq!(all.iter().filter(|name| *name == "viduq1").count(), 1, "{all:?}");
    let other = get(&gateway.client, "/v1/models/viduq1").await.body;
    assert_eq!(other["supported_durations"].as_array().map(Vec::len), Some(10), "{other}");

    let none = gateway.with_key("sk-none", json!({ "models": [] })).await;
    assert_eq!(names(&none, LISTS[1]).await, [""; 0]);
    let stranger = Client::new(gateway.stack.url(), "sk-wrong");
    assert_error(&get(&stranger, LISTS[1]).await, 401, "unknown_api_key", None);
}

#[tokio::test]
async fn only_models_that_an_account_is_good_for_are_listed() {
    let gateway = Gateway::start().await;
    let pair = r#"{"kling":{"access_key":"ak","secret_key":"sk"}}"#;
    gateway.stack.put_secret("Accounts", pair);
    let listed = names(&gateway.client, LISTS[1]).await;
    assert!(listed.contains(&"kling-v3".to_owned()), "{listed:?}");
    assert!(listed.iter().all(|name| name.starts_with("kling-v")), "{listed:?}");
    let vidu = get(&gateway.client, "/v1/models/viduq1").await;
    assert_error(&vidu, 404, "model_not_found", Some("model"));
}

#[tokio::test]
async fn without_accounts_there_is_no_list() {
    let gateway = Gateway::start().await;
    gateway.stack.put_secret("Accounts", "no JSON");
    assert_error(&get(&gateway.client, LISTS[1]).await, 500, "internal_error", None);
}

#[tokio::test]
async fn who_has_a_list_is_told_so() {
    let gateway = Gateway::start().await;
    let tag = get(&gateway.client, LISTS[1]).await.headers["etag"].to_str().unwrap().to_owned();
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"x\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
    ] {
        let request = gateway.client.request("GET", LISTS[1]).header("if-none-match", &known);
        let answer = send(request).await;
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.headers["etag"], tag.as_str());
        assert_eq!(answer.headers["cache-control"], "private, max-age=60");
        assert_eq!(answer.headers["vary"], "authorization");
    }
    for list in LISTS {
        let answer = send(gateway.client.request("POST", list)).await;
        assert_error(&answer, 405, "method_not_allowed", None);
        let answer = get(&gateway.client, &format!("{list}?limit=3")).await;
        assert_error(&answer, 400, "invalid_parameter", Some("limit"));
    }
}

#[tokio::test]
async fn who_misspells_a_model_is_told_the_known_names() {
    let gateway = Gateway::start().await;
    let body = |model: &str| json!({ "model": model, "prompt": "x" });
    for (model, known) in [("vidq1", "viduq1"), ("Kling-v3", "kling-v3"), ("sora-2", "kling…")] {
        let answer = gateway.client.create(&body(model)).await;
        assert_error(&answer, 400, "unknown_model", Some("model"));
        let message = answer.body["message"].as_str().expect("text");
        assert!(message.contains(known), "{model}: {message}");
    }
    // What a vendor's name begins with is passed on, and the vendor says that it has none.
    for (model, known) in [("viduq9-max", "viduq1"), ("kling-v99", "kling-v3")] {
        let answer = gateway.client.create(&body(model)).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_eq!(answer.body["param"], "model", "{answer:?}");
        assert_eq!(answer.body["error"]["charged"], "no");
        let message = answer.body["message"].as_str().expect("text");
        assert!(message.contains(known), "{model}: {message}");
    }
    let q1_only = gateway.with_key("sk-q1", json!({ "models": ["viduq1", "vidq*"] })).await;
    let answer = q1_only.create(&body("vidq1")).await;
    let message = answer.body["message"].as_str().expect("text");
    assert!(message.contains("viduq1.") && !message.contains("viduq2"), "{message}");
}
