//! What every function stands on: the unified API, tasks, the vendors and the store.
//!
//! Not here: a clock, anything fake, and outside of [`lambda`] the environment.
//! Time is an argument, variables come in through [`setup::Environment`], and
//! `clippy.toml` beside this crate keeps it so.

pub mod api;
pub mod aws;
pub mod callback;
pub mod causes;
pub mod client;
pub mod delivery;
pub mod hex;
pub mod idempotency;
pub mod lambda;
pub mod refresh;
pub mod secret;
pub mod setup;
mod standard_webhooks;
pub mod store;
pub mod story;
pub mod task;
pub mod telemetry;
pub mod timer;
pub mod vendor;
pub mod webhook;
