//! Who asks, and what is needed to ask and to write down the answer.

use std::time::Duration;

use crate::store::Tasks;
use crate::task::{Actor, Event};
use crate::vendors::Vendors;

/// The tasks, and the vendors that make their videos.
#[derive(Debug)]
pub struct Lifecycle {
    pub tasks: Tasks,
    pub vendors: Vendors,
}

/// On whose behalf a vendor is asked, and how patiently.
#[derive(Debug)]
pub struct Asker {
    pub by: Actor,
    /// How long the vendor may take over an answer.
    pub timeout: Duration,
    /// The callback that is the reason to ask, for the events of the task.
    pub callback: Option<Event>,
}

impl Asker {
    /// A client or a vendor waits for the answer.
    pub fn waiting(by: Actor) -> Self {
        Self { by, timeout: Duration::from_secs(3), callback: None }
    }

    /// Nobody waits.
    pub fn patient(by: Actor) -> Self {
        Self { by, timeout: Duration::from_secs(10), callback: None }
    }
}
