//! Tells callback addresses of tasks, in the background and past a restart of the stack.
//! What is told and when is planned as a task begins; how it is said, and whether it still is, is
//! up to the vendor.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::course::{Course, Fate, a_while};
use super::ledger::Ledger;
use super::misbehaviour::Misbehaviour;

const TIMEOUT: Duration = Duration::from_secs(5);

/// All that a callback address is told of a task.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Calls {
    pub(super) callback_url: String,
    course: Course,
    plan: Vec<Call>,
    /// How much of the plan is over.
    told: usize,
}

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) stage: Stage,
    /// The task's age from which on it is told.
    pub(super) after: Duration,
    /// How often it is tried before whoever cannot be reached is never told.
    pub(super) attempts: u32,
    pub(super) seal: Seal,
}

/// What vouches for a call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Seal {
    /// The vendor's signature, where it signs at all.
    Own,
    /// Somebody else's, and then the call is a lie.
    Wrong,
    /// None, likewise.
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    Submitted,
    Processing,
    Ended,
}

impl Calls {
    /// The calls of a well-behaved vendor, from the first to the last; they are made as the
    /// course of the task wants it.
    pub(super) fn plan(callback_url: &str, course: &Course, calls: Vec<Call>) -> Self {
        let (callback_url, plan) = (callback_url.to_owned(), misbehave(calls, course));
        Self { callback_url, course: course.clone(), plan, told: 0 }
    }

    fn next(&self, now: Timestamp) -> Option<(Call, Duration)> {
        let call = *self.plan.get(self.told)?;
        Some((call, call.after.saturating_sub(self.course.age(now))))
    }
}

fn misbehave(mut calls: Vec<Call>, course: &Course) -> Vec<Call> {
    let have = |misbehaviour| course.manners.have(misbehaviour);
    if course.fate == Fate::Endless {
        calls.retain(|call| call.stage != Stage::Ended);
    }
    if have(Misbehaviour::ReorderedCallbacks) {
        calls.reverse();
        calls.iter_mut().for_each(|call| call.after = course.pace);
    }
    if have(Misbehaviour::LateCallbacks) {
        let late = course.pace.saturating_add(a_while(course.pace));
        calls.iter_mut().for_each(|call| call.after = late);
    }
    if have(Misbehaviour::DoubledCallbacks) {
        calls = calls.into_iter().flat_map(|call| [call, call]).collect();
    }
    if have(Misbehaviour::LostCallbacks) {
        calls.clear();
    }
    if have(Misbehaviour::ForgedCallbacks) {
        let (stage, after, attempts) = (Stage::Ended, course.pace / 2, 1);
        let forged = |seal| Call { stage, after, attempts, seal };
        calls.extend([forged(Seal::Missing), forged(Seal::Wrong)]);
    }
    // Those of one time stay in their order.
    calls.sort_by_key(|call| call.after);
    calls
}

/// Makes the calls of one vendor; its clones make the same.
#[derive(Clone)]
pub(super) struct Follower {
    vendor: &'static str,
    /// The calls in the ledger, by the ids of their tasks.
    area: String,
    ledger: Ledger,
    client: reqwest::Client,
    /// Takes the ids of tasks with calls to be made.
    follow: UnboundedSender<String>,
}

impl Follower {
    /// And the tasks it is to follow: first those whose calls were cut off by a restart.
    pub(super) fn new(
        vendor: &'static str,
        ledger: &Ledger,
    ) -> io::Result<(Self, UnboundedReceiver<String>)> {
        let area = format!("{vendor} callbacks");
        let (follow, to_follow) = unbounded_channel();
        for (id, calls) in ledger.all::<Calls>(&area)? {
            if calls.told < calls.plan.len() {
                follow.send(id).expect("its receiver is still here");
            }
        }
        let client = super::http_client();
        Ok((Self { vendor, area, ledger: ledger.clone(), client, follow }, to_follow))
    }

    pub(super) fn begin(&self, task_id: &str, calls: &Calls) -> io::Result<()> {
        self.ledger.put(&self.area, task_id, calls)?;
        if self.follow.send(task_id.to_owned()).is_err() {
            tracing::warn!(
                vendor = self.vendor,
                task.id = task_id,
                "stopping, no callbacks any more"
            );
        }
        Ok(())
    }

    /// What is still to be told of a task is told as soon as somebody looks.
    pub(super) fn hurry(&self, task_id: &str) -> io::Result<()> {
        let hurry = |calls: &mut Calls| {
            calls.plan.iter_mut().for_each(|call| call.after = Duration::ZERO);
        };
        self.ledger.change(&self.area, task_id, hurry).map(drop)
    }

    /// Follows the tasks named to it, all at once; when it is dropped, so is each of them.
    /// `request` makes a call of a task into a request, or into none when it is not to be made.
    pub(super) async fn follow_all<F>(self, mut to_follow: UnboundedReceiver<String>, request: F)
    where
        F: Fn(&reqwest::Client, &str, &Calls, Call) -> io::Result<Option<RequestBuilder>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let mut followed = JoinSet::new();
        loop {
            tokio::select! {
                Some(id) = to_follow.recv() => {
                    let (follower, request) = (self.clone(), request.clone());
                    followed.spawn(async move {
                        if let Err(error) = follower.tell(&id, &request).await {
                            let vendor = follower.vendor;
                            tracing::warn!(vendor, task.id = id, %error, "the callbacks of a task stopped");
                        }
                    });
                }
                Some(_) = followed.join_next() => {}
                else => break,
            }
        }
    }

    /// Makes all calls of one task.
    async fn tell<F>(&self, id: &str, request: &F) -> io::Result<()>
    where
        F: Fn(&reqwest::Client, &str, &Calls, Call) -> io::Result<Option<RequestBuilder>>,
    {
        // Read again each time: while one waits, the plan may change.
        while let Some(calls) = self.ledger.get::<Calls>(&self.area, id)? {
            let Some((call, wait)) = calls.next(Timestamp::now()) else { break };
            if !wait.is_zero() {
                sleep(wait).await;
                continue;
            }
            // What is told once is noted before it can be cut off. What is repeated is noted
            // only then: after a restart it is told once too often rather than never.
            let is_told_once = call.attempts == 1;
            if is_told_once {
                self.note(id)?;
            }
            for attempt in 1..=call.attempts {
                let Some(request) = request(&self.client, id, &calls, call)? else { break };
                let is_taken = self.deliver(id, request, call.seal).await;
                if is_taken {
                    break;
                }
                if attempt < call.attempts {
                    sleep(calls.course.pace.saturating_mul(attempt)).await;
                }
            }
            if !is_told_once {
                self.note(id)?;
            }
        }
        Ok(())
    }

    fn note(&self, id: &str) -> io::Result<()> {
        self.ledger.change(&self.area, id, |calls: &mut Calls| calls.told += 1).map(drop)
    }

    /// Whether the other side took it.
    async fn deliver(&self, id: &str, request: RequestBuilder, seal: Seal) -> bool {
        let vendor = self.vendor;
        // The address holds a token, so no message shows it.
        match request.timeout(TIMEOUT).send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => true,
            // As it should be.
            Ok(_) if seal != Seal::Own => false,
            Ok(status) => {
                tracing::warn!(vendor, task.id = id, %status, "a callback was refused");
                false
            }
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(vendor, task.id = id, %error, "a callback was not delivered");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulators::misbehaviour::Manners;

    #[test]
    fn a_vendor_calls_back_as_badly_as_it_is_told_to() {
        use Misbehaviour::*;
        let rows: [(&[_], &str); 10] = [
            (&[], "0 submitted, 100 processing, 400 ended"),
            (&[LostCallbacks], ""),
            (&[LateCallbacks], "2400 submitted, 2400 processing, 2400 ended"),
            (&[ReorderedCallbacks], "400 ended, 400 processing, 400 submitted"),
            (
                &[DoubledCallbacks],
                "0 submitted, 0 submitted, 100 processing, 100 processing, 400 ended, 400 ended",
            ),
            (
                &[ForgedCallbacks],
                "0 submitted, 100 processing, 200 ended missing, 200 ended wrong, 400 ended",
            ),
            (&[LostCallbacks, ForgedCallbacks], "200 ended missing, 200 ended wrong"),
            (&[LateCallbacks, ReorderedCallbacks], "2400 ended, 2400 processing, 2400 submitted"),
            (&[Endless], "0 submitted, 100 processing"),
            (&[Endless, ReorderedCallbacks], "400 processing, 400 submitted"),
        ];
        for (misbehaviours, expected) in rows {
            let manners: Manners = misbehaviours.iter().copied().collect();
            let pace = Duration::from_millis(400);
            let course = Course::begin("rain", &manners, pace, Timestamp::UNIX_EPOCH);
            let stages = [(Stage::Submitted, 0), (Stage::Processing, 100), (Stage::Ended, 400)];
            let calls = stages.map(|(stage, after)| Call {
                stage,
                after: Duration::from_millis(after),
                attempts: 1,
                seal: Seal::Own,
            });
            let calls = misbehave(calls.into(), &course);
            let calls = calls.iter().map(|call| {
                let seal = if call.seal == Seal::Own {
                    String::new()
                } else {
                    format!(" {:?}", call.seal)
                };
                format!("{} {:?}{seal}", call.after.as_millis(), call.stage).to_lowercase()
            });
            let calls = calls.collect::<Vec<_>>();
            assert_eq!(calls.join(", "), expected, "{misbehaviours:?}");
        }
    }
}
