//! The surface `/v1/video/generations`: its answers and its webhooks.

mod answer;

pub use answer::{CreatedView, Ended, Events, TaskView};
