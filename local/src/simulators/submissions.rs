//! The submissions that a vendor received and what it made of each: by them it knows when to
//! misbehave, and a test knows what the gateway should say. And the questions about tasks of
//! which it received none.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bad_answer::BadAnswer;
use super::ledger::Ledger;
use super::misbehaviour::{Behaviour, Misbehaviour};
use super::timeline;
use crate::reply::Reply;

/// All submissions of one task at a vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The client's name of the task: Kling's `external_task_id`, else the callback address.
    /// Jimeng has neither; there all submissions of one prompt are taken together.
    pub name: Option<String>,
    pub prompt: String,
    /// All that were received and could have been made, also those that were refused.
    pub submissions: u32,
    /// The tasks that were made of them, and charged for.
    pub tasks: Vec<VendorTask>,
}

impl Record {
    /// Whether a task that the vendor calls so came of it.
    pub fn has(&self, vendor_task_id: Option<&str>) -> bool {
        self.tasks.iter().any(|made| Some(made.vendor_task_id.as_str()) == vendor_task_id)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct VendorTask {
    pub vendor_task_id: String,
    /// None before the end.
    pub succeeded: Option<bool>,
}

/// A question about a task that the account does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedInVain {
    /// The vendor's id of the task, or the client's name for it.
    pub id: String,
    pub at: Timestamp,
}

/// A submission that could be made.
#[derive(Clone, Copy)]
pub(super) struct Submission<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) prompt: &'a str,
    pub(super) behaviour: &'a Behaviour,
}

impl Submission<'_> {
    fn key(&self) -> &str {
        self.name.unwrap_or(self.prompt)
    }

    /// The bad answer after which nothing is made.
    fn before(&self) -> Option<BadAnswer> {
        self.bad_answer([
            (Misbehaviour::TimeoutBefore, Reply::Silence),
            (Misbehaviour::DroppedBefore, Reply::HangUp),
            (Misbehaviour::HtmlBefore, Reply::Page(502)),
        ])
    }

    /// The bad answer after a task was made.
    pub(super) fn after(&self) -> Option<BadAnswer> {
        self.bad_answer([
            (Misbehaviour::TimeoutAfter, Reply::Silence),
            (Misbehaviour::DroppedAfter, Reply::HangUp),
            (Misbehaviour::HtmlAfter, Reply::Page(200)),
        ])
    }

    fn bad_answer(&self, choices: [(Misbehaviour, Reply); 3]) -> Option<BadAnswer> {
        let mut choices = choices.into_iter();
        choices.find_map(|(misbehaviour, reply)| {
            self.behaviour.has(misbehaviour).then_some(BadAnswer::Reply(reply))
        })
    }
}

/// The submissions that one vendor received, in the ledger.
pub(super) struct Submissions {
    /// The area of the submissions, by their clients' names or by their prompts.
    received: String,
    /// The area of the times since when the vendor is busy, by prompts.
    busy: String,
    pace: Duration,
    ledger: Ledger,
    asked_in_vain: Mutex<Vec<AskedInVain>>,
}

#[derive(Serialize, Deserialize)]
struct Received {
    name: Option<String>,
    prompt: String,
    submissions: u32,
    tasks: Vec<String>,
}

impl Submissions {
    pub(super) fn new(vendor: &str, pace: Duration, ledger: &Ledger) -> Self {
        let (received, busy) = (format!("{vendor} submissions"), format!("{vendor} busy"));
        let asked_in_vain = Mutex::default();
        Self { received, busy, pace, ledger: ledger.clone(), asked_in_vain }
    }

    /// Counts a submission, and gives the bad answer when there is one before anything is made.
    /// There is one once for a task: who submits it again by the same name is well served.
    pub(super) fn receive(
        &self,
        submission: &Submission<'_>,
        now: Timestamp,
    ) -> io::Result<Option<BadAnswer>> {
        let received = Received {
            name: submission.name.map(str::to_owned),
            prompt: submission.prompt.to_owned(),
            submissions: 0,
            tasks: Vec::new(),
        };
        let count = |received: &mut Received| {
            received.submissions += 1;
            received.submissions
        };
        let count = self.ledger.change_or_put(&self.received, submission.key(), received, count)?;
        if self.is_busy(submission, now)? {
            return Ok(Some(BadAnswer::Busy));
        }
        let is_repeated = submission.name.is_some() && count > 1;
        Ok(submission.before().filter(|_| !is_repeated))
    }

    fn is_busy(&self, submission: &Submission<'_>, now: Timestamp) -> io::Result<bool> {
        if !submission.behaviour.has(Misbehaviour::Busy) {
            return Ok(false);
        }
        let since = |since: &mut Timestamp| *since;
        let since = self.ledger.change_or_put(&self.busy, submission.prompt, now, since)?;
        Ok(timeline::age(since, now) < timeline::a_while(self.pace))
    }

    pub(super) fn accept(&self, submission: &Submission<'_>, task_id: &str) -> io::Result<()> {
        let accept = |received: &mut Received| received.tasks.push(task_id.to_owned());
        self.ledger.change(&self.received, submission.key(), accept).map(drop)
    }

    /// Notes that somebody asked about a task that is not there.
    pub(super) fn ask_in_vain(&self, id: &str, now: Timestamp) {
        let question = AskedInVain { id: id.to_owned(), at: now };
        self.asked_in_vain.lock().expect("nothing panics holding them").push(question);
    }

    pub(super) fn asked_in_vain(&self) -> Vec<AskedInVain> {
        self.asked_in_vain.lock().expect("nothing panics holding them").clone()
    }

    /// `end` tells how a task ended, when it has.
    pub(super) fn records(
        &self,
        end: impl Fn(&str) -> io::Result<Option<bool>>,
    ) -> io::Result<Vec<Record>> {
        let record = |received: Received| {
            let tasks = received.tasks.into_iter().map(|id| {
                let succeeded = end(&id)?;
                Ok(VendorTask { vendor_task_id: id, succeeded })
            });
            Ok(Record {
                tasks: tasks.collect::<io::Result<_>>()?,
                name: received.name,
                prompt: received.prompt,
                submissions: received.submissions,
            })
        };
        self.ledger.all(&self.received)?.into_iter().map(|(_, received)| record(received)).collect()
    }
}
