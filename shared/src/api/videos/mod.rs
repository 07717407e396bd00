//! The surface `/v1/videos`, as OpenAI had it: its answers and its webhooks.

mod answer;
mod progress;

pub use answer::{Ended, VideoView, status_of};
