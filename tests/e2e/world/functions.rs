//! Functions as Lambda keeps them: started when no other is free, used by one invocation at a
//! time, and killed at a call or when their time is up.

use std::sync::Mutex;
use std::time::Duration;

use shared::platform::SetupError;
use shared::runtime::Environment;

use super::World;
use super::rules::Rule;

/// The sandboxes of one function.
pub(super) struct Pool<F> {
    function: &'static str,
    start: fn(&Environment<'_>) -> Result<F, SetupError>,
    free: Mutex<Vec<Sandbox<F>>>,
}

struct Sandbox<F> {
    /// The path under which it calls AWS.
    caller: String,
    function: F,
}

impl<F> Pool<F> {
    pub(super) fn new(
        function: &'static str,
        start: fn(&Environment<'_>) -> Result<F, SetupError>,
    ) -> Self {
        Self { function, start, free: Mutex::default() }
    }
}

impl World {
    /// Runs one invocation by this rule. None when it was killed.
    pub(super) async fn invoke<F, T>(
        &self,
        pool: &Pool<F>,
        rule: Rule,
        work: impl AsyncFnOnce(&F) -> T,
    ) -> Option<T> {
        self.invoke_within(self.timeout(pool), pool, rule, work).await
    }

    /// The same of one that is killed after this time.
    pub(super) async fn invoke_within<F, T>(
        &self,
        lasts: Duration,
        pool: &Pool<F>,
        rule: Rule,
        work: impl AsyncFnOnce(&F) -> T,
    ) -> Option<T> {
        let free = pool.free.lock().expect("nothing panics holding them").pop();
        let sandbox = free.unwrap_or_else(|| self.cold_start(pool));
        let killed = self.rules.begin(&sandbox.caller, rule);
        let answered = tokio::select! {
            biased;
            () = killed.notified() => None,
            answered = tokio::time::timeout(lasts, work(&sandbox.function)) => {
                answered.ok()
            }
        };
        // What Lambda has killed is never used again.
        if answered.is_some() {
            pool.free.lock().expect("nothing panics holding them").push(sandbox);
        }
        answered
    }

    /// How long an invocation may take, as the template says.
    pub(super) fn timeout<F>(&self, pool: &Pool<F>) -> Duration {
        self.timeouts[pool.function]
    }

    fn cold_start<F>(&self, pool: &Pool<F>) -> Sandbox<F> {
        let variables = self.gateway.stack.variables(pool.function);
        let variables = variables.expect("the function is in the template");
        let number = self.cold_starts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let caller = format!("{}-{number}", pool.function);
        let variable = |name: &str| {
            let aws = self.aws.iter().find(|(variable, _)| *variable == name);
            match aws {
                Some((_, address)) => Some(format!("{address}/{caller}")),
                // As deployed: here a machine that is busy takes no time.
                None if name == "AWS_ATTEMPT_SECONDS" => None,
                None => variables.get(name).cloned(),
            }
        };
        let function = (pool.start)(&Environment::new(&variable)).expect("it starts");
        Sandbox { caller: caller.clone(), function }
    }
}
