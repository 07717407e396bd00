//! The only code that calls vendors, and the addresses at which they call us.

mod accounts;
mod callback_urls;
mod exchange;
mod report;

pub use accounts::AccountsError;
pub use callback_urls::{CallbackTokens, CallbackUrls, TokenKey, callback_url};
pub use exchange::{Reply, Vendors};
