//! Hashes, signatures and secrets: the ground floor, which knows nothing of Filmgate.

pub mod digest;
mod secret;
pub mod standard_webhooks;

pub use secret::Secret;
pub use standard_webhooks::WebhookSecret;
