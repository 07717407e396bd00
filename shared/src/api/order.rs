//! What a client asks for, read in full: the seam at which the surfaces of the API meet.
//!
//! Whatever a client writes becomes an [`Order`]; its [`Generation`] is the part that a
//! vendor has to honour. A field is read into one of them, warned
//! about or refused; none disappears.

use super::fields::Fields;
use super::image::Given;
use super::size::Size;
use super::warning::Warning;

/// In bytes: a task keeps the name of its model, and makes its endpoint of it.
pub const LONGEST_MODEL: usize = 256;

/// The most tasks of one request.
pub const MOST_TASKS: u32 = 4;

/// What a client asks for, whatever the surface it came in by.
#[derive(Clone, Debug)]
pub struct Order {
    /// As the client wrote it, and as its task shows it.
    pub model: String,
    /// How many independent tasks to make of it.
    pub count: u32,
    pub generation: Generation,
    /// The client's own webhook, and the field it came in.
    pub webhook: Option<(String, &'static str)>,
    /// Comes back to the client in its answers.
    pub payload: Option<String>,
    /// Whom the client does this for; kept for the operator.
    pub user: Option<String>,
    /// Equal for requests that say the same.
    pub fingerprint: String,
    pub warnings: Vec<Warning>,
}

/// What a vendor is to make.
#[derive(Clone, Debug)]
pub struct Generation {
    /// The vendor's name of the model.
    pub model: String,
    pub prompt: String,
    /// In their order, whatever fields they came in.
    pub images: Vec<Given>,
    pub size: Option<Size>,
    /// The field that a message about the size names.
    pub size_param: &'static str,
    pub duration: Option<f64>,
    /// The field that a message about the duration names.
    pub duration_param: &'static str,
    pub fps: Option<f64>,
    pub seed: Option<i64>,
    /// `metadata`: the vendor's own options, by the vendor's own names.
    pub options: Fields,
}
