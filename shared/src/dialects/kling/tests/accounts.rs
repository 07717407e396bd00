//! The operator's account with Kling, and its tokens.

use super::*;

#[test]
fn an_account_has_one_kind_of_credentials_and_none_is_ever_printed() {
    let read = |account: Value| serde_json::from_value::<Kling>(account);
    let account = read(json!({
        "access_key": "ak-secret", "secret_key": "sk-secret", "webhook_secret": "whsec_c2VjcmV0",
        "base_url": "http://127.0.0.1:9/kling/",
    }))
    .unwrap();
    let printed = format!("{account:?}");
    assert!(!printed.contains("-secret") && !printed.contains("c2VjcmV0"), "{printed}");
    assert_eq!(account.account.base_url.join("/tasks"), "http://127.0.0.1:9/kling/tasks");
    let rows = [
        (json!({}), "api_key, or access_key", "no key"),
        (json!({"access_key":"secret"}), "secret_key", "half a pair"),
        (json!({"secret_key":"secret"}), "access_key", "the other half"),
        (
            json!({"api_key":"secret","access_key":"secret","secret_key":"secret"}),
            "not both",
            "both kinds",
        ),
        (json!({"api_key":"secret","secret_key":"secret"}), "not both", "one kind and a half"),
        (json!({"api_key":""}), "key", "an empty key"),
        (json!({"api_key":"a secret"}), "printable", "a key that fits no header"),
        (json!({"access_key":"ak","secret_key":""}), "secret_key", "an empty secret key"),
        (json!({"api_key":"k","webhook_secret":"whsec_"}), "webhook_secret", "nothing in it"),
        (json!({"api_key":"k","webhook_secret":"secret!"}), "webhook_secret", "no base64"),
        (json!({"api_key":"k","base_url":"api.klingai.com"}), "base_url", "no scheme"),
        (json!({"api_key":"k","token":"secret"}), "token", "a member nobody reads"),
    ];
    for (account, named, reason) in rows {
        let error = read(account).expect_err(reason).to_string();
        assert!(error.contains(named), "{reason}: {error}");
        assert!(!error.contains("a secret") && !error.contains("secret!"), "{reason}: {error}");
    }
}

#[test]
fn a_token_is_byte_for_byte_the_one_that_others_make() {
    let (_, vectors) = fixtures("jwt").remove(0);
    for case in vectors["cases"].as_array().expect("cases") {
        let account = json!({
            "access_key": case["access_key"],
            "secret_key": case["secret_key"],
        });
        let handle = Handle { vendor_task_id: "1", endpoint: "text2video" };
        let now = at(case["now_unix"].as_i64().expect("a time"));
        let request = kling(account).poll(&handle, now);
        let expected = case["expected"]["authorization"].as_str().expect("a header");
        assert_eq!(request.headers()["authorization"], expected, "{}", case["name"]);
    }
}
