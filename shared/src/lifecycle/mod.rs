//! The one path to the truth: whoever wants to know how a task is doing comes through here.

mod poll;

pub use poll::{FRESH, PATIENCE, raise, refresh, refresh_if_stale, refuse};
