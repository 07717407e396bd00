//! The script of a simulated vendor: what it answers a test in the place of its own answers, and
//! what it was asked. A test that needs one starts the vendor itself and gives its account to the
//! stack.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::response::Response;
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use crate::reply::Reply;

/// A script; an empty one changes nothing, and only writes down what is asked.
#[derive(Debug, Default)]
pub struct Script {
    submission_replies: Mutex<VecDeque<Reply>>,
    /// For the submissions after those.
    all_submissions_reply: Mutex<Option<Reply>>,
    /// The next submission is not answered before this is sent.
    hold: Mutex<Option<oneshot::Receiver<()>>>,
    poll_reply: Mutex<Option<Reply>>,
    /// No poll is answered before so many have come.
    polls_at_once: AtomicUsize,
    /// How long a poll takes.
    poll_time: Mutex<Duration>,
    cancel_reply: Mutex<Option<Reply>>,
    submissions: watch::Sender<Vec<Value>>,
    polls: watch::Sender<usize>,
    cancels: AtomicUsize,
}

impl Script {
    /// Answers the next submissions like this; those after them are answered as ever.
    pub fn reply_to_submissions(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.submission_replies).extend(replies);
    }

    /// Answers all submissions like this that are told nothing else.
    pub fn reply_to_all_submissions(&self, reply: Reply) {
        *lock(&self.all_submissions_reply) = Some(reply);
    }

    /// Lets the next submission wait for its answer until something is sent here.
    pub fn hold_submission(&self, until: oneshot::Receiver<()>) {
        *lock(&self.hold) = Some(until);
    }

    /// Answers all polls and lists like this from now on. A task's state without an id is about
    /// the task that is asked for.
    pub fn reply_to_polls(&self, reply: Reply) {
        *lock(&self.poll_reply) = Some(reply);
    }

    /// Answers all cancels like this from now on.
    pub fn reply_to_cancels(&self, reply: Reply) {
        *lock(&self.cancel_reply) = Some(reply);
    }

    /// Answers no poll before so many have come.
    pub fn hold_polls(&self, count: usize) {
        self.polls_at_once.store(count, Ordering::Relaxed);
    }

    /// Lets every poll take so long.
    pub fn delay_polls(&self, poll_time: Duration) {
        *lock(&self.poll_time) = poll_time;
    }

    /// The bodies of all submissions, from the first to the last.
    pub fn submissions(&self) -> Vec<Value> {
        self.submissions.borrow().clone()
    }

    /// Waits until so many submissions have come.
    pub async fn submitted(&self, count: usize) {
        let mut submissions = self.submissions.subscribe();
        drop(submissions.wait_for(|submissions| submissions.len() >= count).await);
    }

    /// How many polls and lists have come.
    pub fn polls(&self) -> usize {
        *self.polls.borrow()
    }

    /// How many cancels have come.
    pub fn cancels(&self) -> usize {
        self.cancels.load(Ordering::Relaxed)
    }

    /// The scripted answer to a cancel.
    pub(super) async fn cancel(&self) -> Option<Response> {
        self.cancels.fetch_add(1, Ordering::Relaxed);
        let reply = lock(&self.cancel_reply).clone();
        Some(reply?.response().await)
    }

    /// The scripted answer to a submission.
    pub(super) async fn submission(&self, body: &[u8]) -> Option<Response> {
        let body = serde_json::from_slice(body).unwrap_or_default();
        let reply = lock(&self.submission_replies).pop_front();
        let reply = reply.or_else(|| lock(&self.all_submissions_reply).clone());
        let hold = lock(&self.hold).take();
        self.submissions.send_modify(|submissions| submissions.push(body));
        if let Some(hold) = hold {
            // Who forgot to say when has no more interest in waiting, either.
            drop(hold.await);
        }
        Some(reply?.response().await)
    }

    /// The scripted answer to a poll of a task, or to a list of tasks.
    pub(super) async fn poll(&self, task_id: Option<&str>) -> Option<Response> {
        self.polls.send_modify(|polls| *polls += 1);
        let reply = lock(&self.poll_reply).clone();
        let at_once = self.polls_at_once.load(Ordering::Relaxed);
        let mut polls = self.polls.subscribe();
        drop(polls.wait_for(|polls| *polls >= at_once).await);
        let poll_time = *lock(&self.poll_time);
        if !poll_time.is_zero() {
            tokio::time::sleep(poll_time).await;
        }
        let mut reply = reply?;
        if let (Some(id), Reply::Json(_, Value::Object(body))) = (task_id, &mut reply)
            && body.contains_key("state")
        {
            body.entry("id").or_insert_with(|| id.into());
        }
        Some(reply.response().await)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics holding it")
}
