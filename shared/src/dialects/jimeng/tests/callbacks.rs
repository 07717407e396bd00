//! Callbacks: Jimeng makes none.

use super::*;

#[test]
fn no_callback_is_jimengs() {
    let headers = http::HeaderMap::new();
    let callback =
        Callback { path: "/v1/callbacks/jimeng/t", query: "", headers: &headers, body: b"{}" };
    assert_eq!(jimeng().verify_callback(&callback, at(0)), Err(CallbackRefused::Unsigned));
}
