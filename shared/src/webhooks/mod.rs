//! The only code that calls clients: which addresses, how, and what becomes of it.

mod address;
mod deliver;
mod resolver;

pub use address::{WebhookHosts, is_public_address};
pub use deliver::Deliveries;
