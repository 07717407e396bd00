//! The wire shapes that clients see: what they ask, what they are answered.
//!
//! Pure: nothing here knows a vendor, a table or a socket.

pub mod answer;
pub mod error;
pub mod fields;
pub mod http;
pub mod image;
mod json;
pub mod request;
pub mod size;

pub use error::{ApiError, Charged, ErrorBody};
pub use fields::{Fields, Warning};
pub use image::{Format, Image};
pub use request::{CreateRequest, Generation};
pub use size::Size;
