//! Kling's dialect against `fixtures/`: one exchange or callback each, and the
//! tokens and signatures that other people's code made.

mod accounts;
mod callbacks;
mod finds;
mod polls;
mod submissions;
mod translation;

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::fixtures::{answer, kind};
use crate::dialects::testing::{self, TASK_ID, at, callback_headers, response, search, task_id};
use crate::task::{Charged, Figures, Status};

const OLD: &str = "image2video";
const NEW: &str = "omni-video/kling-o1";

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    testing::fixtures::fixtures("kling", prefix)
}

fn kling(account: Value) -> Kling {
    serde_json::from_value(account).expect("an account")
}

fn with_key() -> Kling {
    kling(json!({ "api_key": "key" }))
}

fn read_submitted(status: u16, body: &str) -> Submitted {
    testing::read_submitted(&with_key(), status, body)
}

/// The task 87, as it was made at an endpoint.
fn handle(endpoint: &str) -> Handle<'_> {
    Handle { vendor_task_id: "87", endpoint }
}

/// A poll of the task 87.
fn read_polled(endpoint: &str, status: u16, body: &str) -> Polled {
    testing::read_polled(&with_key(), &handle(endpoint), status, body)
}
