//! Several writes that are done all or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::error::StoreError;
use super::item::Item;

/// Somebody else's transaction on the same items is over in milliseconds; with
/// pauses that double, this many tries wait about three seconds in all.
const TRIES: u32 = 9;
const FIRST_PAUSE: Duration = Duration::from_millis(8);

/// What became of a transaction.
pub(super) enum Transacted {
    Done,
    /// Conditions did not hold: nothing was written.
    Refused(Refusals),
    /// Others kept on writing the same items: nothing was written.
    Busy,
}

/// The conditions that did not hold, and the items that they did not hold for.
pub(super) struct Refusals(Vec<CancellationReason>);

impl Refusals {
    /// Whether the condition of the write at this place did not hold.
    pub(super) fn at(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|reason| code(reason) == "ConditionalCheckFailed")
    }

    /// The item that the write at this place found, if it asked for it.
    pub(super) fn item(&mut self, index: usize) -> Option<Item> {
        self.0.get_mut(index).and_then(|reason| reason.item.take())
    }
}

fn code(reason: &CancellationReason) -> &str {
    reason.code().unwrap_or_default()
}

/// Does all of it or nothing. `spread` is a number that differs between those who
/// may be in each other's way; the token makes a request that is sent twice one.
pub(super) async fn transact(
    client: &Client,
    action: &str,
    writes: Vec<TransactWriteItem>,
    token: Option<&str>,
    spread: u32,
) -> Result<Transacted, StoreError> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(pause(attempt, spread)).await;
        }
        let sent = client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()))
            .set_client_request_token(token.map(str::to_owned))
            .send()
            .await;
        let canceled = match sent.map_err(SdkError::into_service_error) {
            Ok(_) => return Ok(Transacted::Done),
            Err(TransactWriteItemsError::TransactionCanceledException(canceled)) => canceled,
            Err(error) => return Err(StoreError::service(action, error)),
        };
        let reasons = canceled.cancellation_reasons();
        if reasons.iter().any(|reason| code(reason) == "ConditionalCheckFailed") {
            return Ok(Transacted::Refused(Refusals(reasons.to_vec())));
        }
        // What passes: a conflict with another transaction, or too little capacity.
        let passes = |reason: &CancellationReason| {
            matches!(
                code(reason),
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
            )
        };
        if !reasons.iter().any(passes) {
            return Err(StoreError::service(action, canceled));
        }
    }
    Ok(Transacted::Busy)
}

/// Longer from try to try, and a little different for everybody.
fn pause(attempt: u32, spread: u32) -> Duration {
    let part = spread.rotate_left(attempt * 3) % 100;
    FIRST_PAUSE * 2_u32.pow(attempt - 1) * (50 + part) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_end_before_a_client_gives_up() {
        for spread in [0, 1, 99, 12_345_678, u32::MAX] {
            let pauses: Vec<_> = (1..TRIES).map(|attempt| pause(attempt, spread)).collect();
            assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(4), "{pauses:?}");
            assert!(pauses[7] > pauses[0] * 40, "{pauses:?}");
        }
    }
}
