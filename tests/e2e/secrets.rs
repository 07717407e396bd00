//! Secrets change while functions run, and neither a client nor a task notices.

use std::collections::HashMap;
use std::sync::Arc;

use callback::Callback;
use create::Create;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, RequestExt};
use local::Reply;
use local::{LOCAL_KEY, client};
use serde_json::json;
use shared::runtime::Environment;

use crate::between::{Between, Call, Fault, Refusal, serve};
use crate::gateway::{Gateway, assert_error, tide};
use crate::reconcile::Later;
use crate::scripted_vidu::{FIRST_KEY, ScriptedVidu, ViduCallback, state, success};

const NEW_KEY: &str = "vda_new";

fn now() -> Timestamp {
    Timestamp::now()
}

/// A moment when secrets may be read again, whoever did so until now.
fn later() -> Timestamp {
    now() + SignedDuration::from_mins(2)
}

/// A cold start of `create`.
async fn create(gateway: &Gateway) -> Create {
    let variables = gateway.stack.variables("Create").expect("it is in the template");
    let variable = |name: &str| variables.get(name).cloned();
    Create::start(&Environment::new(&variable)).expect("it starts")
}

async fn ask(create: &Create, now: Timestamp) -> StatusCode {
    let request = Request::post("/v1/video/generations")
        .header("authorization", format!("Bearer {LOCAL_KEY}"))
        .body(Body::Text(tide().to_string()))
        .expect("a request");
    create.answer(&request, &client::clock(now)).await.status()
}

/// A cold start of `callback`.
async fn callback(gateway: &Gateway) -> Callback {
    let variables = gateway.stack.variables("Callback").expect("it is in the template");
    let variable = |name: &str| variables.get(name).cloned();
    Callback::start(&Environment::new(&variable)).expect("it starts")
}

async fn call_back_at(callback: &Callback, url: &str, now: Timestamp) -> StatusCode {
    let signed = ViduCallback { at: now, ..ViduCallback::good(url) };
    let mut request = Request::post(&signed.signed_path);
    for (name, value) in signed.headers() {
        request = request.header(name, value);
    }
    let token = url.rsplit('/').next().expect("a token").to_owned();
    let parameters = [("vendor", "vidu".to_owned()), ("token", token)];
    let parameters: HashMap<_, _> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let request = request.body(Body::Text(state("processing").to_string())).expect("a request");
    callback.answer(&request.with_path_parameters(parameters), now).await.status()
}

#[tokio::test]
async fn a_key_that_is_exchanged_costs_no_client_an_error() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.client.created(&tide()).await;

    vidu.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", vidu.accounts());
    let mut three = tide();
    three["n"] = 3.into();
    let answer = gateway.client.create(&three).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["task_ids"].as_array().map(Vec::len), Some(3), "{answer:?}");
    assert_eq!(vidu.submissions().len(), 4, "each was taken once");
    assert_eq!(vidu.unauthorized(), 3, "and each was refused once before");

    gateway.client.created(&tide()).await;
    assert_eq!(vidu.unauthorized(), 3, "the new key is remembered");
}

/// Lets nobody change an item.
struct NoUpdates;

impl Between for NoUpdates {
    fn ask(&self, call: &mut Call) -> Fault {
        match call.operation.as_str() {
            "UpdateItem" => Fault::Refuse(Refusal::Denied),
            _ => Fault::None,
        }
    }
}

/// Should the function die behind that, whoever looks for the task asks the account that is
/// written beside it, and is told by the wrong one that there is none.
#[tokio::test]
async fn a_task_goes_to_another_account_only_once_that_is_written_down() {
    let before = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&before).await;
    let database = serve(gateway.stack.database_url(), Arc::new(NoUpdates)).await;
    let variable = client::variables(&gateway.stack, "Create", &database);
    let cannot_write = Create::start(&Environment::new(&variable)).expect("it starts");
    let can_write = create(&gateway).await;
    for function in [&cannot_write, &can_write] {
        assert_eq!(ask(function, now()).await, 200, "it knows the first account");
    }

    let after = ScriptedVidu::start().await;
    before.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", after.accounts());
    assert_eq!(ask(&cannot_write, later()).await, 502, "as the first account said");
    assert_eq!(after.submissions().len(), 0);
    assert_eq!(ask(&can_write, later()).await, 200);
    assert_eq!(after.submissions().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_repeated_with_another_key_only() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let create = create(&gateway).await;

    vidu.exchange_key(NEW_KEY);
    assert_eq!(ask(&create, now()).await, 502, "the secret has no other key");
    assert_eq!(vidu.unauthorized(), 1, "the same key is not tried twice");

    gateway.stack.put_secret("Accounts", vidu.accounts());
    assert_eq!(ask(&create, now()).await, 502, "the secret was read a moment ago");
    assert_eq!(ask(&create, later()).await, 200);
    assert_eq!(vidu.submissions().len(), 1);
}

#[tokio::test]
async fn a_secret_that_is_broken_changes_nothing() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let create = create(&gateway).await;
    assert_eq!(ask(&create, now()).await, 200, "it knows a key");

    vidu.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", r#"{"vidu":{"api_key":"vda_new""#);
    assert_eq!(ask(&create, now()).await, 502);
    vidu.exchange_key(FIRST_KEY);
    assert_eq!(ask(&create, now()).await, 200, "the old key is still there");
    vidu.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", vidu.accounts());
    assert_eq!(ask(&create, later()).await, 200, "a good text is read after a broken one");
}

#[tokio::test]
async fn an_account_that_is_added_is_found() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.stack.put_secret("Accounts", "{}");
    let create = create(&gateway).await;
    assert_eq!(ask(&create, now()).await, 400, "there is no account with Vidu");

    gateway.stack.put_secret("Accounts", vidu.accounts());
    assert_eq!(ask(&create, later()).await, 200);
}

#[tokio::test]
async fn whoever_polls_learns_of_the_new_key() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let later = Later::of(&gateway).await;
    let id = gateway.client.created(&tide()).await;
    later.run_after(60).await;
    assert_eq!((vidu.unauthorized(), vidu.polls()), (0, 1), "it knows a key");

    vidu.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", vidu.accounts());
    vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    later.run_after(60).await;
    assert_eq!((vidu.unauthorized(), vidu.polls()), (1, 1), "the old key is refused");
    later.run_after(60).await;
    assert_eq!((vidu.unauthorized(), vidu.polls()), (1, 2), "the new one is there");
    assert_eq!(gateway.client.task(&id).await.body["status"], "succeeded");
}

#[tokio::test]
async fn whoever_polls_a_task_of_newer_credentials_reads_them_first() {
    let before = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&before).await;
    let later = Later::of(&gateway).await;
    gateway.client.created(&tide()).await;
    later.run_after(60).await;
    assert_eq!(before.polls(), 1, "it knows an account");
    before.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    later.run_after(60).await;

    let after = ScriptedVidu::start().await;
    gateway.stack.put_secret("Accounts", after.accounts());
    assert_eq!(ask(&create(&gateway).await, now()).await, 200);
    let polls = before.polls();
    later.run_after(60).await;
    assert_eq!((before.polls(), after.polls()), (polls, 1), "and asks no other about it");
}

#[tokio::test]
async fn a_callback_that_is_signed_with_the_new_key_is_the_vendors() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.client.created(&tide()).await;
    assert_eq!(vidu.call_back(&state("processing")).await, 200, "it knows a key");

    vidu.exchange_key(NEW_KEY);
    gateway.stack.put_secret("Accounts", vidu.accounts());
    let address = vidu.callback_url();
    let other = ViduCallback { key: "vda_other".to_owned(), ..ViduCallback::good(&address) };
    assert_eq!(other.send(&state("processing")).await, 401);
    assert_eq!(vidu.call_back(&state("processing")).await, 200);
    assert_eq!(vidu.polls(), 2);
}

#[tokio::test]
async fn addresses_outlive_the_secret_that_they_were_made_with() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.client.created(&tide()).await;
    let first = vidu.callback_url();
    assert_eq!(vidu.call_back(&state("processing")).await, 200, "it knows the first");

    gateway.stack.put_secret("CallbackSecret", "second");
    assert_eq!(vidu.call_back(&state("processing")).await, 200, "to who has not heard of it");
    let after = callback(&gateway).await;
    assert_eq!(call_back_at(&after, &first, now()).await, 200, "to who started after it");

    gateway.stack.put_secret("CallbackSecret", "third");
    let after = callback(&gateway).await;
    assert_eq!(call_back_at(&after, &first, now()).await, 404, "two secrets later");
}

#[tokio::test]
async fn an_address_made_with_a_newer_secret_is_recognised() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let callback = callback(&gateway).await;
    assert_eq!(ask(&create(&gateway).await, now()).await, 200);
    assert_eq!(
        call_back_at(&callback, &vidu.callback_url(), now()).await,
        200,
        "it knows the first"
    );

    // Both are read when the first token comes that does not fit, and again for a later one.
    for secret in ["second", "third"] {
        gateway.stack.put_secret("CallbackSecret", secret);
        assert_eq!(ask(&create(&gateway).await, now()).await, 200);
        assert_eq!(call_back_at(&callback, &vidu.callback_url(), now()).await, 200, "{secret}");
    }

    gateway.stack.put_secret("CallbackSecret", "fourth");
    assert_eq!(ask(&create(&gateway).await, now()).await, 200);
    let address = vidu.callback_url();
    assert_eq!(call_back_at(&callback, &address, now()).await, 404, "not twice within a minute");
    assert_eq!(call_back_at(&callback, &address, later()).await, 200);
}

#[tokio::test]
async fn a_client_is_told_that_the_operator_has_to_act() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    vidu.exchange_key(NEW_KEY);
    let answer = gateway.client.create(&tide()).await;
    assert_error(&answer, 502, "vendor_credentials_refused", None);
    assert_eq!(answer.body["error"]["charged"], json!("no"));
}
