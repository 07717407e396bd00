//! Duties: what is still to be done for a task, and where its timers are listed.
//!
//! A duty is set, moved or removed by the write that makes it so. Those at the
//! vendor follow each other and share one timer; telling the client has a timer of
//! its own, so that a task may have both, and neither waits for the other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::TaskId;
use super::vendor::Vendor;

/// What is still to be done for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// To find out whether a submission arrived.
    Find,
    /// To ask the vendor how the task is.
    Poll,
    /// To tell the client's webhook how the task ended.
    Deliver,
}

impl Duty {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Poll => "poll",
            Self::Deliver => "deliver",
        }
    }
}

/// Into how many partitions each lane is divided.
const SHARDS: u32 = 4;

/// A queue of timers: one for each vendor, and one for clients' webhooks, so that
/// whoever is slow delays only their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Vendor(Vendor),
    Webhooks,
}

impl Lane {
    pub fn all() -> impl Iterator<Item = Self> {
        Vendor::ALL.into_iter().map(Self::Vendor).chain([Self::Webhooks])
    }

    pub fn shards(self) -> impl Iterator<Item = Shard> {
        (0..SHARDS).map(move |number| Shard::new(self, number))
    }

    /// The shard that a task's timer lives in.
    pub fn shard(self, task: &TaskId) -> Shard {
        Shard::new(self, task.spread() % SHARDS)
    }
}

/// A partition of a lane: `vidu/3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(String);

impl Shard {
    fn new(lane: Lane, number: u32) -> Self {
        Self(match lane {
            Lane::Vendor(vendor) => format!("{vendor}/{number}"),
            Lane::Webhooks => format!("webhooks/{number}"),
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_duty_is_stored_as_it_is_called() {
        for duty in [Duty::Find, Duty::Poll, Duty::Deliver] {
            assert_eq!(serde_json::json!(duty), duty.as_str());
        }
    }

    #[test]
    fn every_task_has_a_shard_of_its_lane_and_every_shard_has_tasks() {
        let mut all = Vec::new();
        for lane in Lane::all() {
            let shards: Vec<_> = lane.shards().collect();
            let mut met = vec![0; shards.len()];
            for last in 0..=255 {
                let id = TaskId::new(Timestamp::UNIX_EPOCH, &[last; 10]);
                let shard = shards.iter().position(|shard| *shard == lane.shard(&id));
                met[shard.expect("a shard of the lane")] += 1;
            }
            assert_eq!(met, [64; 4]);
            all.extend(shards.iter().map(Shard::to_string));
        }
        let lanes = ["jimeng", "kling", "vidu", "webhooks"];
        let expected = lanes.map(|lane| [0, 1, 2, 3].map(|number| format!("{lane}/{number}")));
        assert_eq!(all, expected.concat());
    }
}
