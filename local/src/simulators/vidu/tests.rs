//! The simulator over its socket, as the gateway meets it.

mod list;
mod misbehaviour;

use http::StatusCode;
use serde_json::{Value, json};

use super::callback::signature;
use super::*;
use crate::simulators::http_client;
use crate::simulators::testing::{FOR_EVER, Listener, TestFile, listen, memory, send};

const KEY: &str = "vda_test_0001";

#[tokio::test]
async fn whoever_has_no_token_is_refused_and_a_wrong_path_is_not_found() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let rows = [
        ("POST", "/ent/v2/text2video", "", 401, "Unauthorized"),
        ("POST", "/ent/v2/text2video", "Bearer vda_test_0001", 401, "Unauthorized"),
        ("POST", "/ent/v2/text2video", "Token vda_test_0002", 401, "Unauthorized"),
        ("GET", "/ent/v2/tasks/1/creations", "", 401, "Unauthorized"),
        ("GET", "/ent/v2/credits", "", 401, "Unauthorized"),
        ("GET", "/ent/v2/tasks/1/creations", "Token vda_test_0001", 404, "TaskNotFound"),
        ("POST", "/ent/v2/text2videos", "Token vda_test_0001", 404, "NotFound"),
        ("GET", "/ent/v2/text2video", "Token vda_test_0001", 404, "NotFound"),
        ("GET", "/films/1.mp4", "", 404, "CreationNotFound"),
        ("POST", "/ent/v2/text2video", "Token vda_test_0001", 400, "BadRequest"),
    ];
    for (method, path, token, status, reason) in rows {
        let request = http_client()
            .request(method.parse().unwrap(), format!("{}{path}", vidu.base_url()))
            .header("authorization", token);
        let (found, body) = send(request).await;
        assert_eq!(found, status, "{method} {path} {token}");
        assert_eq!(body["code"], status, "{method} {path} {token}");
        assert_eq!(body["reason"], reason, "{method} {path} {token}");
        assert!(body["metadata"]["trace_id"].is_string());
    }
}

#[tokio::test]
async fn a_generation_is_answered_queried_and_played() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let (status, created) = post_to(
        &vidu,
        "/ent/v2/reference2video",
        json!({
            "model": "viduq2", "prompt": "the two meet", "duration": 6, "seed": 77,
            "aspect_ratio": "4:3", "images": ["https://img.example.com/a.png"], "payload": "vg-1",
        }),
    )
    .await;
    assert_eq!(status, 200);
    let id = created["task_id"].as_str().unwrap();
    assert_eq!(id.len(), 18);
    let created_at: Timestamp = created["created_at"].as_str().unwrap().parse().unwrap();
    assert!(created_at <= Timestamp::now());
    assert_eq!(
        created,
        json!({
            "task_id": id, "state": "created", "model": "viduq2", "prompt": "the two meet",
            "images": ["https://img.example.com/a.png"], "duration": 6, "seed": 77,
            "aspect_ratio": "4:3", "resolution": "720p", "movement_amplitude": "auto",
            "payload": "vg-1", "off_peak": false, "credits": 48,
            "created_at": created["created_at"],
        })
    );

    let (status, queried) = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    assert_eq!(status, 200);
    assert_eq!(queried["state"], "success");
    assert_eq!(queried["payload"], "vg-1");
    let creation = &queried["creations"][0];
    let video = json!({"duration": 6.04, "fps": 24, "resolution": {"width": 960, "height": 720}});
    assert_eq!(creation["video"], video);

    let url = creation["url"].as_str().unwrap();
    let whole = http_client().get(url).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "video/mp4");
    assert_eq!(whole.bytes().await.unwrap(), film::FILM);
    let part = http_client().get(url).header("range", "bytes=4-7").send().await;
    let part = part.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "ftyp");
    let head = http_client().head(url).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], film::FILM.len().to_string());

    let (_, credits) = get_from(&vidu, "/ent/v2/credits?show_detail=false").await;
    assert_eq!(credits["remains"][0]["credit_remain"], 1_000_000 - 48);
    assert_eq!(credits["packages"], json!([]));
}

#[tokio::test]
async fn a_task_in_the_queue_can_be_cancelled_once() {
    let vidu = vidu(FOR_EVER, memory()).await;
    let id = create_text(&vidu, json!({})).await;
    let path = format!("/ent/v2/tasks/{id}/cancel");

    let (status, answer) = post_to(&vidu, &path, json!({"id": "1"})).await;
    assert_eq!((status, &answer["reason"]), (400, &json!("FieldInvalid")));
    let answer = post_to(&vidu, &path, json!({"id": id})).await;
    assert_eq!(answer, (200, json!({})));
    let (status, answer) = post_to(&vidu, &path, json!({"id": id})).await;
    assert_eq!((status, &answer["reason"]), (400, &json!("BadRequest")));
    assert_eq!(answer["message"], "task state is failed, can not cancel");

    let (_, queried) = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    assert_eq!(queried["state"], "failed");
    assert_eq!(queried["err_code"], "UserCancelled");
    assert_eq!(queried["credits"], 0);
}

#[tokio::test]
async fn callbacks_are_signed_and_say_what_the_query_says() {
    let mut listener = listen(vec![]).await;
    let vidu = vidu(Duration::from_millis(20), memory()).await;
    let address = format!("{}/callback?name=james&age=36", listener.base_url());
    let id = create_text(&vidu, json!({"callback_url": address, "prompt": "unlucky"})).await;

    let processing = listener.next().await;
    assert_eq!(processing.json()["state"], "processing");
    assert_eq!(processing.json()["id"], id);
    let failed = listener.next().await;
    assert_eq!(failed.json()["state"], "failed");
    assert_eq!(failed.json()["err_code"], "CreationPolicyViolation");
    let queried = get_from(&vidu, &format!("/ent/v2/tasks/{id}/creations")).await;
    assert_eq!(queried, (200, failed.json()));

    for ring in [&processing, &failed] {
        let [date, nonce] = [ring.header("date"), ring.header("x-request-nonce")];
        let signed = [("Date", date), ("x-request-nonce", nonce)];
        let expected = signature(KEY, &address.parse().unwrap(), date, &signed);
        assert_eq!(ring.header("x-hmac-signature"), expected);
        assert_eq!(ring.header("x-hmac-signed-headers"), "Date;x-request-nonce");
        assert_eq!(ring.header("x-hmac-algorithm"), "hmac-sha256");
        assert_eq!(ring.header("x-hmac-access-key"), "vidu");
    }
    assert_ne!(processing.header("x-request-nonce"), failed.header("x-request-nonce"));
}

/// A second task shows that nothing follows the last attempt: its own rings come instead.
#[tokio::test]
async fn the_end_is_told_three_times_when_it_is_refused_and_processing_once() {
    let refused = [500, 302, 404, 503].map(|code| StatusCode::from_u16(code).unwrap());
    let mut listener = listen(refused.to_vec()).await;
    let ledger = memory();
    let vidu = vidu(Duration::from_millis(20), ledger.clone()).await;
    let callback = json!({"callback_url": listener.base_url()});

    let first = create_text(&vidu, callback.clone()).await;
    let mut rings = Vec::new();
    for _ in 0..4 {
        rings.push(next_state(&mut listener, &first).await);
    }
    assert_eq!(rings, ["processing", "success", "success", "success"]);

    let second = create_text(&vidu, callback).await;
    assert_eq!(next_state(&mut listener, &second).await, "processing");
    assert_eq!(next_state(&mut listener, &second).await, "success");
    let told_after_a_restart = || Follower::new(NAME, &ledger).unwrap().1.len();
    while told_after_a_restart() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let mut listener = listen(vec![]).await;

    let before = vidu(Duration::from_millis(400), open()).await;
    let finished = create_text(&before, json!({})).await;
    let told = create_text(&before, json!({"callback_url": listener.base_url()})).await;
    drop(before);

    let after = vidu(FOR_EVER, open()).await;
    assert_eq!(next_state(&mut listener, &told).await, "processing");
    assert_eq!(next_state(&mut listener, &told).await, "success");
    for id in [finished, told] {
        let (_, queried) = get_from(&after, &format!("/ent/v2/tasks/{id}/creations")).await;
        assert_eq!(queried["state"], "success");
        let url = queried["creations"][0]["url"].as_str().unwrap();
        assert_eq!(http_client().get(url).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_dropped_vidu_serves_nobody_any_more() {
    let vidu = vidu(Duration::ZERO, memory()).await;
    let address = format!("{}/ent/v2/credits", vidu.base_url());
    let client = http_client();
    assert!(client.get(&address).send().await.is_ok());
    drop(vidu);
    // The connection above may have been kept; it is closed, and there is no other.
    while client.get(&address).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

async fn vidu(pace: Duration, ledger: Ledger) -> Vidu {
    let api_key = KEY.to_owned();
    let settings = Settings { api_key, pace, ledger };
    start(settings).await.unwrap()
}

async fn create_text(vidu: &Vidu, more: Value) -> String {
    let mut body = json!({"model": "viduq1", "prompt": "rain"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let (status, created) = post_to(vidu, "/ent/v2/text2video", body).await;
    assert_eq!(status, 200, "{created}");
    created["task_id"].as_str().unwrap().to_owned()
}

async fn post_to(vidu: &Vidu, path: &str, body: Value) -> (u16, Value) {
    let request = http_client()
        .post(format!("{}{path}", vidu.base_url()))
        .header("authorization", format!("Token {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string());
    send(request).await
}

async fn get_from(vidu: &Vidu, path: &str) -> (u16, Value) {
    let request = http_client()
        .get(format!("{}{path}", vidu.base_url()))
        .header("authorization", format!("Token {KEY}"));
    send(request).await
}

async fn next_state(listener: &mut Listener, id: &str) -> String {
    let told = listener.next().await.json();
    assert_eq!(told["id"], id);
    told["state"].as_str().unwrap().to_owned()
}
