//! Finding a submission of which no answer came: there is no way.

use super::*;
use crate::dialects::contract::Found;

/// A second video would be made of it, and nothing tells whether the first one was.
#[test]
fn a_submission_is_never_repeated_and_cannot_be_found() {
    let body = Bytes::from_static(b"{}");
    assert!(jimeng().repeat("jimeng_t2v_v30", body, at(0)).is_none());
    let task_id = task_id();
    let search = search(&task_id, "jimeng_t2v_v30");
    assert!(jimeng().find(&search, at(0)).is_none());
    let read = jimeng().read_found(&response(200, "{}"), &search);
    assert!(matches!(read, Found::Nothing(_)), "{read:?}");
    assert_eq!(jimeng().hint(br#"{"task_id":"752"}"#), None);
}
