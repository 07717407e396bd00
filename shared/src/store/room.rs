//! What a key's limits leave now, read without counting anything.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::begin::BeginOutcome;
use super::counts::{MinutePart, UnfinishedPart, free};
use super::error::StoreError;
use super::tasks::Tasks;
use super::usage::{self, UNFINISHED};
use crate::task::{Limits, Parts};

/// What is used of each limit; none where there is no such limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub creates_per_minute: Option<Used>,
    pub unfinished: Option<Used>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    pub used: u32,
    pub max: u32,
}

impl Room {
    /// Why so many more tasks would not begin now.
    pub fn refuses(self, tasks: u32) -> Option<BeginOutcome> {
        let lacks =
            |used: Option<Used>| used.is_some_and(|it| it.used.saturating_add(tasks) > it.max);
        // As where tasks begin: the minute is looked at first.
        if lacks(self.creates_per_minute) {
            return Some(BeginOutcome::TooFast);
        }
        lacks(self.unfinished).then_some(BeginOutcome::TooMany)
    }
}

impl Tasks {
    /// What a key has used of its limits.
    pub async fn room(
        &self,
        owner: &str,
        limits: Limits,
        now: Timestamp,
    ) -> Result<Room, StoreError> {
        let creates_per_minute = match limits.creates_per_minute {
            None => None,
            Some(max) => {
                let (minute, _) = usage::minute(now);
                let found: Vec<MinutePart> = self.parts(owner, &minute).await?;
                Some(Used { used: found.iter().map(|part| part.creates).sum(), max })
            }
        };
        let unfinished = match limits.unfinished {
            None => None,
            Some(max) => {
                let found: Vec<UnfinishedPart> = self.parts(owner, UNFINISHED).await?;
                let found: BTreeMap<u8, UnfinishedPart> = found
                    .into_iter()
                    .filter_map(|part| Some((usage::part(&part.what)?, part)))
                    .collect();
                let free = free(Parts::of(max), &found).unwrap_or_default();
                Some(Used { used: max.saturating_sub(free), max })
            }
        };
        Ok(Room { creates_per_minute, unfinished })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_begin_as_long_as_no_limit_lacks_room() {
        let used = |used| Some(Used { used, max: 10 });
        let rows = [
            (None, None, 99, None),
            (used(9), None, 1, None),
            (used(9), None, 2, Some(BeginOutcome::TooFast)),
            (None, used(9), 2, Some(BeginOutcome::TooMany)),
            (used(10), used(10), 1, Some(BeginOutcome::TooFast)),
            (used(0), used(0), 10, None),
        ];
        for (creates_per_minute, unfinished, tasks, refusal) in rows {
            let room = Room { creates_per_minute, unfinished };
            assert_eq!(room.refuses(tasks), refusal, "{tasks} beside {room:?}");
        }
    }
}
