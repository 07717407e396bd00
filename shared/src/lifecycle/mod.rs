//! The one path to the truth: whoever wants to know how a task is doing comes through here.
//!
//! A function says when, how patiently and on whose behalf; what an answer of a
//! vendor does to a task, and which event it leaves, is the same whoever asked.

mod asker;
mod cancel;
mod contradiction;
mod end;
mod ends;
mod find;
mod insist;
mod link;
mod poll;
mod submit;

pub use asker::{Asker, Lifecycle};
pub use poll::FRESH;
pub use submit::{SubmitOutcome, Submitting};
