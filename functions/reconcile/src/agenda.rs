//! What of a shard's list is to be begun, and when to list it again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use shared::store::{Due, MOST_DUE};

/// When all that is due was begun before, another run has it, or the index is late.
const PAUSE: Duration = Duration::from_millis(500);

/// What a run knows of a shard.
#[derive(Debug)]
pub(crate) struct Agenda {
    /// What is listed still though it was begun: not claimed yet, or not by this run.
    begun: Vec<Due>,
    is_alone: bool,
}

/// What a list asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Next {
    pub(crate) begin: Vec<Due>,
    /// Until there may be more to list.
    pub(crate) wait: Option<Duration>,
    /// Whether all that is due was listed.
    pub(crate) is_all: bool,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self { begun: Vec::new(), is_alone: true }
    }

    /// Reads a list, the earliest first.
    pub(crate) fn next(&mut self, timers: Vec<Due>, now: Timestamp) -> Next {
        let (due, later): (Vec<_>, Vec<_>) =
            timers.into_iter().partition(|timer| timer.due_at <= now);
        let is_all = due.len() < MOST_DUE;
        self.begun.retain(|timer| due.contains(timer));
        let wait = if self.begun.is_empty() {
            later.first().map(|next| next.due_at.duration_since(now).unsigned_abs())
        } else {
            Some(PAUSE)
        };
        let mut begin = due;
        begin.retain(|timer| !self.begun.contains(timer));
        if begin.is_empty() {
            // After the pause it is tried again.
            self.begun.clear();
        } else if !self.is_alone {
            // Who begins elsewhere than the others seldom meets them.
            let elsewhere = RandomState::new().hash_one(now) as usize % begin.len();
            begin.rotate_left(elsewhere);
        }
        Next { begin, wait, is_all }
    }

    pub(crate) fn begins(&mut self, timer: &Due) {
        self.begun.push(timer.clone());
    }

    /// Another run works on this shard as well.
    pub(crate) fn meets_another(&mut self) {
        self.is_alone = false;
    }
}

#[cfg(test)]
mod tests {
    use shared::task::TaskId;

    use super::*;

    const NOW: i64 = 1_763_683_200_000;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(NOW + millisecond).unwrap()
    }

    /// Timers of different tasks, so many milliseconds from now.
    fn timers(due: impl IntoIterator<Item = i64>) -> Vec<Due> {
        let timer = |(number, millisecond): (u64, i64)| {
            let mut random = [0; 10];
            random[..8].copy_from_slice(&number.to_be_bytes());
            Due { id: TaskId::new(at(0), &random), due_at: at(millisecond) }
        };
        (0..).zip(due).map(timer).collect()
    }

    #[test]
    fn what_is_due_is_begun_once_and_what_is_not_is_waited_for() {
        let mut agenda = Agenda::new();
        let list = timers([-2, 0, 300, 400]);
        let next = agenda.next(list.clone(), at(0));
        let wait = Some(Duration::from_millis(300));
        assert_eq!(next, Next { begin: list[..2].to_vec(), wait, is_all: true });
        next.begin.iter().for_each(|timer| agenda.begins(timer));

        let next = agenda.next(list[1..].to_vec(), at(0));
        assert_eq!(next.begin, [], "it was begun, though it is listed still");
        assert_eq!(next.wait, Some(PAUSE));

        let next = agenda.next(list[1..].to_vec(), at(300));
        assert_eq!(next.begin, list[1..3], "nobody has claimed it meanwhile");
        assert_eq!(agenda.next(Vec::new(), at(300)).wait, None);
    }

    #[test]
    fn a_full_list_may_not_be_all() {
        let most = MOST_DUE as i64;
        for (due, is_all) in [(most - 1, true), (most, false)] {
            assert_eq!(Agenda::new().next(timers(-due..0), at(0)).is_all, is_all, "{due}");
        }
    }

    #[test]
    fn beside_another_run_everything_is_begun_in_another_order() {
        let list = timers(-100..0);
        let mut agenda = Agenda::new();
        agenda.meets_another();
        let mut begin = agenda.next(list.clone(), at(0)).begin;
        begin.sort_by_key(|timer| timer.due_at);
        assert_eq!(begin, list);
    }
}
