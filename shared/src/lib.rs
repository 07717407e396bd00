//! What every function stands on, as shelves: each uses only those above it in this list.
//!
//! Not here: a clock, anything fake, and outside of [`runtime`] the environment.
//! Time is an argument, variables come in through [`runtime::Environment`], and
//! `clippy.toml` beside this crate keeps it so. `tests/shelves.rs` keeps the order.

pub mod api;
pub mod auth;
pub mod crypto;
pub mod dialects;
pub mod lifecycle;
pub mod platform;
pub mod runtime;
pub mod store;
pub mod task;
pub mod vendors;
pub mod webhooks;
