//! The operator's account with Jimeng.

use super::*;

#[test]
fn an_account_is_checked_and_its_keys_never_printed() {
    let keys = json!({"access_key":"AKSHOWN","secret_key":"SKSHOWN","session_token":"STSHOWN"});
    assert!(!format!("{:?}", account(keys).unwrap()).contains("SHOWN"));
    for (row, reason) in [
        (json!({}), "no keys"),
        (json!({"access_key":"a"}), "half a pair"),
        (json!({"access_key":"a","secret_key":""}), "an empty key"),
        (json!({"access_key":"a b","secret_key":"s"}), "a key that fits no header"),
        (json!({"access_key":"a","secret_key":"s","base_url":"visual"}), "no scheme"),
        (json!({"access_key":"a","secret_key":"s","base_url":"http://a:99999"}), "no port"),
        (json!({"access_key":"a","secret_key":"s","api_key":"k"}), "a member nobody reads"),
    ] {
        assert!(account(row).is_err(), "{reason}");
    }
}
