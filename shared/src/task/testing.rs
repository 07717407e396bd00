//! A task to try things with.

use jiff::Timestamp;

use super::account::AccountId;
use super::id::TaskId;
use super::key::{ApiKey, KeyHash};
use super::record::Task;
use super::vendor::Vendor;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

pub(crate) fn key() -> ApiKey {
    ApiKey::new(KeyHash::of("sk-test"), "owner", "tests", vec!["*".to_owned()])
}

/// A task of second 1000, of which its vendor has not heard yet.
pub(crate) fn task() -> Task {
    let id = TaskId::new(at(1000), &[7; 10]);
    let account = AccountId::default();
    Task::new(id, &key(), Vendor::Vidu, account, "viduq1", "text2video", at(1000))
}
