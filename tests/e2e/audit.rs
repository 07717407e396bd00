//! The audit: what clients were told, what is stored, what usage says and what the vendors know,
//! held against each other once everything has run to its end.
//!
//! Every breach is a line of its own, so that one run shows all of them.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use local::simulators::{ACCOUNTS, AskedInVain, Record, VendorTask};
use serde_json::Value;
use shared::task::{Charged, Code, EventKind, Status, Task, Vendor};

use crate::usage::{sum, unfinished};
use crate::world::{Told, World};

/// How often a webhook is called at most, as documented.
const MOST_TRIES: u32 = 8;

/// What a vendor knows, and for which account.
#[derive(Clone, Debug)]
struct AtVendor<T> {
    vendor: Vendor,
    account: usize,
    known: T,
}

pub(crate) struct Audit {
    tasks: Vec<Task>,
    records: Vec<AtVendor<Record>>,
    asked_in_vain: Vec<AtVendor<AskedInVain>>,
    /// The accounts that tasks' tags stand for, by what their vendors know of them.
    tags: BTreeMap<(Vendor, String), usize>,
    told: Vec<Told>,
    /// How often an account was asked about a task of another.
    asked_elsewhere: usize,
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
        let stack = &world.gateway.stack;
        let (mut records, mut asked_in_vain) = (Vec::new(), Vec::new());
        for account in 0..ACCOUNTS {
            let of_account = stack.vendor_records(account).expect("the vendors remember");
            records.extend(flatten(account, of_account));
            asked_in_vain.extend(flatten(account, stack.asked_in_vain(account)));
        }
        let (told, breaches, tags) = (world.told(), Vec::new(), BTreeMap::new());
        let mut audit =
            Self { tasks, records, asked_in_vain, tags, told, usage, breaches, asked_elsewhere: 0 };
        audit.check_answers();
        audit.check_tags();
        audit.check_questions(world);
        audit.check_tasks();
        audit.check_usage();
        audit
    }

    /// What there was to be held against each other, in numbers.
    pub(crate) fn summary(&self) -> String {
        let of = |status| self.tasks.iter().filter(|task| task.status == status).count();
        let (succeeded, failed) = (of(Status::Succeeded), of(Status::Failed));
        let videos: usize = self.records.iter().map(|it| it.known.tasks.len()).sum();
        let unanswered = self.told.iter().filter(|told| told.answer.is_none()).count();
        let free = self.told.iter().filter(|told| told.is_told_no()).count();
        format!(
            "{} requests, {unanswered} without an answer, {free} told that it costs nothing; \
             {succeeded} tasks succeeded, {failed} failed; {videos} videos, {} of other accounts; \
             {} questions to others than a task's",
            self.told.len(),
            self.records
                .iter()
                .filter(|it| it.account > 0)
                .map(|it| it.known.tasks.len())
                .sum::<usize>(),
            self.asked_elsewhere,
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
            let records = self.records.iter().filter(|it| it.known.prompt == prompt);
            let videos: Vec<_> = records.flat_map(|it| it.known.tasks.clone()).collect();
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
        let made = record.as_ref().map(|it| it.known.tasks.clone()).unwrap_or_default();
        let made: Vec<VendorTask> = match task.vendor {
            // There all submissions of a prompt are one record.
            Vendor::Jimeng => made
                .into_iter()
                .filter(|made| Some(&made.vendor_task_id) == task.vendor_task_id.as_ref())
                .collect(),
            _ => made,
        };
        let evidence = (task, &record);
        let submissions = record.as_ref().map_or(0, |it| it.known.submissions);
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
    fn record_of(&self, task: &Task) -> Option<&AtVendor<Record>> {
        self.records_of(task).next()
    }

    fn records_of(&self, task: &Task) -> impl Iterator<Item = &AtVendor<Record>> {
        let of_vendor = self.records.iter().filter(|it| it.vendor == task.vendor);
        of_vendor.filter(|it| match &it.known.name {
            Some(name) => name.contains(task.id.as_str()),
            None => it.known.has(task.vendor_task_id.as_deref()),
        })
    }

    /// Every task is at one account, which it names by the tag of its credentials.
    fn check_tags(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
            let accounts: BTreeSet<_> = self.records_of(&task).map(|it| it.account).collect();
            if accounts.len() > 1 {
                self.breach("submitted with two accounts", &task);
            }
            for account in accounts {
                let tag = (task.vendor, task.credentials.clone());
                if *self.tags.entry(tag).or_insert(account) != account {
                    self.breach("it names another account than it was submitted with", &task);
                }
            }
            self.tasks.push(task);
        }
    }

    /// No account is asked about a task of another, as long as that is in the secret.
    fn check_questions(&mut self, world: &World) {
        for AtVendor { vendor, account, known: asked } in std::mem::take(&mut self.asked_in_vain) {
            let is_asked_about = |record: &Record| {
                let is_named = record.name.as_ref().is_some_and(|it| it.contains(&asked.id));
                is_named || record.has(Some(&asked.id))
            };
            let of_vendor = self.records.iter().filter(|it| it.vendor == vendor);
            let owners = of_vendor.filter(|it| is_asked_about(&it.known)).map(|it| it.account);
            let owners: BTreeSet<_> = owners.collect();
            if owners.contains(&account) {
                continue;
            }
            self.asked_elsewhere += owners.len();
            if owners.iter().any(|owner| world.was_known(*owner, asked.at)) {
                self.breach("asked about a task of another account", (vendor, account, &asked));
            }
        }
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

/// What all vendors know for an account, one by one.
fn flatten<T>(account: usize, by_vendor: BTreeMap<Vendor, Vec<T>>) -> Vec<AtVendor<T>> {
    let of_vendor = |(vendor, all): (Vendor, Vec<T>)| {
        all.into_iter().map(move |known| AtVendor { vendor, account, known })
    };
    by_vendor.into_iter().flat_map(of_vendor).collect()
}
