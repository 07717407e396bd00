//! What of a shard's list is to be begun, and when to list it again.

use std::hash::{BuildHasher, RandomState};

use jiff::{SignedDuration, Timestamp};
use shared::store::{Due, MOST_DUE};

/// What was begun and is listed still is begun again after this: another run may have
/// failed at it, or this one; until then the index may only be late.
const PAUSE: SignedDuration = SignedDuration::from_millis(500);

/// What a run knows of a shard.
#[derive(Debug)]
pub(crate) struct Agenda {
    /// What is listed still though it was begun, and when it was.
    begun: Vec<(Due, Timestamp)>,
    /// Whether no other run was met.
    is_alone: bool,
}

/// What a list asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Next {
    pub(crate) begin: Vec<Due>,
    /// When more of what is listed is to be begun.
    pub(crate) again: Option<Timestamp>,
    /// Whether all that is due was listed.
    pub(crate) is_all: bool,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self { begun: Vec::new(), is_alone: true }
    }

    /// Reads a list, the earliest first.
    pub(crate) fn next(&mut self, timers: Vec<Due>, now: Timestamp) -> Next {
        let (mut begin, later): (Vec<_>, Vec<_>) =
            timers.into_iter().partition(|timer| timer.due_at <= now);
        let is_all = begin.len() < MOST_DUE;
        self.begun.retain(|(timer, at)| now < *at + PAUSE && begin.contains(timer));
        begin.retain(|timer| self.begun.iter().all(|(begun, _)| begun != timer));
        if !self.is_alone && !begin.is_empty() {
            // Who begins elsewhere than the others seldom meets them.
            let elsewhere = RandomState::new().hash_one(now) as usize % begin.len();
            begin.rotate_left(elsewhere);
        }
        let later = later.first().map(|timer| timer.due_at);
        let again = self.begun.iter().map(|(_, at)| *at + PAUSE).chain(later).min();
        Next { begin, again, is_all }
    }

    pub(crate) fn begins(&mut self, timer: &Due, now: Timestamp) {
        self.begun.push((timer.clone(), now));
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
        let list = timers([-2, 0, 300, 700]);
        let next = agenda.next(list.clone(), at(0));
        assert_eq!(next, Next { begin: list[..2].to_vec(), again: Some(at(300)), is_all: true });
        next.begin.iter().for_each(|timer| agenda.begins(timer, at(0)));

        // The first one was claimed, the second one was not, or the index is late.
        let next = agenda.next(list[1..].to_vec(), at(300));
        assert_eq!((next.begin.as_slice(), next.again), (&list[2..3], Some(at(500))));
        agenda.begins(&list[2], at(300));

        let next = agenda.next(list[1..].to_vec(), at(500));
        assert_eq!((next.begin.as_slice(), next.again), (&list[1..2], Some(at(700))));
        assert_eq!(agenda.next(Vec::new(), at(500)).again, None);
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
        assert_eq!(agenda.next(list.clone(), at(0)).begin, list, "alone, the earliest first");
        agenda.meets_another();
        let orders: Vec<_> = (0..20).map(|_| agenda.next(list.clone(), at(0)).begin).collect();
        assert!(orders.iter().any(|order| *order != list), "twenty times the same beginning");
        for mut order in orders {
            order.sort_by_key(|timer| timer.due_at);
            assert_eq!(order, list, "nothing is left out");
        }
    }
}
