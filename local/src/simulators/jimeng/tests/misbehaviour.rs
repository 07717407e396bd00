//! Jimeng as bad as it is told to be, in its own words.

use super::*;

#[tokio::test]
async fn a_poll_is_refused_or_finds_nothing() {
    let rows = [
        ("busy-polls", 429, 50429, json!(null)),
        ("unknown-at-first", 200, 10000, json!("not_found")),
        ("endless", 200, 10000, json!("in_queue")),
        ("lost-callbacks", 200, 10000, json!("in_queue")),
    ];
    for (words, status, code, word) in rows {
        let jimeng = jimeng(FOR_EVER, memory()).await;
        let id = create(&jimeng, &marked("rain", words)).await;
        let (found, answer) = find(&jimeng, "jimeng_t2v_v30", &id).await;
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{words}");
        assert_eq!(answer["data"]["status"], word, "{words}");
    }
}

#[tokio::test]
async fn submissions_of_one_prompt_are_one_record() {
    let jimeng = jimeng(Duration::ZERO, memory()).await;
    for prompt in ["rain", "snow", "rain"] {
        create(&jimeng, prompt).await;
    }
    let slow = marked("hail", "endless");
    create(&jimeng, &slow).await;
    let mut records = jimeng.records().unwrap();
    records.sort_by(|one, other| one.prompt.cmp(&other.prompt));
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let ends: Vec<_> = record.tasks.iter().map(|task| task.succeeded).collect();
            (record.prompt.as_str(), &record.name, record.submissions, ends)
        })
        .collect();
    let expected = [
        ("hail", &None, 1, vec![None]),
        ("rain", &None, 2, vec![Some(true), Some(true)]),
        ("snow", &None, 1, vec![Some(true)]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_busy_vendor_says_so_in_its_own_words() {
    let jimeng = jimeng(FOR_EVER, memory()).await;
    let body = json!({"req_key": "jimeng_t2v_v30", "prompt": marked("rain", "busy")});
    let (status, refused) = call(&jimeng, CREATE, &body).await;
    assert_eq!((status, &refused["code"], &refused["data"]), (429, &json!(50429), &json!(null)));
}
