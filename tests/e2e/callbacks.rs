//! A callback is a doorbell: it makes us ask, and is not believed.

use local::{Options, Reply};
use serde_json::json;
use shared::crypto::WebhookSecret;

use crate::gateway::{Gateway, tide};
use crate::scripted_vidu::{ScriptedVidu, ViduCallback, state, success};

const VIDEO: &str = "https://videos.example/1.mp4";

#[tokio::test]
async fn a_good_callback_makes_the_gateway_poll() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;

    let address = vidu.callback_url();
    assert!(
        address.starts_with(&format!("{}/v1/callbacks/vidu/", gateway.stack.url())),
        "{address}"
    );
    assert!(!address.contains('?'), "vendors sign a query in different ways: {address}");

    assert_eq!(vidu.call_back(&state("processing")).await, 200);
    assert_eq!(gateway.client.task(&id).await.body["status"], "processing");

    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    assert_eq!(vidu.call_back(&success(VIDEO)).await, 200);
    let task = gateway.client.task(&id).await;
    assert_eq!((&task.body["status"], &task.body["url"]), (&json!("succeeded"), &json!(VIDEO)));
    assert_eq!(vidu.polls(), 2, "one poll a callback");
}

#[tokio::test]
async fn a_lying_body_changes_nothing() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;

    // The signature does not cover the body, so this one passes for Vidu's.
    for body in [success("https://evil.example/1.mp4"), state("failed"), json!("nonsense")] {
        assert_eq!(vidu.call_back(&body).await, 200);
        let task = gateway.client.task(&id).await;
        assert_eq!(task.body["status"], "processing", "as the vendor said when asked");
    }
}

#[tokio::test]
async fn a_callback_that_is_not_the_vendors_is_refused_and_makes_nobody_poll() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.client.created(&tide()).await;
    let good = ViduCallback::good(&vidu.callback_url());
    let (base, token) = good.url.rsplit_once('/').expect("a token");
    let (task, tag) = token.split_once('-').expect("a task and a tag");
    let other_tag = format!("{base}/{task}-{}", tag.chars().rev().collect::<String>());
    let other_task = format!("{base}/{}-{tag}", task.chars().rev().collect::<String>());
    let rows = [
        (ViduCallback { signed: false, ..good.clone() }, 401, "not signed"),
        (
            ViduCallback { key: "vda_other".to_owned(), ..good.clone() },
            401,
            "signed with another key",
        ),
        (
            ViduCallback { signed_path: "/v1/callbacks/vidu/x".to_owned(), ..good.clone() },
            401,
            "signed for another address",
        ),
        (good.clone().at_offset(-310), 401, "signed too long ago"),
        (good.clone().at_offset(310), 401, "signed in the future"),
        (ViduCallback::good(&other_tag), 404, "a token that is not ours"),
        (ViduCallback::good(&other_task), 404, "our tag on another task"),
        (ViduCallback::good(&base.replace("vidu", "nobody")), 404, "no such vendor"),
    ];
    for (callback, status, reason) in rows {
        assert_eq!(callback.send(&success(VIDEO)).await, status, "{reason}");
    }
    assert_eq!(vidu.polls(), 0, "nobody polled");
}

#[tokio::test]
async fn late_doubled_and_reordered_callbacks_change_nothing() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    vidu.reply_to_polls(Reply::Json(200, success(VIDEO)));
    assert_eq!(vidu.call_back(&success(VIDEO)).await, 200);
    let ended = gateway.client.task(&id).await.body;
    assert_eq!(ended["status"], "succeeded");

    let polls = vidu.polls();
    vidu.reply_to_polls(Reply::Json(200, state("failed")));
    let replayed = ViduCallback::good(&vidu.callback_url()).at_offset(-200);
    for callback in [replayed.clone(), replayed, ViduCallback::good(&vidu.callback_url())] {
        assert_eq!(callback.send(&state("processing")).await, 200, "answered at once");
    }
    assert_eq!(gateway.client.task(&id).await.body, ended);
    assert_eq!(vidu.polls(), polls, "an end is final, nobody polls again");
}

#[tokio::test]
async fn a_callback_that_could_not_be_followed_is_to_be_repeated() {
    let vidu = ScriptedVidu::start().await;
    let gateway = Gateway::calling(&vidu).await;
    let id = gateway.client.created(&tide()).await;
    for reply in
        [Reply::Page(502), Reply::HangUp, Reply::Json(429, json!({ "reason": "TooManyRequests" }))]
    {
        vidu.reply_to_polls(reply);
        assert_eq!(vidu.call_back(&success(VIDEO)).await, 503);
        assert_eq!(
            gateway.client.task(&id).await.body["status"],
            "queued",
            "a failed poll says nothing"
        );
    }
}

#[tokio::test]
async fn a_callback_before_the_vendors_id_is_known_is_to_be_repeated() {
    let vidu = ScriptedVidu::replying([Reply::HangUp]).await;
    let gateway = Gateway::calling(&vidu).await;
    gateway.client.created(&tide()).await;
    assert_eq!(vidu.call_back(&success(VIDEO)).await, 503);
}

#[tokio::test]
async fn the_path_that_the_vendor_signs_is_that_of_the_address_it_was_given() {
    let vidu = ScriptedVidu::start().await;
    let options = local::Options {
        accounts: vidu.accounts(),
        public_url: Some("https://gw.example.com/stage/".parse().unwrap()),
        ..local::Options::default()
    };
    let gateway = Gateway::with(options).await;
    gateway.client.created(&tide()).await;

    let public = ViduCallback::good(&vidu.callback_url());
    assert!(public.signed_path.starts_with("/stage/v1/callbacks/vidu/"), "{public:?}");
    // A proxy in front takes the stage away before the gateway sees the request.
    let inside = public.signed_path.replacen("/stage", gateway.stack.url(), 1);
    let callback = ViduCallback { url: inside, ..public };
    assert_eq!(callback.send(&state("processing")).await, 200);
}

#[tokio::test]
async fn the_test_call_of_klings_console_is_answered_and_does_nothing() {
    const SECRET: &str = "whsec_dGhlIGNvbnNvbGUncyBzZWNyZXQ=";
    let accounts = json!({ "kling": { "api_key": "k", "webhook_secret": SECRET } }).to_string();
    let gateway = Gateway::with(Options { accounts, ..Options::default() }).await;
    let body = r#"{"task_id":"1","task_status":"submitted","task_info":{}}"#;
    let now = jiff::Timestamp::now().as_second();
    let rows = [
        ("kling", Some((SECRET, now)), 200, "signed with the account's secret"),
        ("kling", Some((SECRET, now - 600)), 404, "signed too long ago"),
        ("kling", Some(("whsec_b3RoZXI=", now)), 404, "signed with another secret"),
        ("kling", None, 404, "not signed"),
        ("vidu", Some((SECRET, now)), 404, "another vendor's address"),
    ];
    for (vendor, signed, status, reason) in rows {
        let address = format!("{}/v1/callbacks/{vendor}/test", gateway.stack.url());
        let mut request = reqwest::Client::new().post(address).body(body);
        if let Some((secret, at)) = signed {
            let secret = WebhookSecret::try_from(secret).expect("a secret");
            let at = at.to_string();
            let signature = secret.sign("msg_1", &at, body.as_bytes());
            request = request
                .header("webhook-id", "msg_1")
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{reason}");
    }
}
