//! What clients send and are answered.
//!
//! Pure: nothing here knows a vendor's protocol, a table or a socket.

mod created;
mod error;
pub mod fields;
mod figures;
pub mod generations;
pub mod http;
mod idempotency;
mod image;
mod json;
mod order;
pub mod page;
pub mod request;
pub mod routes;
mod size;
pub mod videos;
mod warning;
pub mod wishes;

pub use created::Created;
pub use error::ApiError;
pub use fields::{Fields, shortened};
pub use idempotency::{Record, Repeated};
pub use image::{Format, Given, Image};
pub use order::{Generation, LONGEST_MODEL, MOST_TASKS, Order};
pub use size::Size;
pub use warning::Warning;
