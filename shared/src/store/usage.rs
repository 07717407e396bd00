//! The table of usage: what each key has made, and what counts against its limits.
//!
//! Its items, by `owner` (the key's id) and `what`:
//! - `2026-11-21/vidu/viduq1/3`: a day's ended tasks of a model, in eight parts, so that
//!   those that end at once are not in each other's way;
//! - `unfinished`: how many tasks of a key with such a limit have not ended;
//! - `minute/2026-11-21T04:24Z`: how many tasks such a key made in that minute.

use jiff::{SignedDuration, Timestamp};

use crate::task::Task;

/// Where unfinished tasks are counted.
pub const UNFINISHED: &str = "unfinished";

/// Into how many items a day's usage of a model is divided.
const PARTS: u32 = 8;

/// Where the tasks of a minute are counted, and when nobody asks for that any more.
pub fn minute(now: Timestamp) -> (String, Timestamp) {
    (format!("minute/{}", now.strftime("%Y-%m-%dT%H:%MZ")), now + SignedDuration::from_hours(1))
}

/// How long the minute still lasts, in seconds.
pub fn rest_of_minute(now: Timestamp) -> u32 {
    u32::try_from(60 - now.as_second().rem_euclid(60)).unwrap_or(60)
}

/// Where a task is added up that has just ended.
pub fn day(task: &Task) -> String {
    let day = task.updated_at.strftime("%Y-%m-%d");
    format!("{day}/{}/{}/{}", task.vendor, task.model, task.id.spread() % PARTS)
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
