//! Tasks and all that belongs to one: pure data, and the rules by which it changes.
//!
//! Not here: what clients and vendors send, and where tasks are stored.

mod account;
mod change;
mod duty;
mod error;
mod events;
mod fault;
mod figures;
mod id;
mod key;
mod missing;
mod parts;
mod progress;
mod record;
mod shape;
mod status;
mod surface;
#[cfg(test)]
pub(crate) mod testing;
pub mod timer;
mod vendor;

pub use account::AccountId;
pub use change::{Change, Set};
pub use duty::{Duty, Lane, Shard};
pub use error::{Charged, Code, ErrorBody, VendorError};
pub use events::{Actor, Event, EventKind, MOST_EVENTS};
pub use fault::{Fault, FaultKind};
pub(crate) use figures::plain_number;
pub use figures::{Figures, whole};
pub use id::TaskId;
pub use key::{ApiKey, KeyHash, Limits};
pub use missing::{Absence, Missing};
pub use parts::{MOST_PARTS, Parts};
pub use progress::Progress;
pub use record::{Delivery, RETENTION, Task};
pub use shape::Shape;
pub use status::Status;
pub use surface::Surface;
pub use vendor::Vendor;
