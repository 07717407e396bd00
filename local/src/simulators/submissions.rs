//! The submissions that a vendor heard and what it made of each. By them it knows when to
//! misbehave, and by them a test knows the truth.

use std::io;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::course;
use super::instead::Instead;
use super::ledger::Ledger;
use super::misbehaviour::{Manners, Misbehaviour};

/// What a vendor knows of all submissions of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// What its client calls the task: Kling's `external_task_id`, else the callback address.
    /// Jimeng has neither; there all submissions of one prompt are taken together.
    pub called: Option<String>,
    pub prompt: String,
    /// All that were heard and could have been made, also those that were refused.
    pub submissions: u32,
    /// What was made of them, and charged for.
    pub tasks: Vec<TrueTask>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TrueTask {
    pub vendor_task_id: String,
    /// None before the end.
    pub succeeded: Option<bool>,
}

/// A submission that could be made.
#[derive(Clone, Copy)]
pub(super) struct Submission<'a> {
    pub(super) called: Option<&'a str>,
    pub(super) prompt: &'a str,
    pub(super) manners: &'a Manners,
}

impl Submission<'_> {
    fn key(&self) -> &str {
        self.called.unwrap_or(self.prompt)
    }

    /// What is answered, and then nothing is made.
    fn before(&self) -> Option<Instead> {
        self.instead([
            (Misbehaviour::TimeoutBefore, Instead::Silence),
            (Misbehaviour::DroppedBefore, Instead::Drop),
            (Misbehaviour::HtmlBefore, Instead::Page(StatusCode::BAD_GATEWAY)),
        ])
    }

    /// What is answered when it was made.
    pub(super) fn after(&self) -> Option<Instead> {
        self.instead([
            (Misbehaviour::TimeoutAfter, Instead::Silence),
            (Misbehaviour::DroppedAfter, Instead::Drop),
            (Misbehaviour::HtmlAfter, Instead::Page(StatusCode::OK)),
        ])
    }

    fn instead(&self, choices: [(Misbehaviour, Instead); 3]) -> Option<Instead> {
        let mut choices = choices.into_iter();
        choices
            .find_map(|(misbehaviour, instead)| self.manners.have(misbehaviour).then_some(instead))
    }
}

/// Those that one vendor heard.
pub(super) struct Submissions {
    /// By what their clients call them.
    heard: String,
    /// By their prompts, since when it is busy over them.
    busy: String,
    pace: Duration,
    ledger: Ledger,
}

#[derive(Serialize, Deserialize)]
struct Heard {
    called: Option<String>,
    prompt: String,
    submissions: u32,
    tasks: Vec<String>,
}

impl Submissions {
    pub(super) fn new(vendor: &str, pace: Duration, ledger: &Ledger) -> Self {
        let (heard, busy) = (format!("{vendor} submissions"), format!("{vendor} busy"));
        Self { heard, busy, pace, ledger: ledger.clone() }
    }

    /// Counts a submission, and tells when it is answered instead of made.
    /// That is so once for a task: who submits it again by the same name is well served.
    pub(super) fn hear(
        &self,
        submission: &Submission<'_>,
        now: Timestamp,
    ) -> io::Result<Option<Instead>> {
        let heard = Heard {
            called: submission.called.map(str::to_owned),
            prompt: submission.prompt.to_owned(),
            submissions: 0,
            tasks: Vec::new(),
        };
        let count = |heard: &mut Heard| {
            heard.submissions += 1;
            heard.submissions
        };
        let count = self.ledger.change_or_put(&self.heard, submission.key(), heard, count)?;
        if self.is_busy(submission, now)? {
            return Ok(Some(Instead::Busy));
        }
        let is_repeated = submission.called.is_some() && count > 1;
        Ok(submission.before().filter(|_| !is_repeated))
    }

    fn is_busy(&self, submission: &Submission<'_>, now: Timestamp) -> io::Result<bool> {
        if !submission.manners.have(Misbehaviour::Busy) {
            return Ok(false);
        }
        let since = |since: &mut Timestamp| *since;
        let since = self.ledger.change_or_put(&self.busy, submission.prompt, now, since)?;
        Ok(course::age(since, now) < course::a_while(self.pace))
    }

    pub(super) fn accept(&self, submission: &Submission<'_>, task_id: &str) -> io::Result<()> {
        let accept = |heard: &mut Heard| heard.tasks.push(task_id.to_owned());
        self.ledger.change(&self.heard, submission.key(), accept).map(drop)
    }

    /// `end` tells how a task ended, when it has.
    pub(super) fn truth(
        &self,
        end: impl Fn(&str) -> io::Result<Option<bool>>,
    ) -> io::Result<Vec<Truth>> {
        let tell = |heard: Heard| {
            let tasks = heard.tasks.into_iter().map(|id| {
                let succeeded = end(&id)?;
                Ok(TrueTask { vendor_task_id: id, succeeded })
            });
            Ok(Truth {
                tasks: tasks.collect::<io::Result<_>>()?,
                called: heard.called,
                prompt: heard.prompt,
                submissions: heard.submissions,
            })
        };
        self.ledger.all(&self.heard)?.into_iter().map(|(_, heard)| tell(heard)).collect()
    }
}
