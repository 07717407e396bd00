//! Jimeng's dialect against `fixtures/`: one exchange each, and the signatures
//! that the vendor's own code made.

mod accounts;
mod callbacks;
mod finds;
mod polls;
mod signature;
mod submissions;
mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::fixtures::{answer, kind, vendor_code};
use crate::dialects::testing::{self, at, response, search, task_id};
use crate::task::{Charged, Status, Vendor};

const HANDLE: Handle<'_> = Handle { vendor_task_id: "752", endpoint: "jimeng_t2v_v30" };

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures::fixtures("jimeng", prefix)
}

fn jimeng() -> Jimeng {
    account(json!({ "access_key": "AKTEST", "secret_key": "c2VjcmV0==" })).expect("an account")
}

fn account(account: Value) -> serde_json::Result<Jimeng> {
    serde_json::from_value(account)
}

fn read_submitted(status: u16, body: &str) -> Submitted {
    testing::read_submitted(&jimeng(), status, body)
}

/// A poll of the task 752.
fn read_polled(status: u16, body: &str) -> Polled {
    testing::read_polled(&jimeng(), &HANDLE, status, body)
}
