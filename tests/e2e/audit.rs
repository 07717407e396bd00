//! The audit: what clients were told, what is stored, what usage says and what the vendors know,
//! held against each other once everything has run to its end.
//!
//! Every breach is a line of its own, so that one run shows all of them.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use local::simulators::{Record, VendorTask};
use serde_json::Value;
use shared::task::{Charged, Code, EventKind, Status, Task, Vendor};

use crate::usage::{sum, unfinished};
use crate::world::{Told, World};

/// How often a webhook is called at most, as documented.
const MOST_TRIES: u32 = 8;

pub(crate) struct Audit {
    tasks: Vec<Task>,
    records: BTreeMap<Vendor, Vec<Record>>,
    told: Vec<Told>,
    /// By owners: their sums, and how many tasks count as unfinished.
    usage: BTreeMap<String, (Value, i64)>,
    pub(crate) breaches: Vec<String>,
}

impl Audit {
    /// Holds everything against everything.
    pub(crate) async fn of(world: &World) -> Self {
        let tasks = world.tasks().await;
        let mut usage = BTreeMap::new();
        for owner in tasks.iter().map(|task| &task.owner).collect::<BTreeSet<_>>() {
            let sum = sum(&world.gateway, owner).await;
            usage.insert(owner.clone(), (sum, unfinished(&world.gateway, owner).await.0));
        }
        let records = world.gateway.stack.vendor_records().expect("the vendors remember");
        let (told, breaches) = (world.told(), Vec::new());
        let mut audit = Self { tasks, records, told, usage, breaches };
        audit.check_answers();
        audit.check_tasks();
        audit.check_usage();
        audit
    }

    /// What there was to be held against each other, in numbers.
    pub(crate) fn summary(&self) -> String {
        let of = |status| self.tasks.iter().filter(|task| task.status == status).count();
        let (succeeded, failed) = (of(Status::Succeeded), of(Status::Failed));
        let videos: usize = self.records.values().flatten().map(|it| it.tasks.len()).sum();
        let unanswered = self.told.iter().filter(|told| told.answer.is_none()).count();
        let free = self.told.iter().filter(|told| told.is_told_no()).count();
        format!(
            "{} requests, {unanswered} without an answer, {free} told that it costs nothing; \
             {succeeded} tasks succeeded, {failed} failed; {videos} videos",
            self.told.len()
        )
    }

    fn breach(&mut self, what: &str, evidence: impl std::fmt::Debug) {
        self.breaches.push(format!("{what}: {evidence:?}"));
    }

    /// An answer is a promise: of no video, or of one end of each task.
    fn check_answers(&mut self) {
        let mut requests = BTreeMap::<String, Vec<Told>>::new();
        for told in &self.told {
            requests.entry(told.wanted.prompt.clone()).or_default().push(told.clone());
        }
        for (prompt, told) in requests {
            let records = self.records.values().flatten().filter(|it| it.prompt == prompt);
            let videos: Vec<_> = records.flat_map(|record| record.tasks.clone()).collect();
            let most = usize::try_from(told[0].wanted.count).expect("it fits");
            if videos.len() > most {
                self.breach("paid for twice", (&told, &videos));
            }
            // Of a request that comes again, a later try may make what an earlier one did not.
            let is_told_no = told.last().is_some_and(Told::is_told_no);
            if is_told_no && !videos.is_empty() {
                self.breach("told that nothing was made", (&told, &videos));
            }
            let ids: BTreeSet<_> = told.iter().flat_map(Told::task_ids).collect();
            let unknown = |id: &&&str| !self.tasks.iter().any(|task| task.id.as_str() == **id);
            let gone: Vec<_> = ids.iter().filter(unknown).collect();
            if !gone.is_empty() {
                self.breaches.push(format!("told ids of tasks that are not stored: {gone:?}"));
            }
            if ids.len() > most {
                self.breach("more ids than videos that were asked for", &told);
            }
            for one in &told {
                let status = one.answer.as_ref().map(|(status, _)| *status);
                if status.is_some_and(|it| it.is_server_error() && it != StatusCode::BAD_GATEWAY)
                    && !one.says_whether_charged()
                {
                    self.breach("nothing is said of what it cost", one);
                }
            }
        }
    }

    /// Every task has one end, which is its vendor's, and its client knows.
    fn check_tasks(&mut self) {
        let mut vendor_task_ids = BTreeSet::new();
        for task in std::mem::take(&mut self.tasks) {
            if !task.status.is_final() || task.duties().next().is_some() {
                self.breach("not ended", &task);
            }
            if let Some(id) = &task.vendor_task_id
                && !vendor_task_ids.insert((task.vendor, id.clone()))
            {
                self.breach("two tasks have one video", &task);
            }
            let is_delivered = task.delivery.as_ref().is_some_and(|it| it.delivered);
            let tries = task.delivery.as_ref().map_or(0, |it| it.tries);
            let owes = task.webhook_url.is_some() && !self.was_refused(&task);
            if owes && !is_delivered && tries < MOST_TRIES {
                self.breach("its client was not told", &task);
            }
            self.check_against_vendor(&task);
            self.tasks.push(task);
        }
    }

    /// Whether the client was told at once, so that no webhook tells it again.
    fn was_refused(&self, task: &Task) -> bool {
        let given = self.told.iter().any(|told| told.task_ids().contains(&task.id.as_str()));
        task.status == Status::Failed && !given
    }

    fn check_against_vendor(&mut self, task: &Task) {
        let record = self.record_of(task).cloned();
        let made = record.as_ref().map(|record| record.tasks.clone()).unwrap_or_default();
        let made: Vec<VendorTask> = match task.vendor {
            // There all submissions of a prompt are one record.
            Vendor::Jimeng => made
                .into_iter()
                .filter(|made| Some(&made.vendor_task_id) == task.vendor_task_id.as_ref())
                .collect(),
            _ => made,
        };
        let evidence = (task, &record);
        let submissions = record.as_ref().map_or(0, |record| record.submissions);
        let most = match task.vendor {
            // Takes the same twice without making a second video.
            Vendor::Kling => 2,
            Vendor::Vidu => 1,
            Vendor::Jimeng => u32::MAX,
        };
        if submissions > most || made.len() > 1 {
            self.breach("submitted too often", evidence);
        }
        let error = task.error.as_ref();
        let is_free = error.is_some_and(|error| error.charged == Charged::No);
        let end = made.first().map(|made| made.succeeded);
        let has = |kind| task.events.iter().any(|event| event.kind == kind);
        if has(EventKind::Repeated) && !has(EventKind::Unknown) {
            self.breach("submitted by somebody else than the request, before all doubt", evidence);
        }
        match (task.status, end) {
            (Status::Succeeded, Some(Some(true))) => {}
            (Status::Succeeded, _) => self.breach("succeeded, and not at its vendor", evidence),
            (Status::Failed, None) => {
                let nobody_submitted = record.is_none() && task.vendor == Vendor::Kling;
                if nobody_submitted && !is_free {
                    self.breach("never submitted, and not said to be free", evidence);
                }
            }
            (Status::Failed, Some(_))
                if error.is_some_and(|it| it.code == Code::SubmissionLost) =>
            {
                self.breach("said never to have been submitted, and made", evidence);
            }
            (Status::Failed, Some(Some(false))) => {}
            (Status::Failed, Some(_)) => self.breach("made, and lost", evidence),
            (Status::Queued | Status::Processing, _) => {}
        }
    }

    /// What the vendor knows of a task. Jimeng is known by what it sent us, the others by what
    /// we sent.
    fn record_of(&self, task: &Task) -> Option<&Record> {
        self.records[&task.vendor].iter().find(|record| match &record.name {
            Some(name) => name.contains(task.id.as_str()),
            None => record
                .tasks
                .iter()
                .any(|made| Some(&made.vendor_task_id) == task.vendor_task_id.as_ref()),
        })
    }

    /// Every place among the unfinished is given back, and every end is added up once.
    fn check_usage(&mut self) {
        for (owner, (sum, unfinished)) in std::mem::take(&mut self.usage) {
            let number = |name: &str| sum[name].as_f64().unwrap_or_default();
            let ended = |status| {
                let of_owner = |task: &&Task| task.owner == owner && task.status == status;
                self.tasks.iter().filter(of_owner).count()
            };
            let (succeeded, failed) = (ended(Status::Succeeded), ended(Status::Failed));
            if unfinished != 0 {
                self.breach("places that nobody gives back", (&owner, unfinished));
            }
            let is_equal = |counted: f64, tasks: usize| (counted - tasks as f64).abs() < 0.5;
            if !is_equal(number("succeeded"), succeeded)
                || !is_equal(number("failed") + number("refused"), failed)
            {
                self.breach("usage is not what ended", (&owner, &sum, succeeded, failed));
            }
        }
    }
}
