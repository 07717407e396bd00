//! Vidu's dialect against `fixtures/`: one exchange or callback each, and the
//! signatures that other people's code made.

mod accounts;
mod callbacks;
mod cancels;
mod finds;
mod polls;
mod submissions;
mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::fixtures::{answer, kind};
use crate::dialects::testing::{self, TASK_ID, at, callback_headers, response, search, task_id};
use crate::task::{Charged, Fault, Status, Vendor};

const HANDLE: Handle<'_> = Handle { vendor_task_id: "839", endpoint: "text2video" };

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures::fixtures("vidu", prefix)
}

fn vidu(api_key: &str) -> Vidu {
    serde_json::from_value(json!({ "api_key": api_key })).expect("an account")
}

fn read_submitted(status: u16, body: &str) -> Submitted {
    testing::read_submitted(&vidu("key"), status, body)
}

/// A poll of the task 839.
fn read_polled(status: u16, body: &str) -> Polled {
    testing::read_polled(&vidu("key"), &HANDLE, status, body)
}
