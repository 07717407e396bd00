//! Whom a fault meets: each function that runs has a rule of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use local::Clock;
use serde_json::Value;
use tokio::sync::Notify;

use crate::between::{Between, Call, Fault, Refusal};

/// Says what becomes of each call that one invocation makes.
pub(crate) type Rule = Box<dyn FnMut(&Call) -> Fault + Send>;

/// The rules of the invocations under way, by the addresses that their functions call.
pub(super) struct Rules {
    clock: Clock,
    invocations: Mutex<BTreeMap<String, Invocation>>,
    /// Told of every write that was done.
    pub(super) written: Notify,
    /// How long a write is kept open.
    pub(super) keeps_open: OnceLock<Duration>,
    /// When a secret could not be read, or not at once.
    unread: Mutex<Vec<Timestamp>>,
}

struct Invocation {
    rule: Rule,
    killed: Arc<Notify>,
}

impl Rules {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            invocations: Mutex::default(),
            written: Notify::new(),
            keeps_open: OnceLock::new(),
            unread: Mutex::default(),
        }
    }

    /// Whether a secret could not be read at some time from one moment to another.
    pub(super) fn was_unread(&self, from: Timestamp, to: Timestamp) -> bool {
        let unread = self.unread.lock().expect("nothing panics holding them");
        unread.iter().any(|at| from <= *at && *at <= to)
    }

    /// Begins an invocation; who waits for what is returned learns that it is killed.
    pub(super) fn begin(&self, caller: &str, rule: Rule) -> Arc<Notify> {
        let killed = Arc::new(Notify::new());
        let invocation = Invocation { rule, killed: killed.clone() };
        self.lock().insert(caller.to_owned(), invocation);
        killed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Invocation>> {
        self.invocations.lock().expect("nothing panics holding them")
    }
}

impl Between for Rules {
    fn ask(&self, call: &mut Call) -> Fault {
        let fault = match self.lock().get_mut(&call.caller) {
            Some(invocation) => (invocation.rule)(call),
            None => Fault::None,
        };
        if call.operation == "GetSecretValue" && !matches!(fault, Fault::None) {
            self.unread.lock().expect("nothing panics holding them").push(self.clock.now());
        }
        fault
    }

    fn answered(&self, call: &Call, _: &Value) {
        if !is_read(&call.operation) {
            self.written.notify_one();
        }
    }

    fn keeps_open(&self) -> Option<Duration> {
        self.keeps_open.get().copied()
    }

    fn kill(&self, call: &Call) {
        if let Some(invocation) = self.lock().get(&call.caller) {
            invocation.killed.notify_one();
        }
    }
}

/// What goes wrong with the n-th call of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is done, and the answer is lost.
    Lost,
    /// It is done, and answered with a 500.
    Broken,
    /// It is done, and neither its answer nor any later one arrives.
    LostFromThenOn,
    Refused,
    RefusedFromThenOn,
    /// It is never answered.
    Hung,
    HungFromThenOn,
    /// The function dies before it.
    KilledBefore,
    /// It is done, and the function dies.
    KilledAfter,
}

const KINDS: [Kind; 8] = [
    Kind::Lost,
    Kind::Broken,
    Kind::LostFromThenOn,
    Kind::Refused,
    Kind::RefusedFromThenOn,
    Kind::Hung,
    Kind::KilledBefore,
    Kind::KilledAfter,
];

impl Kind {
    /// What may go wrong with a call. Of one that only reads it makes no difference whether it was
    /// done.
    pub(crate) fn of(operation: &str) -> Vec<Self> {
        let is_read = is_read(operation);
        let differs = |kind: &Self| {
            !matches!(kind, Self::Lost | Self::Broken | Self::LostFromThenOn | Self::KilledAfter)
        };
        KINDS.into_iter().filter(|kind| !is_read || differs(kind)).collect()
    }
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "GetSecretValue")
}

/// More calls than one invocation makes for a task.
const A_WHILE: usize = 12;

/// What is to happen to one of the calls that are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// How many calls are still to come before it.
    before: usize,
    kind: Kind,
    /// How many calls it meets.
    lasts: usize,
}

impl Step {
    /// Meets the call of this number, counted from 0.
    pub(crate) fn new(number: usize, kind: Kind) -> Self {
        let goes_on =
            matches!(kind, Kind::LostFromThenOn | Kind::RefusedFromThenOn | Kind::HungFromThenOn);
        Self { before: number, kind, lasts: if goes_on { usize::MAX } else { 1 } }
    }

    /// Where the calls of many invocations are counted, it is over at some time.
    pub(crate) fn for_a_while(self) -> Self {
        Self { lasts: self.lasts.min(A_WHILE), ..self }
    }

    /// What becomes of the next call.
    pub(crate) fn next(&mut self) -> Fault {
        if self.before > 0 {
            self.before -= 1;
            return Fault::None;
        }
        if self.lasts == 0 {
            return Fault::None;
        }
        self.lasts -= 1;
        match self.kind {
            Kind::Lost | Kind::LostFromThenOn => Fault::CutAfter,
            Kind::Broken => Fault::BreakAfter,
            Kind::Refused => Fault::Refuse(Refusal::Throttled),
            Kind::RefusedFromThenOn => Fault::Refuse(Refusal::Broken),
            Kind::Hung | Kind::HungFromThenOn => Fault::Hang,
            Kind::KilledBefore => Fault::KillBefore,
            Kind::KilledAfter => Fault::KillAfter,
        }
    }
}

/// A rule by which this happens to an invocation, if anything does, and the calls that it has made
/// so far.
pub(crate) fn recording(mut step: Option<Step>) -> (Rule, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::<Mutex<Vec<String>>>::default();
    let seen = calls.clone();
    let rule = move |call: &Call| {
        seen.lock().expect("nothing panics holding them").push(call.operation.clone());
        step.as_mut().map_or(Fault::None, Step::next)
    };
    (Box::new(rule), calls)
}
