//! On the table's stream: a task ended, and its client wants to know.
//!
//! Only the first try is made here, and only by whoever claims the timer that
//! the task ended with: an event that comes twice is delivered once. All that
//! fails is left to the timer; the stream is never asked to repeat an event.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use shared::platform::SetupError;
use shared::runtime::Environment;
use shared::store::{Changes, Tasks};
use shared::task::Actor;
use shared::webhooks::Deliveries;

/// How many clients are called at once; the template hands over no more.
const AT_ONCE: usize = 20;

#[derive(Debug)]
pub struct Notify {
    tasks: Tasks,
    deliveries: Deliveries,
}

impl Notify {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { tasks: environment.tasks()?, deliveries: environment.deliveries()? })
    }

    /// Calls the clients side by side: who is slow delays nobody else.
    pub async fn handle(&self, changes: Changes, now: Timestamp) {
        stream::iter(changes.timers())
            .for_each_concurrent(AT_ONCE, async |due| {
                let delivered = async {
                    self.deliveries.deliver_due(&self.tasks, &due?, Actor::Notify, now).await
                };
                if let Err(error) = delivered.await {
                    tracing::error!(%error, "an end is left to its timer");
                }
            })
            .await;
    }
}
