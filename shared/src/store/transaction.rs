//! Several writes that are done all or not at all, and plain ones that meet them.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::error::StoreError;
use super::item::Item;

/// Somebody else's transaction on the same items is over in milliseconds; with
/// pauses that double, this many tries wait about three seconds in all.
pub(super) const TRIES: u32 = 9;
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

    /// Whether one of the conditions of the writes at these places did not hold.
    pub(super) fn any(&self, mut indexes: Range<usize>) -> bool {
        indexes.any(|index| self.at(index))
    }

    /// Whether somebody else was writing the item at this place.
    pub(super) fn is_busy(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|reason| code(reason) == "TransactionConflict")
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
    for tried in 0..TRIES {
        if tried > 0 {
            rest(tried - 1, spread).await;
        }
        match attempt(client, action, &writes, token).await? {
            Transacted::Busy => {}
            done => return Ok(done),
        }
    }
    Ok(Transacted::Busy)
}

/// Tries once to do all of it.
pub(super) async fn attempt(
    client: &Client,
    action: &str,
    writes: &[TransactWriteItem],
    token: Option<&str>,
) -> Result<Transacted, StoreError> {
    let sent = client
        .transact_write_items()
        .set_transact_items(Some(writes.to_vec()))
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
    if reasons.iter().any(passes) {
        return Ok(Transacted::Busy);
    }
    Err(StoreError::service(action, canceled))
}

/// Does a plain write, whose answer is the caller's to read. DynamoDB refuses one that meets a
/// transaction on the same item, and the SDK does not try again; here it waits as briefly as a
/// transaction that meets another, and in the end nothing was written.
pub(super) async fn write<T, E: ProvideErrorMetadata, F: Future<Output = Result<T, E>>>(
    action: &str,
    spread: u32,
    mut send: impl FnMut() -> F,
) -> Result<Result<T, E>, StoreError> {
    for tried in 0..TRIES {
        if tried > 0 {
            rest(tried - 1, spread).await;
        }
        match send().await {
            Err(error) if error.code() == Some("TransactionConflictException") => {}
            answer => return Ok(answer),
        }
    }
    Err(StoreError::busy(action))
}

/// Waits after a try, the first of which is numbered 0.
pub(super) async fn rest(tried: u32, spread: u32) {
    tokio::time::sleep(pause(tried + 1, spread)).await;
}

/// Longer from try to try, and a little different for everybody.
fn pause(attempt: u32, spread: u32) -> Duration {
    let part = spread.rotate_left(attempt * 3) % 100;
    FIRST_PAUSE * 2_u32.pow(attempt - 1) * (50 + part) / 100
}

#[cfg(test)]
mod tests {
    use std::future;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_sdk_dynamodb::error::ErrorMetadata;

    use super::*;

    #[test]
    fn the_pauses_grow_and_end_before_a_client_gives_up() {
        for spread in [0, 1, 99, 12_345_678, u32::MAX] {
            let pauses: Vec<_> = (1..TRIES).map(|attempt| pause(attempt, spread)).collect();
            assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(4), "{pauses:?}");
            assert!(pauses[7] > pauses[0] * 40, "{pauses:?}");
        }
    }

    #[tokio::test]
    async fn a_plain_write_waits_for_a_transaction_and_for_nothing_else() {
        let conflict = || said("TransactionConflictException");
        for (answers, result, why) in [
            (vec![Ok(1)], Ok(1), "nothing was in the way"),
            (vec![Err(conflict()), Err(conflict()), Ok(3)], Ok(3), "it is over soon"),
            (vec![Err(said("ValidationException")), Ok(2)], Err("ValidationException"), "never"),
            (
                vec![Err(conflict()), Err(said("ConditionalCheckFailedException")), Ok(3)],
                Err("ConditionalCheckFailedException"),
                "the transaction changed the item",
            ),
        ] {
            let answers = Mutex::new(answers.into_iter());
            let send = || {
                let answer = answers.lock().unwrap().next().expect("no more is asked");
                future::ready(answer)
            };
            let written = write("writing", 7, send).await.expect("not busy");
            let written = written.as_ref().map_err(|error| error.code().unwrap_or_default());
            assert_eq!(written.copied(), result, "{why}");
        }
        let sent = AtomicU32::new(0);
        let send = || {
            sent.fetch_add(1, Ordering::Relaxed);
            future::ready(Err::<(), _>(conflict()))
        };
        let busy = write("writing", 7, send).await.expect_err("busy").to_string();
        assert_eq!(busy, "writing: too many write the same at once");
        assert_eq!(sent.into_inner(), TRIES);
    }

    fn said(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }
}
