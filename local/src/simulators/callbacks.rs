//! Calls back for tasks, in the background and past a restart of the stack.
//! Which callbacks and when is planned as a task begins; what one says, and whether it is still
//! made, is up to the vendor.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::ledger::Ledger;
use super::misbehaviour::Misbehaviour;
use super::timeline::{Outcome, Timeline, a_while};
use crate::clock::Clock;

const TIMEOUT: Duration = Duration::from_secs(5);

/// All callbacks of a task.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Callbacks {
    pub(super) url: String,
    timeline: Timeline,
    plan: Vec<Callback>,
    /// How much of the plan is over.
    made: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Callback {
    pub(super) stage: Stage,
    /// The task's age from which on it is made.
    pub(super) after: Duration,
    /// How often it is tried.
    pub(super) attempts: u32,
    pub(super) signature: Signature,
}

/// The signature of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Signature {
    /// The vendor's, where it signs at all.
    Valid,
    /// Somebody else's, and then the callback is a lie.
    Wrong,
    /// None, likewise.
    Missing,
}

/// The stage of a task that a callback tells of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    Submitted,
    Processing,
    Ended,
}

impl Callbacks {
    /// Takes the callbacks of a well-behaved vendor, from the first to the last, and makes of them
    /// what the timeline of the task wants.
    pub(super) fn plan(url: &str, timeline: &Timeline, callbacks: Vec<Callback>) -> Self {
        let (url, plan) = (url.to_owned(), misbehave(callbacks, timeline));
        Self { url, timeline: timeline.clone(), plan, made: 0 }
    }

    fn next(&self, now: Timestamp) -> Option<(Callback, Duration)> {
        let callback = *self.plan.get(self.made)?;
        Some((callback, callback.after.saturating_sub(self.timeline.age(now))))
    }
}

fn misbehave(mut callbacks: Vec<Callback>, timeline: &Timeline) -> Vec<Callback> {
    let has = |misbehaviour| timeline.behaviour.has(misbehaviour);
    if timeline.outcome == Outcome::Endless {
        callbacks.retain(|callback| callback.stage != Stage::Ended);
    }
    if has(Misbehaviour::ReorderedCallbacks) {
        callbacks.reverse();
        callbacks.iter_mut().for_each(|callback| callback.after = timeline.pace);
    }
    if has(Misbehaviour::LateCallbacks) {
        let late = timeline.pace.saturating_add(a_while(timeline.pace));
        callbacks.iter_mut().for_each(|callback| callback.after = late);
    }
    if has(Misbehaviour::DoubledCallbacks) {
        callbacks = callbacks.into_iter().flat_map(|callback| [callback, callback]).collect();
    }
    if has(Misbehaviour::LostCallbacks) {
        callbacks.clear();
    }
    if has(Misbehaviour::ForgedCallbacks) {
        let (stage, after, attempts) = (Stage::Ended, timeline.pace / 2, 1);
        let forged = |signature| Callback { stage, after, attempts, signature };
        callbacks.extend([forged(Signature::Missing), forged(Signature::Wrong)]);
    }
    // Those of one time stay in their order.
    callbacks.sort_by_key(|callback| callback.after);
    callbacks
}

/// Makes the callbacks of one vendor; its clones make the same.
#[derive(Clone)]
pub(super) struct Caller {
    vendor: &'static str,
    /// The area of the callbacks in the ledger, by the ids of their tasks.
    area: String,
    ledger: Ledger,
    clock: Clock,
    client: reqwest::Client,
    /// Takes the ids of tasks with callbacks to be made.
    tasks: UnboundedSender<String>,
}

impl Caller {
    /// A caller and the ids of tasks for it: first those whose callbacks were cut off by a restart.
    pub(super) fn new(
        vendor: &'static str,
        ledger: &Ledger,
        clock: Clock,
    ) -> io::Result<(Self, UnboundedReceiver<String>)> {
        let area = format!("{vendor} callbacks");
        let (tasks, to_call_for) = unbounded_channel();
        for (id, callbacks) in ledger.all::<Callbacks>(&area)? {
            if callbacks.made < callbacks.plan.len() {
                tasks.send(id).expect("its receiver is still here");
            }
        }
        let client = super::http_client();
        Ok((Self { vendor, area, ledger: ledger.clone(), clock, client, tasks }, to_call_for))
    }

    pub(super) fn begin(&self, task_id: &str, callbacks: &Callbacks) -> io::Result<()> {
        self.ledger.put(&self.area, task_id, callbacks)?;
        if self.tasks.send(task_id.to_owned()).is_err() {
            tracing::warn!(
                vendor = self.vendor,
                task.id = task_id,
                "stopping, no callbacks any more"
            );
        }
        Ok(())
    }

    /// Calls back for the tasks named to it, all at once; when it is dropped, for none.
    /// `request` makes a callback of a task into a request, or into none when there is no task.
    pub(super) async fn run<F>(self, mut to_call_for: UnboundedReceiver<String>, request: F)
    where
        F: Fn(&reqwest::Client, &str, &Callbacks, Callback) -> io::Result<Option<RequestBuilder>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                Some(id) = to_call_for.recv() => {
                    let (caller, request) = (self.clone(), request.clone());
                    running.spawn(async move {
                        if let Err(error) = caller.call_for(&id, &request).await {
                            let vendor = caller.vendor;
                            tracing::warn!(vendor, task.id = id, %error, "the callbacks of a task stopped");
                        }
                    });
                }
                Some(_) = running.join_next() => {}
                else => break,
            }
        }
    }

    /// Makes all callbacks of one task.
    async fn call_for<F>(&self, id: &str, request: &F) -> io::Result<()>
    where
        F: Fn(&reqwest::Client, &str, &Callbacks, Callback) -> io::Result<Option<RequestBuilder>>,
    {
        while let Some(callbacks) = self.ledger.get::<Callbacks>(&self.area, id)? {
            let Some((callback, wait)) = callbacks.next(self.clock.now()) else { break };
            if !wait.is_zero() {
                sleep(wait).await;
                continue;
            }
            // What is tried once is noted before it can be cut off. What is repeated is noted
            // only then: after a restart it is made once too often rather than never.
            let is_tried_once = callback.attempts == 1;
            if is_tried_once {
                self.note(id)?;
            }
            for attempt in 1..=callback.attempts {
                let Some(request) = request(&self.client, id, &callbacks, callback)? else { break };
                let is_taken = self.deliver(id, request, callback.signature).await;
                if is_taken {
                    break;
                }
                if attempt < callback.attempts {
                    sleep(callbacks.timeline.pace.saturating_mul(attempt)).await;
                }
            }
            if !is_tried_once {
                self.note(id)?;
            }
        }
        Ok(())
    }

    fn note(&self, id: &str) -> io::Result<()> {
        self.ledger
            .change(&self.area, id, |callbacks: &mut Callbacks| callbacks.made += 1)
            .map(drop)
    }

    /// Whether the other side took it.
    async fn deliver(&self, id: &str, request: RequestBuilder, signature: Signature) -> bool {
        let vendor = self.vendor;
        // The address holds a token, so no message shows it.
        match request.timeout(TIMEOUT).send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => true,
            // As it should be.
            Ok(_) if signature != Signature::Valid => false,
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
    use crate::simulators::misbehaviour::Behaviour;

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
            let behaviour: Behaviour = misbehaviours.iter().copied().collect();
            let pace = Duration::from_millis(400);
            let timeline = Timeline::begin("rain", &behaviour, pace, Timestamp::UNIX_EPOCH);
            let stages = [(Stage::Submitted, 0), (Stage::Processing, 100), (Stage::Ended, 400)];
            let callbacks = stages.map(|(stage, after)| Callback {
                stage,
                after: Duration::from_millis(after),
                attempts: 1,
                signature: Signature::Valid,
            });
            let callbacks = misbehave(callbacks.into(), &timeline);
            let callbacks = callbacks.iter().map(|callback| {
                let Callback { stage, after, signature, .. } = callback;
                let signature = match signature {
                    Signature::Valid => String::new(),
                    bad => format!(" {bad:?}"),
                };
                format!("{} {stage:?}{signature}", after.as_millis()).to_lowercase()
            });
            let callbacks = callbacks.collect::<Vec<_>>();
            assert_eq!(callbacks.join(", "), expected, "{misbehaviours:?}");
        }
    }
}
