//! The operator's account with Vidu.

use super::*;

#[test]
fn an_account_is_checked_and_its_key_never_printed() {
    let read = |account: Value| serde_json::from_value::<Vidu>(account);
    let account =
        read(json!({"api_key":"vda_secret","base_url":"http://127.0.0.1:9/vidu/"})).unwrap();
    assert!(!format!("{account:?}").contains("vda_secret"));
    assert_eq!(account.account.base_url.join("/ent/v2/x"), "http://127.0.0.1:9/vidu/ent/v2/x");
    for (account, reason) in [
        (json!({}), "no key"),
        (json!({"api_key":""}), "an empty key"),
        (json!({"api_key":"a b"}), "a key that fits no header"),
        (json!({"api_key":"k","base_url":"api.vidu.com"}), "no scheme"),
        (json!({"api_key":"k","secret":"s"}), "a member nobody reads"),
    ] {
        assert!(read(account).is_err(), "{reason}");
    }
}
