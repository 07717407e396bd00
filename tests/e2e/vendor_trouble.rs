//! What vendors do on a bad day, and what a client sees of it.

use std::sync::Arc;

use create::Create;
use jiff::Timestamp;
use local::LOCAL_KEY;
use local::Reply;
use local::client::{clock, variables};
use local::simulators::simulate;
use serde_json::{Value, json};
use shared::runtime::Environment;
use shared::task::Vendor;

use crate::between::{Between, Call, Fault, Refusal, serve};
use crate::gateway::{Gateway, assert_error, tide};
use crate::scripted_vidu::{ScriptedVidu, VENDOR_TASK, success};

#[tokio::test]
async fn an_answer_that_leaves_it_open_is_a_queued_task_and_never_a_second_submission() {
    let rows = [
        (Reply::HangUp, "the connection broke after the request was heard"),
        (Reply::Page(200), "HTML"),
        (Reply::Page(502), "a proxy without its server"),
        (
            Reply::Json(500, json!({ "code": 500, "reason": "InternalServiceFailure" })),
            "broke inside",
        ),
        (Reply::Json(499, json!({ "code": 499, "reason": "Canceled" })), "hung up on itself"),
        (Reply::Json(200, json!({ "state": "created" })), "taken, but without an id"),
    ];
    for (reply, reason) in rows {
        let vidu = ScriptedVidu::replying([reply]).await;
        let gateway = Gateway::calling(&vidu).await;
        let answer = gateway.client.create(&tide()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["status"]),
            (200, &json!("queued")),
            "{reason}"
        );

        let id = answer.body["task_id"].as_str().unwrap();
        let task = gateway.client.task(id).await;
        assert_eq!(
            (task.status.as_u16(), &task.body["status"]),
            (200, &json!("queued")),
            "{reason}"
        );
        assert_eq!(vidu.submissions().len(), 1, "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_tells_whose_fault_it_is_and_whether_to_ask_again() {
    let error = |status: u16, reason: &str| {
        Reply::Json(
            status,
            json!({ "code": status, "reason": reason, "message": "m", "metadata": { "trace_id": "t-1" } }),
        )
    };
    let rows = [
        (error(400, "FieldInvalid"), 400, "vendor_rejected_request", false),
        (error(400, "AuditSubmitIllegal"), 400, "content_policy_violation", false),
        (error(401, "Unauthorized"), 502, "vendor_credentials_refused", false),
        (error(403, "Forbidden"), 502, "vendor_permission_denied", false),
        (error(400, "CreditInsufficient"), 502, "vendor_balance_exhausted", false),
        (error(429, "TooManyRequests"), 429, "vendor_rate_limited", true),
        (error(429, "QuotaExceeded"), 429, "vendor_concurrency_limited", true),
        (error(400, "OperationInProcess"), 503, "vendor_unavailable", true),
    ];
    for (reply, status, code, retryable) in rows {
        let vidu = ScriptedVidu::replying([reply]).await;
        let gateway = Gateway::calling(&vidu).await;
        let answer = gateway.client.create(&tide()).await;
        assert_error(&answer, status, code, None);
        let error = &answer.body["error"];
        assert_eq!(error["retryable"], retryable, "{code}");
        assert_eq!(error["charged"], "no", "{code}");
        assert_eq!(error["vendor"]["request_id"], "t-1", "{code}");
        assert_eq!(answer.headers.contains_key("retry-after"), retryable, "{code}");
    }
}

#[tokio::test]
async fn a_vendor_that_is_not_there_is_a_503_and_nothing_was_made() {
    // A port that was free a moment ago, and on which nobody listens.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let accounts = json!({ "vidu": { "base_url": base_url, "api_key": "k" } }).to_string();
    let gateway = Gateway::with(local::Options { accounts, ..local::Options::default() }).await;
    let answer = gateway.client.create(&tide()).await;
    assert_error(&answer, 503, "vendor_unavailable", None);
    assert_eq!(
        (&answer.body["error"]["retryable"], &answer.body["error"]["charged"]),
        (&json!(true), &json!("no"))
    );
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn of_several_tasks_those_that_were_taken_are_not_lost_with_one_that_was_refused() {
    let busy = Reply::Json(429, json!({ "code": 429, "reason": "QuotaExceeded" }));
    let vidu = ScriptedVidu::replying([busy]).await;
    let gateway = Gateway::calling(&vidu).await;
    let mut body = tide();
    body["n"] = json!(3);
    let answer = gateway.client.create(&body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["task_ids"].as_array().map(Vec::len), Some(2), "{answer:?}");
    assert_eq!(answer.body["warnings"][0]["param"], "n", "{answer:?}");
    assert_eq!(vidu.submissions().len(), 3);
}

#[tokio::test]
async fn a_client_that_asks_finds_out_even_when_no_vendor_ever_calls_back() {
    let accepted = json!({ "task_id": VENDOR_TASK, "state": "created", "seed": 77, "credits": 80 });
    let vidu = ScriptedVidu::replying([Reply::Json(200, accepted)]).await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));

    let task = gateway.client.wait_for(&id, "succeeded").await;
    assert_eq!(task["metadata"]["seed"], 77, "told at creation only, and kept");
    assert_eq!(vidu.polls(), 1, "impatient questions are answered from the table");
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cost_its_task() {
    let (answer_now, wait) = tokio::sync::oneshot::channel();
    let vidu = ScriptedVidu::answering_when(wait).await;
    let gateway = Gateway::calling(&vidu).await;
    let request = gateway.client.create_request(&tide()).send();
    let client = tokio::spawn(request);
    vidu.submitted(1).await;
    client.abort();
    assert!(client.await.is_err_and(|error| error.is_cancelled()));
    answer_now.send(()).expect("the vendor waits");

    let database = gateway.dynamodb();
    let stored = || async { database.scan().table_name("Tasks").send().await.expect("a scan") };
    let began = std::time::Instant::now();
    while !stored().await.items()[0].contains_key("vendor_task_id") {
        assert!(began.elapsed() < crate::gateway::DEADLINE, "the vendor's id was lost");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_the_vendor_is_sent_is_the_clients_request_in_its_own_words() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway
        .client
        .created(&json!({
            "model": "viduq2-turbo", "prompt": "x", "image": "iVBORw0KGgo=", "duration": "8", "size": "1280x720",
            "metadata": { "movement_amplitude": "small", "model": "viduq1", "callback_url": "https://c.example/" },
        }))
        .await;
    let sent = vidu.submissions().remove(0);
    let mut fields: Vec<_> = sent.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "callback_url",
            "duration",
            "images",
            "model",
            "movement_amplitude",
            "payload",
            "prompt",
            "resolution"
        ]
    );
    assert_eq!(sent["model"], "viduq2-turbo");
    assert_eq!(sent["images"], json!(["data:image/png;base64,iVBORw0KGgo="]));
    assert_eq!(sent["duration"], Value::from(8));
    assert_eq!(VENDOR_TASK.len(), 18, "ids are longer than a JSON number can hold");
}

/// A database that has no room for any transaction, and so for no end.
struct NoEnds;

impl Between for NoEnds {
    fn ask(&self, call: &mut Call) -> Fault {
        match call.operation.as_str() {
            "TransactWriteItems" => Fault::Refuse(Refusal::Conflict(vec![0])),
            _ => Fault::None,
        }
    }
}

#[tokio::test]
async fn what_a_client_was_told_is_refused_is_never_sent_again() {
    let gateway = Gateway::start().await;
    let database = serve(gateway.stack.database_url(), Arc::new(NoEnds)).await;
    let variable = variables(&gateway.stack, "Create", &database);
    let create = Create::start(&Environment::new(&variable)).expect("it starts");
    // Only Kling is ever sent the same once more. This prompt it refuses.
    let simulated = simulate::rewrite(
        br#"{"model":"kling-v3","prompt":"x","metadata":{"simulate":"busy"}}"#,
        &[Vendor::Kling],
    );
    let body = simulated.expect("good words").expect("rewritten");
    let request = http::Request::post("https://localhost/v1/video/generations")
        .header("authorization", format!("Bearer {LOCAL_KEY}"))
        .header("content-type", "application/json")
        .body(lambda_http::Body::from(body))
        .expect("a request");
    assert_eq!(create.answer(&request, &clock(Timestamp::now())).await.status(), 429);
    let stored = gateway.dynamodb().scan().table_name("Tasks").send().await.expect("items");
    let [task] = stored.items() else { panic!("one task: {stored:?}") };
    assert_eq!(task["status"].as_s().expect("text"), "queued", "its end could not be written");
    assert!(!task.contains_key("repeat"), "nobody can send it once more");
}
