//! A try of a request that an SDK repeats by itself: of all that arrive for a wish, one makes
//! the video, and the others are told of it.

use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use shared::api::wishes::{Fate, Try, Wish, candidates, choose};
use shared::api::{ApiError, Created};
use shared::platform::Clock;
use shared::store::StoreError;
use shared::task::{Charged, Status, Task};

use super::Create;
use super::plan::Plan;

/// Longer than a function may run: by then the first try has answered, or died.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What is left of an invocation to make the video itself, should the first try not have made it.
const MAKING: Duration = Duration::from_secs(15);

/// How often it is looked how the first try is doing.
const PAUSE: Duration = Duration::from_millis(500);

/// The most wishes that are looked at.
const MOST: usize = 8;

/// How often somebody else may be quicker.
const RACES: u32 = 20;

impl Create {
    /// What was made by an earlier try. None when this one has to make it; then its wish is
    /// kept, so that the next one finds it.
    pub(crate) async fn earlier_try(
        &self,
        plan: &Plan,
        clock: &Clock,
    ) -> Result<Option<Created>, ApiError> {
        let Some(this) = &plan.this_try else { return Ok(None) };
        for race in 0..RACES {
            let chosen = match this.number {
                0 => None,
                _ => self.wish_of(this, race, plan, clock.now()).await.map_err(unknown)?,
            };
            let refused = match chosen {
                None => None,
                Some((wish, Fate::Refused)) => Some(wish),
                Some((wish, fate)) => {
                    let by = &plan.tasks.first().ok_or_else(ApiError::internal)?.id;
                    let tasks = &self.lifecycle.tasks;
                    let claimed = tasks.claim_wish(&this.place, &wish, this.number, by).await;
                    if !claimed.map_err(unknown)? {
                        continue;
                    }
                    match self.end_of(&wish, fate, plan, clock).await? {
                        Some(created) => return Ok(Some(created)),
                        None => Some(wish),
                    }
                }
            };
            let tasks = &self.lifecycle.tasks;
            let new = plan.wish(this);
            if tasks
                .keep_wish(&this.place, &new, refused.as_ref(), clock.now())
                .await
                .map_err(unknown)?
            {
                return Ok(None);
            }
        }
        Err(ApiError::busy())
    }

    /// Keeps that nothing was made for the wish of this try, if its client shall try again.
    pub(crate) async fn sent_away(&self, this: &Try, wish: &Wish, error: &ApiError, clock: &Clock) {
        if !error.code().is_retryable() || error.body.charged != Charged::No {
            return;
        }
        let kept = self.lifecycle.tasks.refuse_wish(&this.place, wish);
        match clock.within(Duration::from_millis(500), kept).await {
            Some(Ok(())) => {}
            // The next try waits until this one would have died.
            Some(Err(error)) => tracing::warn!(%error, "a refusal could not be kept for its retry"),
            None => tracing::warn!("a refusal could not be kept for its retry in time"),
        }
    }

    /// The wish that a repeated try is for.
    async fn wish_of(
        &self,
        this: &Try,
        race: u32,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Option<(Wish, Fate<Created>)>, StoreError> {
        let wishes = self.lifecycle.tasks.wishes(&this.place).await?;
        let mut candidates = candidates(wishes, this.number, now);
        if race > 0 && !candidates.is_empty() {
            // Who loses a race looks elsewhere than the others that lost it.
            let spread = plan.tasks.first().map_or(0, |task| task.id.spread());
            let elsewhere = usize::try_from(spread.wrapping_add(race)).unwrap_or_default();
            let count = candidates.len();
            candidates.rotate_left(elsewhere % count);
        }
        candidates.truncate(MOST);
        let fates = candidates.into_iter().map(async |wish| {
            let fate = self.fate(&wish, plan, now).await?;
            Ok::<_, StoreError>((wish, fate))
        });
        Ok(choose(try_join_all(fates).await?))
    }

    /// What was made for a wish, as soon as that is known. None when nothing was.
    async fn end_of(
        &self,
        wish: &Wish,
        fate: Fate<Created>,
        plan: &Plan,
        clock: &Clock,
    ) -> Result<Option<Created>, ApiError> {
        let mut fate = fate;
        loop {
            match fate {
                Fate::Made(created) => return Ok(Some(created)),
                Fate::Refused | Fate::Hopeless => return Ok(None),
                Fate::Running if clock.left() < MAKING + PAUSE => {
                    return Err(ApiError::first_try_running());
                }
                Fate::Running => tokio::time::sleep(PAUSE).await,
            }
            fate = self.fate(wish, plan, clock.now()).await.map_err(unknown)?;
        }
    }

    async fn fate(
        &self,
        wish: &Wish,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Fate<Created>, StoreError> {
        if wish.refused {
            return Ok(Fate::Refused);
        }
        let tasks = &self.lifecycle.tasks;
        let found = try_join_all(wish.task_ids.iter().map(|id| tasks.get(id))).await?;
        let found: Vec<_> = found.into_iter().flatten().collect();
        let is_over = now.duration_since(wish.came_at()) >= LEASE;
        let taken: Vec<_> = found.iter().filter(|task| !task.was_refused()).collect();
        let Some(first) = taken.first() else {
            let may_help =
                |task: &Task| task.error.as_ref().is_none_or(|it| it.code.is_retryable());
            return Ok(match found.is_empty() {
                true if is_over => Fate::Refused,
                true => Fate::Running,
                false if found.iter().all(may_help) => Fate::Refused,
                false => Fate::Hopeless,
            });
        };
        if !is_over && !taken.iter().all(|task| was_answered(task)) {
            return Ok(Fate::Running);
        }
        let ids = taken.iter().map(|task| task.id.clone()).collect();
        let several = wish.task_ids.len() > 1;
        let warnings = plan.warnings.clone();
        Ok(Fate::Made(Created::of(first, ids, several, first.status, warnings)))
    }
}

/// Whether something is known of the submission of a task, be it only that nothing is known.
fn was_answered(task: &Task) -> bool {
    task.status != Status::Queued || task.vendor_task_id.is_some() || task.events.len() > 1
}

/// The error of a try whose wishes could not be read or kept: nothing was made by it.
fn unknown(error: StoreError) -> ApiError {
    tracing::error!(%error, "the tries of a request could not be told apart; nobody was asked");
    ApiError::internal()
}
