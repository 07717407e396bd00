//! DynamoDB's streams in this process: hands a function the changes that it wants.
//!
//! Unlike Lambda it has no limit to the batches under way at once, and repeats none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use notify::Notify;
use serde_json::{Value, json};
use shared::platform::telemetry::{Origin, invocation};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::database::Changes;
use crate::template::Stream;

/// How often a stream is read.
const PAUSE: Duration = Duration::from_millis(50);

/// Follows a stream until it is dropped; what it started goes on, holding an invocation.
pub(crate) async fn run(
    stream: Stream,
    mut changes: Changes,
    (function, patience): (Arc<Notify>, Duration),
    invocations: mpsc::Sender<()>,
) {
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let records = match changes.next().await {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(table = stream.table, %error, "a stream cannot be read any more");
                return;
            }
        };
        let wanted: Vec<_> = records.into_iter().filter(|record| stream.wants(record)).collect();
        for batch in wanted.chunks(stream.batch_size.get()) {
            let invoked = invoke(function.clone(), json!({ "Records": batch }));
            let (patience, invocation) = (patience, invocations.clone());
            tokio::spawn(async move {
                if timeout(patience, invoked).await.is_err() {
                    tracing::error!("a function on a stream took too long");
                }
                drop(invocation);
            });
        }
    }
}

/// The events that a stream makes for a function, for who hands them over by themselves.
pub struct Events {
    stream: Stream,
    changes: Changes,
}

impl Events {
    pub(crate) fn new(stream: Stream, changes: Changes) -> Self {
        Self { stream, changes }
    }

    /// Waits for the next changes that the function wants.
    pub async fn next(&mut self) -> io::Result<Value> {
        loop {
            if let Some(event) = self.so_far().await? {
                return Ok(event);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The changes up to now that the function wants, if there are any.
    pub async fn so_far(&mut self) -> io::Result<Option<Value>> {
        let mut records = self.changes.next().await?;
        records.retain(|record| self.stream.wants(record));
        Ok((!records.is_empty()).then(|| json!({ "Records": records })))
    }
}

async fn invoke(function: Arc<Notify>, event: Value) {
    match serde_json::from_value(event) {
        Ok(changes) => {
            let handled = function.handle(changes, Timestamp::now());
            invocation(Origin::new("notify"), "changes", handled, |(), _| {}).await;
        }
        Err(error) => tracing::error!(%error, "a function could not read its event"),
    }
}
