//! Misbehaviours of a simulated vendor that is told to: the words of a client's
//! `metadata.simulate`.
//!
//! They reach the vendor behind a mark at the end of the prompt, which every dialect passes on,
//! and are taken off before anybody reads it. So nothing that ships knows of them.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Invisible, and nothing that a keyboard writes.
const MARK: &str = "\u{2063}simulate=";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Misbehaviour {
    LostCallbacks,
    LateCallbacks,
    DoubledCallbacks,
    ReorderedCallbacks,
    ForgedCallbacks,
    TimeoutBefore,
    TimeoutAfter,
    DroppedBefore,
    DroppedAfter,
    HtmlBefore,
    HtmlAfter,
    Busy,
    BusyPolls,
    FailingPolls,
    UnknownAtFirst,
    Moderated,
    Endless,
}

impl Misbehaviour {
    /// Each with its word and what it means.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (Self::LostCallbacks, "lost-callbacks", "it never calls back"),
        (Self::LateCallbacks, "late-callbacks", "it calls back a while after the end"),
        (Self::DoubledCallbacks, "doubled-callbacks", "it calls back twice each time"),
        (
            Self::ReorderedCallbacks,
            "reordered-callbacks",
            "it calls back to tell the end, and then what was before",
        ),
        (
            Self::ForgedCallbacks,
            "forged-callbacks",
            "others call back too, unsigned or badly signed, with a lie about the end",
        ),
        (Self::TimeoutBefore, "timeout-before", "it makes nothing and does not answer"),
        (Self::TimeoutAfter, "timeout-after", "it makes the video and does not answer"),
        (Self::DroppedBefore, "dropped-before", "it makes nothing and hangs up"),
        (Self::DroppedAfter, "dropped-after", "it makes the video and hangs up"),
        (Self::HtmlBefore, "html-before", "it makes nothing and answers a web page with a 502"),
        (Self::HtmlAfter, "html-after", "it makes the video and answers a web page with a 200"),
        (Self::Busy, "busy", "it refuses this prompt with a 429 for a while"),
        (Self::BusyPolls, "busy-polls", "it refuses polls of the task with a 429 for a while"),
        (
            Self::FailingPolls,
            "failing-polls",
            "it answers polls of the task with a web page and a 502 for a while",
        ),
        (Self::UnknownAtFirst, "unknown-at-first", "it does not find the task for a while"),
        (Self::Moderated, "moderated", "its video fails moderation at the end"),
        (Self::Endless, "endless", "it never comes to an end"),
    ];

    fn word(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        let found = all.find_map(|(which, word, _)| (which == self).then_some(word));
        found.expect("a test finds each in the list")
    }
}

impl FromStr for Misbehaviour {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        let found = all.find_map(|(which, known, _)| (known == word).then_some(which));
        found.ok_or("no word for a misbehaviour")
    }
}

impl TryFrom<String> for Misbehaviour {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<Misbehaviour> for &'static str {
    fn from(misbehaviour: Misbehaviour) -> Self {
        misbehaviour.word()
    }
}

/// How a vendor is to misbehave over one task; by default not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Behaviour(BTreeSet<Misbehaviour>);

impl FromIterator<Misbehaviour> for Behaviour {
    fn from_iter<I: IntoIterator<Item = Misbehaviour>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Behaviour {
    pub(super) fn has(&self, misbehaviour: Misbehaviour) -> bool {
        self.0.contains(&misbehaviour)
    }

    /// Puts the words behind a prompt.
    pub(crate) fn mark(&self, prompt: &mut String) {
        if self.0.is_empty() {
            return;
        }
        let words: Vec<_> = self.0.iter().map(|misbehaviour| misbehaviour.word()).collect();
        prompt.push_str(MARK);
        prompt.push_str(&words.join(","));
    }

    /// Takes the words off a prompt. What only looks like a mark stays.
    pub(super) fn take_off(prompt: &mut String) -> Self {
        let Some((own, words)) = prompt.rsplit_once(MARK) else {
            return Self::default();
        };
        let Ok(behaviour) = words.split(',').map(Misbehaviour::from_str).collect() else {
            return Self::default();
        };
        prompt.truncate(own.len());
        behaviour
    }
}

#[cfg(test)]
mod tests {
    use super::Misbehaviour::*;
    use super::*;

    #[test]
    fn a_mark_is_taken_off_as_it_was_put_on() {
        let all: Behaviour = Misbehaviour::ALL.map(|(which, ..)| which).into_iter().collect();
        assert_eq!(all.0.len(), Misbehaviour::ALL.len(), "each once");
        for behaviour in [all, Behaviour::default(), Behaviour::from_iter([Busy, Endless])] {
            let mut prompt = "潮 comes in".to_owned();
            behaviour.mark(&mut prompt);
            assert_eq!(Behaviour::take_off(&mut prompt), behaviour);
            assert_eq!(prompt, "潮 comes in");
        }
    }

    #[test]
    fn what_is_no_mark_stays() {
        let rows = [
            ("simulate=busy", "words of a prompt"),
            ("x\u{2063}simulate=busy,lazy", "no word of ours"),
            ("x\u{2063}simulate=", "no word at all"),
            ("x\u{2063}simulate=busy and more", "not at the end"),
        ];
        for (prompt, reason) in rows {
            let mut left = prompt.to_owned();
            assert_eq!(Behaviour::take_off(&mut left), Behaviour::default(), "{reason}");
            assert_eq!(left, prompt, "{reason}");
        }
    }

    /// The ledger keeps words, not numbers: the list may change.
    #[test]
    fn the_ledger_keeps_words() {
        let behaviour = Behaviour::from_iter([Endless, LostCallbacks]);
        let json = serde_json::to_string(&behaviour).unwrap();
        assert_eq!(json, r#"["lost-callbacks","endless"]"#);
        assert_eq!(serde_json::from_str::<Behaviour>(&json).unwrap(), behaviour);
        assert!(serde_json::from_str::<Behaviour>(r#"["lazy"]"#).is_err());
    }

    #[test]
    fn the_readme_lists_every_word() {
        let readme = include_str!("../../README.md");
        let listed: Vec<_> = readme
            .lines()
            .skip_while(|line| !line.starts_with("| `metadata.simulate` |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let all = Misbehaviour::ALL.map(|(_, word, meaning)| format!("| `{word}` | {meaning} |"));
        assert_eq!(listed, all);
    }
}
