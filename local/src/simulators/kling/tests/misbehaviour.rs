//! Kling as bad as it is told to be, in its own words.

use super::*;

const OLD: &str = "/v1/videos/text2video";
const NEW: &str = "/text-to-video/kling-3.0";

fn body(path: &str, words: &str) -> Value {
    let prompt = marked("rain", words);
    match path {
        OLD => json!({"prompt": prompt, "external_task_id": "vg-1"}),
        _ => json!({"prompt": prompt, "options": {"external_task_id": "vg-1"}}),
    }
}

fn request(kling: &Kling, path: &str, body: &Value) -> reqwest::RequestBuilder {
    http_client()
        .post(format!("{}{path}", kling.base_url()))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

fn made(kling: &Kling) -> (Option<String>, u32, usize) {
    let record = kling.records().unwrap().remove(0);
    (record.name, record.submissions, record.tasks.len())
}

/// The one safe way to submit twice: an external id is taken once, whoever forgot it.
#[tokio::test]
async fn a_second_submission_of_an_external_id_makes_what_was_not_made_and_nothing_twice() {
    let rows = [
        ("dropped-before", 0, 200),
        ("dropped-after", 1, 400),
        ("dropped-after,unknown-at-first", 1, 400),
    ];
    for path in [OLD, NEW] {
        for (words, first, status) in rows {
            let kling = kling(FOR_EVER, memory()).await;
            let body = body(path, words);
            let broken = request(&kling, path, &body).send().await;
            assert!(broken.is_err_and(|error| !error.is_connect()), "{path} {words}");
            assert_eq!(made(&kling), (Some("vg-1".to_owned()), 1, first), "{path} {words}");
            let again = request(&kling, path, &body).send().await;
            assert_eq!(again.unwrap().status(), status, "{path} {words}");
            assert_eq!(made(&kling), (Some("vg-1".to_owned()), 2, 1), "{path} {words}");
        }
    }
}

#[tokio::test]
async fn a_poll_is_refused_or_breaks_or_finds_nothing_by_either_id() {
    let rows = [
        ("busy-polls", (429, json!(1302)), (429, json!(1302))),
        ("unknown-at-first", (400, json!(1201)), (200, json!(0))),
        ("endless", (200, json!(0)), (200, json!(0))),
    ];
    for (words, old, new) in rows {
        let kling = kling(FOR_EVER, memory()).await;
        let poll = async |path: String| {
            let (status, answer) = get_from(&kling, &path).await;
            (status, answer["code"].clone())
        };
        let (_, created) = post_to(&kling, OLD, &body(OLD, words)).await;
        for id in [created["data"]["task_id"].as_str().unwrap(), "vg-1"] {
            assert_eq!(poll(format!("{OLD}/{id}")).await, old, "{words}");
        }
        let mut body = body(NEW, words);
        body["options"]["external_task_id"] = json!("vg-2");
        let (_, created) = post_to(&kling, NEW, &body).await;
        let by_id = format!("task_ids={}", created["data"]["id"].as_str().unwrap());
        for query in [by_id.as_str(), "external_task_ids=vg-2"] {
            assert_eq!(poll(format!("/tasks?{query}")).await, new, "{words}");
            if words == "unknown-at-first" {
                let (_, found) = get_from(&kling, &format!("/tasks?{query}")).await;
                assert_eq!(found["data"], json!([]), "left out");
            }
        }
    }
}

#[tokio::test]
async fn a_busy_vendor_says_so_in_its_own_words() {
    let kling = kling(FOR_EVER, memory()).await;
    for path in [OLD, NEW] {
        let (status, refused) = post_to(&kling, path, &body(path, "busy")).await;
        assert_eq!((status, &refused["code"]), (429, &json!(1302)), "{path}");
    }
}

#[tokio::test]
async fn others_call_back_with_a_lie_that_kling_did_not_sign() {
    let mut receiver = receiver(&[]).await;
    let kling = kling(Duration::from_millis(20), memory()).await;
    let mut body = body(OLD, "lost-callbacks,forged-callbacks");
    body["callback_url"] = json!(receiver.url());
    post_to(&kling, OLD, &body).await;

    let (unsigned, wrong) = (receiver.called().await, receiver.called().await);
    assert_eq!(json_of(&unsigned)["task_status"], "failed");
    assert!(!unsigned.headers().contains_key("webhook-signature"));
    assert_eq!(json_of(&wrong)["task_status"], "failed");
    let [id, timestamp] = ["webhook-id", "webhook-timestamp"].map(|name| header(&wrong, name));
    let right = Signer::read(WEBHOOK_SECRET).unwrap().sign(id, timestamp, wrong.body());
    assert_ne!(header(&wrong, "webhook-signature"), right);
}
