//! What clients wish for whose SDK repeats a request by itself, and sends no key with it.
//!
//! A repeated try is known by its number and by what is asked for, which is all that there is.
//! Two videos may be wished for in the same words, so each wish is kept apart: a try belongs to
//! a wish that no try of its number has come for. Pure; kept a quarter of an hour.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::crypto::digest::sha256;
use crate::task::{Surface, TaskId};

/// SDKs give up a request after ten minutes, and then try again.
const RETENTION: SignedDuration = SignedDuration::from_mins(15);

/// A try of a request, as its SDK numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// Where the wishes in the same words are kept.
    pub place: String,
    /// The first one is 0.
    pub number: u32,
}

/// A video that is wished for, whichever of its tries arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The tasks that are made for it.
    #[serde(rename = "tasks")]
    pub task_ids: Vec<TaskId>,
    /// The number of the last try that came for it.
    pub tried: u32,
    /// Whether its client was told that nothing was made, and may try again.
    pub refused: bool,
    /// The try that took it last, by the task that it would have made. By this a try knows its
    /// own claim, whose answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_by: Option<TaskId>,
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<T> {
    /// Its tasks were made.
    Made(T),
    /// Nothing was made, and trying again may help.
    Refused,
    /// Nothing was made, and no SDK tries that again.
    Hopeless,
    /// Somebody is at it.
    Running,
}

impl Try {
    /// The try that a request is, if its SDK numbers them.
    pub fn read(
        headers: &HeaderMap,
        owner: &str,
        surface: Surface,
        fingerprint: &str,
    ) -> Option<Self> {
        let number = headers.get("x-stainless-retry-count")?.to_str().ok()?.parse().ok()?;
        let words = sha256(format!("{surface:?} {fingerprint}").as_bytes());
        Some(Self { place: format!("wishes/{owner}/{words}"), number })
    }

    /// When the table forgets what is kept now.
    pub fn ttl(now: Timestamp) -> Timestamp {
        now + RETENTION
    }
}

impl Wish {
    /// A wish for which this is the first try that arrives.
    pub fn new(task_ids: Vec<TaskId>, number: u32) -> Self {
        Self { task_ids, tried: number, refused: false, claimed_by: None }
    }

    /// When it came.
    pub fn came_at(&self) -> Timestamp {
        self.task_ids.first().map(TaskId::created_at).unwrap_or_default()
    }

    /// Whether a try of this number may be one for it.
    fn may_be_of(&self, number: u32, now: Timestamp) -> bool {
        self.tried < number && now < self.came_at() + RETENTION
    }
}

/// The wishes that a try of this number may be for, the latest first.
pub fn candidates(wishes: Vec<Wish>, number: u32, now: Timestamp) -> Vec<Wish> {
    let mut wishes = wishes;
    wishes.retain(|wish| wish.may_be_of(number, now));
    wishes.sort_by_key(|wish| std::cmp::Reverse(wish.came_at()));
    wishes
}

/// The wish that a try is for, of candidates with what became of them: before all one whose
/// client was sent away, because it surely comes again; else the latest, whose answer may have
/// been lost. None where the try is the first that arrives.
pub fn choose<T>(candidates: Vec<(Wish, Fate<T>)>) -> Option<(Wish, Fate<T>)> {
    let hopeful = candidates.into_iter().filter(|(_, fate)| !matches!(fate, Fate::Hopeless));
    let (refused, others): (Vec<_>, Vec<_>) =
        hopeful.partition(|(_, fate)| matches!(fate, Fate::Refused));
    refused.into_iter().chain(others).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_784_019_600 + second).unwrap()
    }

    fn wish(second: i64, tried: u32) -> Wish {
        Wish::new(vec![TaskId::new(at(second), &[7; 10])], tried)
    }

    #[test]
    fn a_try_is_known_by_its_number_and_its_words() {
        let headers = |number: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-stainless-retry-count", number.parse().unwrap());
            headers
        };
        let read =
            |headers: &HeaderMap, owner, surface, words| Try::read(headers, owner, surface, words);
        let first = read(&headers("0"), "acme", Surface::Videos, "a").unwrap();
        let second = read(&headers("1"), "acme", Surface::Videos, "a").unwrap();
        assert_eq!((first.number, second.number), (0, 1));
        assert_eq!(first.place, second.place);
        for (owner, surface, words) in [
            ("else", Surface::Videos, "a"),
            ("acme", Surface::Generations, "a"),
            ("acme", Surface::Videos, "b"),
        ] {
            let other = read(&headers("0"), owner, surface, words).unwrap();
            assert_ne!(other.place, first.place, "{owner} {words}");
        }
        for number in ["", "x", "-1", "1.5"] {
            assert_eq!(read(&headers(number), "acme", Surface::Videos, "a"), None, "{number}");
        }
        assert_eq!(read(&HeaderMap::new(), "acme", Surface::Videos, "a"), None);
    }

    #[test]
    fn a_try_may_be_for_a_wish_that_none_of_its_number_came_for() {
        let wishes = vec![wish(0, 0), wish(1, 1), wish(2, 0), wish(3, 2)];
        let came = |number, second| -> Vec<_> {
            let candidates = candidates(wishes.clone(), number, at(second));
            candidates.iter().map(|wish| wish.came_at().duration_since(at(0)).as_secs()).collect()
        };
        assert_eq!(came(0, 5), [0; 0]);
        assert_eq!(came(1, 5), [2, 0]);
        assert_eq!(came(2, 5), [2, 1, 0]);
        assert_eq!(came(3, 5), [3, 2, 1, 0]);
        let long = RETENTION.as_secs();
        assert_eq!(came(3, long), [3, 2, 1], "the oldest is over");
    }

    #[test]
    fn who_was_sent_away_comes_before_whose_answer_may_be_lost() {
        type Row = (Vec<Fate<u8>>, Option<usize>);
        let rows: [Row; 6] = [
            (vec![], None),
            (vec![Fate::Hopeless], None),
            (vec![Fate::Made(1), Fate::Made(2)], Some(0)),
            (vec![Fate::Made(1), Fate::Refused, Fate::Refused], Some(1)),
            (vec![Fate::Running, Fate::Made(2)], Some(0)),
            (vec![Fate::Hopeless, Fate::Running], Some(1)),
        ];
        for (fates, expected) in rows {
            let wishes = fates.into_iter().enumerate();
            let wishes = wishes.map(|(at, fate)| (wish(i64::try_from(at).unwrap(), 0), fate));
            let chosen = choose(wishes.collect());
            let expected = expected.map(|at| wish(i64::try_from(at).unwrap(), 0));
            assert_eq!(chosen.map(|(wish, _)| wish), expected);
        }
    }
}
