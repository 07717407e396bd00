//! The dialects of the vendors, and the contract that each of them fulfils.
//!
//! Pure: no socket, no clock, no environment.

mod address;
mod aliases;
mod capability;
mod contract;
mod facts;
mod jimeng;
mod kling;
mod known;
mod lenient;
mod option_schema;
mod registry;
mod request;
mod retry_after;
#[cfg(test)]
mod testing;
pub mod translate;
mod vidu;

pub use address::BaseUrl;
pub use aliases::Aliases;
pub use capability::{Capability, ModelStatus};
pub use contract::{
    Callback, CallbackRefused, Cancelled, Dialect, Found, Handle, Meaning, Polled, Search,
    Submission, SubmitContext, Submitted,
};
pub use facts::Facts;
pub use known::{likely, listed};
pub use registry::{facts, open, vendor_of};
