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

use super::course::Course;
use super::ledger::Ledger;

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
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    Submitted,
    Processing,
    Ended,
}

impl Calls {
    /// Calls in the order in which they are made.
    pub(super) fn plan(callback_url: String, course: &Course, plan: Vec<Call>) -> Self {
        Self { callback_url, course: course.clone(), plan, told: 0 }
    }

    fn next(&self, now: Timestamp) -> Option<(Call, Duration)> {
        let call = *self.plan.get(self.told)?;
        Some((call, call.after.saturating_sub(self.course.age(now))))
    }
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
                if self.deliver(id, request).await {
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
    async fn deliver(&self, id: &str, request: RequestBuilder) -> bool {
        let vendor = self.vendor;
        // The address holds a token, so no message shows it.
        match request.timeout(TIMEOUT).send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => true,
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
