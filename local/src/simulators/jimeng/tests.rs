//! The simulator over its socket, as the gateway meets it.

mod misbehaviour;

use http::Uri;
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::*;
use crate::simulators::http_client;
use crate::simulators::testing::{FOR_EVER, TestFile, memory, send};

const CREATE: &str = "/?Action=CVSync2AsyncSubmitTask&Version=2022-08-31";
const FIND: &str = "/?Action=CVSync2AsyncGetResult&Version=2022-08-31";

#[tokio::test]
async fn a_generation_is_answered_queried_and_played() {
    let jimeng = jimeng(Duration::ZERO, memory()).await;
    let body = json!({"req_key": "jimeng_t2v_v30", "prompt": "the tide", "frames": 121});
    let (status, created) = call(&jimeng, CREATE, &body).await;
    assert_eq!((status, &created["code"], &created["status"]), (200, &json!(10000), &json!(10000)));
    assert_eq!(created["message"], "Success");
    assert_eq!(created["request_id"].as_str().unwrap().len(), 32);
    let id = created["data"]["task_id"].as_str().unwrap();
    assert_eq!(id.len(), 19);

    let (status, found) = find(&jimeng, "jimeng_t2v_v30", id).await;
    assert_eq!(status, 200);
    let url = format!("{}/films/{id}.mp4", jimeng.base_url());
    assert_eq!(
        found["data"],
        json!({
            "binary_data_base64": null, "image_urls": null, "resp_data": "", "status": "done",
            "video_url": url, "aigc_meta_tagged": false,
        })
    );
    let whole = http_client().get(&url).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "video/mp4");
    assert_eq!(whole.bytes().await.unwrap(), film::FILM);
    let part = http_client().get(&url).header("range", "bytes=4-7").send().await.unwrap();
    assert_eq!(part.bytes().await.unwrap(), "ftyp");

    let tagging = json!({"req_key": "jimeng_t2v_v30", "task_id": id,
        "req_json": "{\"aigc_meta\":{\"producer_id\":\"1\"}}"});
    let (_, found) = call(&jimeng, FIND, &tagging).await;
    assert_eq!(found["data"]["aigc_meta_tagged"], true);
}

#[tokio::test]
async fn a_task_is_found_only_with_the_key_it_was_made_with() {
    let jimeng = jimeng(FOR_EVER, memory()).await;
    let id = create(&jimeng, "rain").await;
    let rows = [
        ("jimeng_t2v_v30", id.as_str(), "in_queue"),
        ("jimeng_t2v_v30_1080p", id.as_str(), "not_found"),
        ("jimeng_t2v_v30", "7526000000000000001", "not_found"),
    ];
    for (req_key, id, expected) in rows {
        let (status, found) = find(&jimeng, req_key, id).await;
        assert_eq!((status, &found["data"]["status"]), (200, &json!(expected)), "{req_key} {id}");
        assert_eq!(found["data"]["video_url"], "");
    }
    let film = format!("{}/films/{id}.mp4", jimeng.base_url());
    assert_eq!(http_client().get(film).send().await.unwrap().status(), 404, "not there yet");
}

#[tokio::test]
async fn moderation_speaks_at_once_or_when_the_film_is_done() {
    let jimeng = jimeng(Duration::ZERO, memory()).await;
    let body = json!({"req_key": "jimeng_t2v_v30", "prompt": "forbidden"});
    let (status, refused) = call(&jimeng, CREATE, &body).await;
    assert_eq!((status, &refused["code"], &refused["data"]), (400, &json!(50413), &json!(null)));

    let id = create(&jimeng, "unlucky").await;
    let (status, found) = find(&jimeng, "jimeng_t2v_v30", &id).await;
    assert_eq!((status, &found["code"]), (400, &json!(50516)));
    assert_eq!(found["data"]["status"], "done", "only the code tells");
    let film = found["data"]["video_url"].as_str().unwrap();
    assert_eq!(http_client().get(film).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_bad_call_is_refused_in_the_shape_of_whoever_refuses_it() {
    let jimeng = jimeng(Duration::ZERO, memory()).await;
    let good = json!({"req_key": "jimeng_t2v_v30", "prompt": "rain"});
    let rows = [
        ("/", 400, "MissingParameter"),
        ("/?Action=CVSync2AsyncSubmitTask", 400, "MissingParameter"),
        ("/?Action=CVProcess&Version=2022-08-31", 404, "InvalidActionOrVersion"),
        ("/?Action=CVSync2AsyncSubmitTask&Version=2024-06-06", 404, "InvalidActionOrVersion"),
    ];
    for (path, status, code) in rows {
        let (found, refused) = call(&jimeng, path, &good).await;
        assert_eq!(found, status, "{path}");
        assert_eq!(refused["ResponseMetadata"]["Error"]["Code"], code, "{path}");
    }

    for path in ["/v1/videos", "/relay/?Action=CVSync2AsyncSubmitTask&Version=2022-08-31"] {
        let (found, refused) = call(&jimeng, path, &good).await;
        assert_eq!(found, 404, "{path}");
        let code = &refused["ResponseMetadata"]["Error"]["Code"];
        assert_eq!(code, "InvalidActionOrVersion", "{path}");
    }

    let unsigned = http_client().post(format!("{}{CREATE}", jimeng.base_url()));
    let (status, refused) = send(unsigned.body(good.to_string())).await;
    assert_eq!(status, 401);
    let metadata = &refused["ResponseMetadata"];
    assert_eq!(metadata["Action"], "CVSync2AsyncSubmitTask");
    assert_eq!(metadata["Version"], "2022-08-31");
    assert_eq!((&metadata["Service"], &metadata["Region"]), (&json!("cv"), &json!("cn-north-1")));
    assert_eq!(metadata["Error"]["Code"], "MissingAuthenticationToken");
    assert_eq!(metadata["Error"]["CodeN"], 100_003);

    let rows = [
        (CREATE, json!({"req_key": "jimeng_t2v_v30"}), "prompt"),
        (CREATE, json!({"req_key": "jimeng_t2v_v30", "prompt": "x", "model": "y"}), "model"),
        (FIND, json!({"task_id": "1"}), "req_key"),
        (FIND, json!({"req_key": "jimeng_t2v_v30", "task_id": 1}), "task_id"),
        (FIND, json!({"req_key": "k", "task_id": "1", "req_json": {}}), "req_json"),
        (FIND, json!({"req_key": "k", "task_id": "1", "req_json": "[]"}), "req_json"),
        (FIND, json!({"req_key": "k", "task_id": "1", "id": "1"}), "id"),
    ];
    for (path, body, wrong) in rows {
        let (status, refused) = call(&jimeng, path, &body).await;
        assert_eq!((status, &refused["code"]), (400, &json!(50215)), "{wrong}");
        assert_eq!(refused["status"], 50215, "{wrong}");
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let file = TestFile::new();
    let open = || Ledger::open(Some(file.path())).unwrap();
    let before = jimeng(Duration::ZERO, open()).await;
    let id = create(&before, "rain").await;
    drop(before);

    let after = jimeng(FOR_EVER, open()).await;
    let (_, found) = find(&after, "jimeng_t2v_v30", &id).await;
    assert_eq!(found["data"]["status"], "done");
    let film = found["data"]["video_url"].as_str().unwrap();
    assert_eq!(http_client().get(film).send().await.unwrap().status(), 200);
}

async fn jimeng(pace: Duration, ledger: Ledger) -> Jimeng {
    let settings = Settings {
        access_key: "AKTEST".to_owned(),
        secret_key: "c2VjcmV0".to_owned(),
        session_token: Some("STSTEST".to_owned()),
        pace,
        ledger,
    };
    start(settings).await.unwrap()
}

async fn create(jimeng: &Jimeng, prompt: &str) -> String {
    let body = json!({"req_key": "jimeng_t2v_v30", "prompt": prompt});
    let (status, created) = call(jimeng, CREATE, &body).await;
    assert_eq!(status, 200, "{created}");
    created["data"]["task_id"].as_str().unwrap().to_owned()
}

async fn find(jimeng: &Jimeng, req_key: &str, id: &str) -> (u16, Value) {
    call(jimeng, FIND, &json!({"req_key": req_key, "task_id": id})).await
}

/// Signs as little as the vendor's SDKs do; those that sign more are tried beside the signature.
async fn call(jimeng: &Jimeng, path: &str, body: &Value) -> (u16, Value) {
    let address: Uri = format!("{}{path}", jimeng.base_url()).parse().unwrap();
    let body = body.to_string();
    let date = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let hash = signature::hex(digest(&SHA256, body.as_bytes()).as_ref());
    let (path, query) = (address.path(), address.query().unwrap_or_default());
    let names = "x-content-sha256;x-date;x-security-token";
    let request = format!(
        "POST\n{path}\n{query}\nx-content-sha256:{hash}\nx-date:{date}\n\
         x-security-token:STSTEST\n\n{names}\n{hash}"
    );
    let scope = format!("{}/cn-north-1/cv/request", &date[..8]);
    let signature = signature::signature("c2VjcmV0", &date, &scope, &request);
    let authorization = format!(
        "HMAC-SHA256 Credential=AKTEST/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    let request = http_client()
        .post(address.to_string())
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .header("x-date", date)
        .header("x-content-sha256", hash)
        .header("x-security-token", "STSTEST");
    send(request.body(body)).await
}
