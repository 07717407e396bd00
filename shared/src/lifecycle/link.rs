//! Links that die: a vendor that still remembers a task may give its video a new one.

use jiff::{SignedDuration, Timestamp};

use super::asker::{Asker, Lifecycle};
use crate::dialects::{Polled, facts};
use crate::store::StoreError;
use crate::task::{Change, Status, Task};

/// A link that dies sooner than this is as good as dead to whoever is given it.
const USEFUL: SignedDuration = SignedDuration::from_mins(2);

/// How often a vendor is asked for the same link at most.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

impl Lifecycle {
    /// Asks for a new link to a video whose link is dead or about to be. Returns the task
    /// with the link that there is; how it ended stays as it is.
    pub async fn renew_link(
        &self,
        task: Task,
        asker: &Asker,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let may_have_another = now.duration_since(task.polled_at) >= PAUSE;
        if !is_dying(&task, now)
            || !may_have_another
            || !self.tasks.claim_poll(&task.id, task.polled_at, now).await?
        {
            return Ok(task);
        }
        let Some(Polled::Progress(progress)) = self.vendors.poll(&task, now, asker.timeout).await
        else {
            return Ok(task);
        };
        let Some(url) = progress.url.filter(|url| Some(url) != task.url.as_ref()) else {
            return Ok(task);
        };
        let change = Change::renew_link(&url, progress.url_expires_at);
        self.tasks.renew_link(&task, &change).await?;
        Ok(change.apply(&task))
    }
}

/// Whether the vendor should be asked for a link that lives longer.
fn is_dying(task: &Task, now: Timestamp) -> bool {
    let facts = facts(task.vendor);
    let is_remembered =
        facts.record_lifetime.is_none_or(|lifetime| now < task.created_at + lifetime);
    task.status == Status::Succeeded
        && is_remembered
        && task.url_expires_at.is_some_and(|dies_at| dies_at <= now + USEFUL)
}
