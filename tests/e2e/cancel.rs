//! A client stops a task: what its vendor can stop is stopped, what it cannot says so, and what
//! ended meanwhile is told as it is.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use jiff::SignedDuration;
use local::Reply;
use serde_json::{Value, json};

use crate::audit::Audit;
use crate::gateway::{Answer, Client, Gateway, assert_error, send, tide};
use crate::scripted_vidu::{ScriptedVidu, state, success};
use crate::world::{Wanted, World, recording};

async fn cancel(client: &Client, id: &str) -> Answer {
    send(client.request("POST", &format!("/v1/video/generations/{id}/cancel"))).await
}

/// Asks for a video, and gives the id of its task.
async fn create(world: &World, model: &'static str, webhook: Option<String>) -> String {
    let secret = world.gateway.stack.webhook_secret();
    world.gateway.with_key("sk-own", json!({ "webhook_secret": secret })).await;
    let wanted = Wanted {
        api_key: "sk-own".to_owned(),
        model,
        prompt: format!("a tide by {model}"),
        count: 1,
        idempotency_key: None,
        try_number: None,
        webhook,
        simulate: Vec::new(),
    };
    let told = world.create(&wanted, recording(None).0).await;
    told.task_ids()[0].to_owned()
}

async fn withdraw(world: &World, id: &str) -> (StatusCode, Value) {
    let asked = ("POST", id, "/cancel");
    world.withdraw("sk-own", asked, recording(None).0).await.expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn a_task_that_its_vendor_stops_has_failed_and_cost_nothing() {
    let world = World::start().await;
    let webhooks = Arc::new(Mutex::new(Vec::new()));
    let seen = webhooks.clone();
    let hook = world.receive_webhooks(move |told| {
        seen.lock().expect("nothing panics").push(told.clone());
        StatusCode::NO_CONTENT
    });
    let id = create(&world, "viduq1", Some(hook.await)).await;
    let (status, cancelled) = withdraw(&world, &id).await;
    assert_eq!((status.as_u16(), &cancelled["status"]), (200, &json!("failed")), "{cancelled}");
    assert_eq!(cancelled["error"]["code"], "cancelled_at_vendor");
    assert_eq!(cancelled["error"]["charged"], "no", "its credits came back");
    assert_eq!(cancelled["error"]["vendor"]["code"], "UserCancelled");
    assert_eq!(withdraw(&world, &id).await, (status, cancelled.clone()), "and once more");

    world.settle(1).await;
    let told = std::mem::take(&mut *webhooks.lock().expect("nothing panics"));
    let [told] = &told[..] else { panic!("it is told once: {told:?}") };
    assert_eq!(told["type"], "video.generation.failed");
    assert_eq!(told["data"], cancelled);
    assert_eq!(Audit::of(&world).await.breaches, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_cannot_stop_goes_on() {
    let world = World::start().await;
    for (model, vendor) in [("kling-v3", "kling"), ("jimeng_v30", "jimeng")] {
        let id = create(&world, model, None).await;
        let (status, refused) = withdraw(&world, &id).await;
        assert_eq!((status.as_u16(), &refused["code"]), (409, &json!("cancel_unsupported")));
        assert_eq!(refused["message"], format!("{vendor} cannot stop a task; it goes on."));
        assert_eq!(refused["error"]["retryable"], false);
        assert_eq!(refused["error"]["charged"], "unknown");
        world.settle(1).await;
        let (status, ended) = withdraw(&world, &id).await;
        assert_eq!((status.as_u16(), &ended["status"]), (200, &json!("succeeded")), "as it is");
    }
    assert_eq!(Audit::of(&world).await.breaches, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_too_far_is_told_as_it_is() {
    let world = World::start().await;
    let id = create(&world, "viduq1", None).await;
    world.sleep_until(world.now() + SignedDuration::from_secs(30)).await;
    let (status, going_on) = withdraw(&world, &id).await;
    assert_eq!((status.as_u16(), &going_on["status"]), (200, &json!("processing")));
    world.settle(1).await;
    let (status, ended) = withdraw(&world, &id).await;
    assert_eq!((status.as_u16(), &ended["status"]), (200, &json!("succeeded")));
    assert_eq!(Audit::of(&world).await.breaches, [""; 0]);
}

#[tokio::test]
async fn a_task_that_ended_meanwhile_is_told_as_it_ended() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    let too_late = json!({ "code": 400, "reason": "BadRequest", "message": "can not cancel" });
    vidu.reply_to_cancels(Reply::Json(400, too_late));
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    let told = cancel(&gateway.client, &id).await;
    assert_eq!((told.status.as_u16(), &told.body["status"]), (200, &json!("succeeded")));
    assert_eq!(told.body["url"], "https://videos.example/1.mp4");
    let polls = vidu.polls();
    assert_eq!(cancel(&gateway.client, &id).await.body, told.body);
    assert_eq!((vidu.cancels(), vidu.polls()), (1, polls), "nobody is asked about an end");
}

#[tokio::test]
async fn each_surface_is_answered_in_its_own_words() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    let path = format!("/v1/videos/video_{id}/cancel");
    let told = send(gateway.client.request("POST", &path)).await;
    assert_eq!((told.status.as_u16(), &told.body["status"]), (200, &json!("completed")));
    assert_eq!(told.body["id"], format!("video_{id}"));
    assert_eq!(cancel(&gateway.client, &id).await.body["status"], "succeeded");
    let refused = send(gateway.client.request("GET", &path)).await;
    assert_error(&refused, 405, "method_not_allowed", None);
}

#[tokio::test]
async fn what_was_stopped_is_told_when_its_vendor_says_so() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    // The vendor has heard it, and still works on it.
    let told = cancel(&gateway.client, &id).await;
    assert_eq!((told.status.as_u16(), &told.body["status"]), (200, &json!("processing")));
    let stopped = json!({ "state": "failed", "err_code": "UserCancelled" });
    vidu.reply_to_polls(Reply::Json(200, stopped));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    let task = gateway.client.task(&id).await.body;
    assert_eq!(task["error"]["code"], "cancelled_at_vendor");
    assert_eq!(task["error"]["charged"], "unknown", "it does not say what it cost");
    let path = format!("/v1/video/generations/{id}/events");
    let events = send(gateway.client.request("GET", &path)).await.body;
    let requested = &events["events"][2];
    assert_eq!(
        (&requested["event"], &requested["by"]),
        (&json!("cancel_requested"), &json!("withdraw"))
    );
}

#[tokio::test]
async fn a_vendor_that_does_not_say_that_it_stops_a_task_leaves_it_alone() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    let polls = vidu.polls();
    let error = |reason: &str| json!({ "reason": reason, "message": "no" });
    for (reply, status, code) in [
        (Reply::Page(502), 503, "vendor_failed"),
        (Reply::Page(200), 503, "vendor_unreadable"),
        (Reply::Page(404), 503, "vendor_unreadable"),
        (Reply::Json(500, error("InternalServiceFailure")), 503, "vendor_failed"),
        (Reply::Json(429, error("TooManyRequests")), 429, "vendor_rate_limited"),
        (Reply::Json(403, error("Forbidden")), 502, "vendor_permission_denied"),
    ] {
        vidu.reply_to_cancels(reply);
        let refused = cancel(&gateway.client, &id).await;
        assert_error(&refused, status, code, None);
        assert_eq!(refused.body["error"]["charged"], "unknown", "{refused:?}");
        let message = refused.body["message"].as_str().expect("text");
        assert!(message.contains("goes on"), "{message}");
        assert_eq!(refused.headers.contains_key("retry-after"), status != 502, "{refused:?}");
    }
    assert_eq!(vidu.polls(), polls, "nothing is new");
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    assert_eq!(vidu.call_back(&json!({})).await, 200);
    assert_eq!(gateway.client.task(&id).await.body["status"], "succeeded");
}

#[tokio::test]
async fn a_task_without_its_vendors_id_cannot_be_stopped_yet() {
    let vidu = ScriptedVidu::replying([Reply::Page(502)]).await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    let refused = cancel(&gateway.client, &id).await;
    assert_error(&refused, 409, "cancel_too_early", Some("task_id"));
    assert_eq!(refused.body["error"]["retryable"], true);
    assert_eq!(refused.headers["retry-after"], "5");
    assert_eq!(vidu.cancels(), 0);
}

#[tokio::test]
async fn only_ones_own_tasks_can_be_stopped_and_the_body_is_not_read() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let other = gateway.with_key("sk-other", json!({})).await;
    let id = gateway.client.created(&tide()).await;
    let none = "0".repeat(32);
    for (client, id) in [(&other, &id), (&gateway.client, &none), (&gateway.client, &"x".into())] {
        let refused = cancel(client, id).await;
        assert_error(&refused, 404, "task_not_found", Some("task_id"));
    }
    let nobody = Client::new(gateway.stack.url(), "sk-nobodys");
    assert_error(&cancel(&nobody, &id).await, 401, "unknown_api_key", None);
    let path = format!("/v1/video/generations/video_{id}/cancel");
    let queried = send(gateway.client.request("POST", &format!("{path}?now=1"))).await;
    assert_error(&queried, 400, "invalid_parameter", Some("now"));
    for method in ["GET", "DELETE"] {
        let refused = send(gateway.client.request(method, &path)).await;
        assert_error(&refused, 405, "method_not_allowed", None);
        assert_eq!(refused.headers["allow"], "POST");
    }
    assert_eq!(vidu.cancels(), 0);
    for (kind, body) in [("application/json", ""), ("text/plain", "now!"), ("a/b", "{")] {
        let request = gateway.client.request("POST", &path).header("content-type", kind);
        assert_eq!(send(request.body(body)).await.status, 200, "{kind}");
    }
    let polled = state("processing")["state"].clone();
    assert_eq!((vidu.cancels(), polled), (3, json!("processing")));
}
