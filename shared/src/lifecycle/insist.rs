//! Writing what must not be lost: again and again, as long as there is time.

use std::time::Duration;

use tokio::time::sleep;

use crate::platform::Clock;
use crate::store::StoreError;

/// What is left of an invocation to say what became of it.
const SAYING: Duration = Duration::from_secs(2);

/// The pauses between the tries, which double up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Writes until it is done, so long at most, or until the last seconds of the invocation.
/// What went wrong last is told; nothing when the store gave no answer at all.
pub(super) async fn insist<T, W>(
    clock: &Clock,
    longest: Duration,
    mut write: impl FnMut() -> W,
) -> Result<T, Option<StoreError>>
where
    W: Future<Output = Result<T, StoreError>>,
{
    let mut last = None;
    let mut pause = FIRST_PAUSE;
    let writing = async {
        loop {
            match write().await {
                Ok(done) => return done,
                Err(error) => last = Some(error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    let reserve = SAYING.max(clock.left().saturating_sub(longest));
    clock.within(reserve, writing).await.ok_or(last)
}
