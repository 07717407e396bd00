//! Requests and answers of the gateway whose paths these are, QuantumNous/new-api,
//! as its `docs/openapi/relay.json` has them: who wrote a client for those can keep it.
//!
//! On purpose unlike: a task that is being made is `processing` and not
//! `in_progress`, one that is done `succeeded` and not `completed`, as that
//! project's prose has it; an error's `code` is a word and not a number; and what
//! is not known yet is `null` where it is left out there.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::contract::CONTRACT;
use crate::gateway::Gateway;

/// `VideoRequest`, with the example of each of its members.
fn request() -> Value {
    json!({
        "model": "kling-v1", "prompt": "宇航员站起身走了", "image": "https://example.com/image.jpg",
        "duration": 5, "width": 1280, "height": 720, "fps": 30, "seed": 20231234, "n": 1,
        "response_format": "url", "user": "user-1234",
        "metadata": { "negative_prompt": "rain", "style": "x", "quality_level": "y" },
    })
}

/// The operation's own example, word for word.
fn example() -> Value {
    json!({
        "model": "kling-v1", "prompt": "宇航员在月球上漫步",
        "duration": 5, "width": 1280, "height": 720,
    })
}

/// `VideoResponse`: its members are promised here, which is more than there.
fn created() -> Validator {
    validator(&json!({
        "type": "object", "required": ["task_id", "status"],
        "properties": { "task_id": { "type": "string" }, "status": { "type": "string" } },
    }))
}

/// `VideoTaskResponse`, `VideoTaskMetadata` and `VideoTaskError`.
fn task() -> Validator {
    // What is unknown is null: the members themselves are always there.
    let integer = json!({ "type": ["integer", "null"] });
    validator(&json!({
        "type": "object", "required": ["task_id", "status", "url", "format", "metadata", "error"],
        "properties": {
            "task_id": { "type": "string" },
            "status": { "enum": ["queued", "processing", "succeeded", "failed"] },
            "url": { "type": ["string", "null"] },
            "format": { "type": "string" },
            "metadata": {
                "type": "object", "required": ["duration", "fps", "width", "height", "seed"],
                "properties": {
                    "duration": { "type": ["number", "null"] },
                    "fps": integer, "width": integer, "height": integer, "seed": integer,
                },
            },
            "error": {
                "type": ["object", "null"], "required": ["code", "message"],
                "properties": { "code": { "type": "string" }, "message": { "type": "string" } },
            },
        },
    }))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a schema")
}

#[test]
fn the_public_requests_are_requests_here() {
    for body in [request(), example()] {
        CONTRACT.check("#/components/schemas/CreateRequest", &body, "a public request");
    }
}

#[tokio::test]
async fn the_public_requests_are_answered_as_promised() {
    let gateway = Gateway::start().await;
    for body in [request(), example()] {
        let answer = gateway.client.create(&body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(created().is_valid(&answer.body), "{answer:?}");
        assert_eq!(answer.body["status"], "queued");
        let id = answer.body["task_id"].as_str().expect("an id");
        let first = gateway.client.task(id).await.body;
        assert!(task().is_valid(&first), "{first}");
        let done = gateway.client.wait_for(id, "succeeded").await;
        assert!(task().is_valid(&done), "{done}");
        assert!(done["url"].is_string() && done["metadata"]["duration"].is_number(), "{done}");
    }
}

#[tokio::test]
async fn a_public_task_that_fails_tells_a_code_and_a_message() {
    let gateway = Gateway::start().await;
    let mut body = example();
    body["prompt"] = json!("an unlucky ship");
    let id = gateway.client.created(&body).await;
    let failed = gateway.client.wait_for(&id, "failed").await;
    assert!(task().is_valid(&failed) && failed["error"].is_object(), "{failed}");
}
