//! The surface `/v1/video/generations`: its requests, its answers, its webhooks.

mod answer;
mod request;

pub use answer::{CreatedView, Ended, Events, TaskView};
pub use request::{FIELDS, read};
