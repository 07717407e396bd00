//! The only code that calls vendors, and the addresses at which they call us.

mod accounts;
mod callback_urls;
mod calls;
mod exchange;
mod registry;
mod report;

pub use accounts::{Account, AccountsError, check_accounts};
pub use callback_urls::{Addressee, CallbackTokens, CallbackUrls, TokenKey, callback_url};
pub use calls::{Repetition, Reply, Unverified, Vendors, patience};
pub use registry::NoAccount;
