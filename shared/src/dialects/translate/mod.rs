//! The kit of the dialects: from the unified request to a vendor's, field by field.
//!
//! A [`Reader`] owns what the client asked for and checks it against the row of the
//! model, so that the same trouble is refused or warned about in the same words at
//! every vendor. Refused is only what a vendor surely refuses.

mod fields;
mod images;
mod model;
mod options;
mod picture;
mod reader;

pub use model::{Choice, ImageForm, Input, Model, Numbers, Opt, OptKind, Resolution, class_name};
pub use picture::Common;
pub use reader::{Reader, Translation};

#[cfg(test)]
mod tests;
