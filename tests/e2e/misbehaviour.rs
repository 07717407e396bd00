//! `metadata.simulate`: simulated vendors misbehave on command, and the gateway bears it.
//!
//! Not here: submissions that are never answered, which would cost each run the gateway's patience.

use std::time::Instant;

use serde_json::{Value, json};
use shared::dialects::facts;
use shared::task::Vendor;

use crate::gateway::{Answer, DEADLINE, Gateway, assert_error};
use crate::scripted_vidu::ScriptedVidu;

/// A model of each family and endpoint of each vendor, as the vendors' folders name them.
fn models() -> impl Iterator<Item = &'static str> {
    Vendor::ALL.into_iter().flat_map(|vendor| facts(vendor).samples).copied()
}

fn body(model: &str, simulate: &Value) -> Value {
    // A vendor that is busy is so over a prompt, and one vendor has two of the models.
    let prompt = format!("the tide, by {model}");
    json!({ "model": model, "prompt": prompt, "metadata": { "simulate": simulate } })
}

async fn create(gateway: &Gateway, model: &str, simulate: &Value) -> Answer {
    let answer = gateway.client.create(&body(model, simulate)).await;
    assert!(answer.body["warnings"].is_null(), "{model} {simulate}: {answer:?}");
    answer
}

#[tokio::test]
async fn a_task_ends_as_its_vendor_ends_it_whatever_is_called_back_and_answered_before() {
    let gateway = Gateway::start().await;
    let rows = [
        (json!("lost-callbacks"), "succeeded"),
        (json!("late-callbacks"), "succeeded"),
        (json!("doubled-callbacks"), "succeeded"),
        (json!("reordered-callbacks"), "succeeded"),
        (json!("forged-callbacks"), "succeeded"),
        (json!(["forged-callbacks", "doubled-callbacks", "moderated"]), "failed"),
        (json!("busy-polls"), "succeeded"),
        (json!("failing-polls"), "succeeded"),
        (json!("unknown-at-first"), "succeeded"),
        (json!("moderated"), "failed"),
        (json!("endless"), "processing"),
        (json!([]), "succeeded"),
    ];
    let mut created = Vec::new();
    for (simulate, status) in &rows {
        for model in models() {
            let answer = create(&gateway, model, simulate).await;
            assert_eq!(answer.status, 200, "{model} {simulate}: {answer:?}");
            let id = answer.body["task_id"].as_str().expect("a task_id").to_owned();
            created.push((id, *status, format!("{model} {simulate}")));
        }
    }
    for (id, status, what) in created {
        println!("{what}");
        let task = gateway.client.wait_for(&id, status).await;
        if status == "failed" {
            let code = task["error"]["code"].as_str().expect("a code");
            let moderated = ["content_policy_violation", "output_rejected"];
            assert!(moderated.contains(&code), "{what}: {code}");
        }
    }
}

#[tokio::test]
async fn a_submission_that_breaks_is_a_queued_task() {
    let gateway = Gateway::start().await;
    for word in ["dropped-before", "dropped-after", "html-before", "html-after"] {
        for model in models() {
            let answer = create(&gateway, model, &json!(word)).await;
            let queued = (answer.status.as_u16(), &answer.body["status"]);
            assert_eq!(queued, (200, &json!("queued")), "{model} {word}");
        }
    }
}

#[tokio::test]
async fn a_busy_vendor_is_the_clients_to_ask_again() {
    let gateway = Gateway::start().await;
    for model in models() {
        let began = Instant::now();
        let answer = create(&gateway, model, &json!("busy")).await;
        assert_error(&answer, 429, "vendor_rate_limited", None);
        while create(&gateway, model, &json!("busy")).await.status != 200 {
            assert!(began.elapsed() < DEADLINE, "{model} is busy for ever");
        }
    }
}

#[tokio::test]
async fn an_unknown_word_is_refused_and_costs_nothing() {
    let gateway = Gateway::start().await;
    for model in models() {
        for simulate in [json!("lazy"), json!(["busy", "lazy"]), json!(1), json!({})] {
            let answer = create(&gateway, model, &simulate).await;
            assert_error(&answer, 400, "invalid_parameter", Some("metadata.simulate"));
        }
    }
}

#[tokio::test]
async fn a_vendor_that_is_called_for_real_is_not_asked_to_misbehave() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let answer = gateway.client.create(&body("viduq2", &json!("lost-callbacks"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["warnings"][0]["param"], "metadata.simulate", "{answer:?}");
    assert_eq!(vidu.submissions()[0]["prompt"], "the tide, by viduq2");

    let simulated = create(&gateway, "kling-v3", &json!("moderated")).await;
    let id = simulated.body["task_id"].as_str().expect("a task_id");
    gateway.client.wait_for(id, "failed").await;
}
