//! From a request to a plan: all that can be wrong before anything is stored.

use jiff::Timestamp;
use lambda_http::Request;
use ring::rand::{SecureRandom, SystemRandom};
use shared::api::wishes::{Try, Wish};
use shared::api::{ApiError, Generation, Order, Record, Warning, http, request, routes};
use shared::auth;
use shared::dialects::{Submission, SubmitContext, vendor_of};
use shared::task::{ApiKey, Limits, Shape, Surface, Task, TaskId};
use shared::vendors::{Account, NoAccount, TokenKey};

use super::Create;

/// A request in which nothing is wrong, with its tasks and what their vendor will get.
pub(crate) struct Plan {
    pub(crate) limits: Limits,
    pub(crate) tasks: Vec<Task>,
    /// What the vendor will get for each of the tasks.
    pub(crate) submissions: Vec<Submission>,
    /// What the submissions were made from, should they have to be made anew.
    pub(crate) generation: Generation,
    pub(crate) account: Account,
    pub(crate) callback_urls: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) record: Option<Record>,
    /// Which try of an SDK's it is, where no key says more.
    pub(crate) this_try: Option<Try>,
    pub(crate) strict: bool,
    pub(crate) surface: Surface,
}

impl Plan {
    /// The wish that it fulfils, as this try keeps it.
    pub(crate) fn wish(&self, this: &Try) -> Wish {
        Wish::new(self.tasks.iter().map(|task| task.id.clone()).collect(), this.number)
    }
}

impl Create {
    /// Reads a request, and builds every submission before the first is sent: bad
    /// input costs nothing.
    pub(crate) async fn plan(&self, asked: &Request, now: Timestamp) -> Result<Plan, ApiError> {
        let route = http::route(asked).unwrap_or(routes::GENERATIONS);
        http::require_method_at(route, asked, "POST")?;
        http::dry_run(asked)?;
        // Side by side, because a cold start reads all three.
        let (key, loaded, url_key) = tokio::join!(
            auth::admit(&self.keys, asked.headers(), now),
            self.lifecycle.vendors.load(),
            self.callback_urls.key(),
        );
        let key = key?;
        let strict = http::prefers_strict(asked.headers());
        let idempotency_key = http::idempotency_key(asked.headers())?;
        let mut order = request::read(asked.headers(), asked.body())?;

        loaded.map_err(|_| ApiError::internal())?;
        let url_key = url_key.map_err(|error| {
            tracing::error!(%error, "no callback URL can be made");
            ApiError::internal()
        })?;
        let account = self.choose_account(&mut order, &key, now).await?;
        let mut warnings = Vec::from_iter(self.check_webhook(&order, &key)?);
        let mut plan = Plan {
            limits: key.limits,
            tasks: Vec::new(),
            submissions: Vec::new(),
            generation: order.generation.clone(),
            account,
            callback_urls: Vec::new(),
            warnings: Vec::new(),
            record: None,
            this_try: None,
            strict,
            surface: routes::surface(route),
        };
        for _ in 0..order.count {
            let submission = self.add_task(&mut plan, &order, &key, &url_key, now)?;
            if plan.tasks.len() == 1 {
                warnings.append(&mut order.warnings);
                warnings.extend(submission);
            }
        }
        if strict && let Some(warning) = warnings.first() {
            return Err(ApiError::strict(warning));
        }
        plan.record = idempotency_key.map(|text| {
            Record::new(&key.id, text, &order.fingerprint, &plan.tasks, &warnings, now)
        });
        if plan.record.is_none() {
            plan.this_try = Try::read(asked.headers(), &key.id, plan.surface, &order.fingerprint);
        }
        plan.warnings = warnings;
        Ok(plan)
    }

    /// Adds one task with its submission, of which the warnings are given back.
    fn add_task(
        &self,
        plan: &mut Plan,
        order: &Order,
        key: &ApiKey,
        url_key: &TokenKey,
        now: Timestamp,
    ) -> Result<Vec<Warning>, ApiError> {
        let id = new_id(now)?;
        let Account { vendor, id: account, .. } = &plan.account;
        let callback_url = self.callback_urls.url(url_key, *vendor, account, &id);
        let context = SubmitContext { task_id: &id, callback_url: &callback_url, now };
        let submission = plan.account.dialect().submit(order.generation.clone(), &context);
        let mut submission = submission.inspect_err(log_operators)?;
        if submission.model != order.generation.model {
            auth::check_model(key, &submission.model)?;
        }
        let warnings = std::mem::take(&mut submission.warnings);
        let endpoint = &submission.endpoint;
        plan.tasks.push(Task {
            figures: submission.figures.clone(),
            payload: order.payload.clone(),
            user: order.user.clone(),
            webhook_url: order.webhook.as_ref().map(|(url, _)| url.clone()),
            surface: plan.surface,
            shape: Shape {
                seconds: submission.meaning.seconds,
                size: order.generation.size.map(|size| size.to_string()),
            },
            credentials: plan.account.credentials.to_string(),
            deadline: now + submission.deadline,
            ..Task::new(id, key, *vendor, account.clone(), &order.model, endpoint, now)
        });
        plan.submissions.push(submission);
        plan.callback_urls.push(callback_url);
        Ok(warnings)
    }

    async fn choose_account(
        &self,
        order: &mut Order,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Account, ApiError> {
        auth::check_model(key, &order.model)?;
        let model = self.aliases.resolve(&order.model);
        let vendor = vendor_of(model).ok_or_else(|| self.unknown_model(&order.model, key))?;
        let account = self.lifecycle.vendors.choose(vendor, now).await.map_err(|no| match no {
            NoAccount::Unreadable => ApiError::internal(),
            NoAccount::Missing => ApiError::unknown_model(format!(
                "This gateway has no account with {vendor}, which serves `{}`.",
                order.model
            )),
        })?;
        order.generation.model = model.to_owned();
        Ok(account)
    }

    fn check_webhook(&self, order: &Order, key: &ApiKey) -> Result<Option<Warning>, ApiError> {
        let Some((url, param)) = &order.webhook else { return Ok(None) };
        self.webhook_hosts.check(url, param)?;
        let message = format!(
            "This API key has no webhook secret to sign with, and without one its webhooks are \
             not called; ask GET {}.",
            routes::GENERATION
        );
        Ok(key.webhook_secret.is_none().then(|| Warning::new(*param, message)))
    }
}

/// What the client did wrong is for the client; the rest somebody has to mend.
fn log_operators(error: &ApiError) {
    if error.status().is_server_error() {
        let (code, message) = (error.code().as_str(), &error.body.message);
        tracing::error!(code, message, "a request cannot be submitted with this gateway's account");
    }
}

fn new_id(now: Timestamp) -> Result<TaskId, ApiError> {
    let mut random = [0; 10];
    SystemRandom::new().fill(&mut random).map_err(|_| {
        tracing::error!("the system gives no random bytes");
        ApiError::internal()
    })?;
    Ok(TaskId::new(now, &random))
}

/// What may be sent once more should the first one not have arrived. One with images
/// in it is too large to be kept for that.
pub(crate) fn repeat(submission: &Submission) -> Option<String> {
    const LARGEST: usize = 16 * 1024;
    let body = submission.request.body();
    let fits = submission.repeatable && body.len() <= LARGEST;
    fits.then(|| String::from_utf8(body.to_vec()).ok()).flatten()
}
