//! The table of usage: what each key has made, and what counts against its limits.
//!
//! Its items, by `owner` (the key's id) and `what`; what many tasks write is in parts, of which
//! each is an item, so that those that begin or end at once are not in each other's way:
//! - `2026-11-21/vidu/viduq1/3`: a day's ended tasks of a model;
//! - `unfinished/3`: how many tasks of a key with such a limit have not ended, and how many more
//!   may begin;
//! - `minute/2026-11-21T04:24Z/3`: how many tasks such a key made in that minute.

use jiff::{SignedDuration, Timestamp};

use crate::task::{MOST_PARTS, Task};

/// Where unfinished tasks are counted.
pub const UNFINISHED: &str = "unfinished";

/// Where the tasks of a minute are counted, and when nobody asks for that any more.
pub fn minute(now: Timestamp) -> (String, Timestamp) {
    (format!("minute/{}", now.strftime("%Y-%m-%dT%H:%MZ")), now + SignedDuration::from_hours(1))
}

/// Which part an item is, by its name.
pub(super) fn part(what: &str) -> Option<u8> {
    what.rsplit_once('/')?.1.parse().ok()
}

/// How long the minute still lasts, in seconds.
pub fn rest_of_minute(now: Timestamp) -> u32 {
    u32::try_from(60 - now.as_second().rem_euclid(60)).unwrap_or(60)
}

/// Where a task is added up that has just ended. How many will end in a day nobody knows, so
/// there are as many parts as there ever are; those without an end do not exist.
pub fn day(task: &Task) -> String {
    let day = task.updated_at.strftime("%Y-%m-%d");
    format!("{day}/{}/{}/{}", task.vendor, task.model, task.id.spread() % u32::from(MOST_PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_the_clocks() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let rows = [
            ("2026-11-21T04:24:00Z", "minute/2026-11-21T04:24Z", 60),
            ("2026-11-21T04:24:59.9Z", "minute/2026-11-21T04:24Z", 1),
            ("2026-11-21T04:25:01Z", "minute/2026-11-21T04:25Z", 59),
        ];
        for (now, what, rest) in rows {
            assert_eq!(
                (minute(at(now)).0.as_str(), rest_of_minute(at(now))),
                (what, rest),
                "{now}"
            );
        }
    }
}
