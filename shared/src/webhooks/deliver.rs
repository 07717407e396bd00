//! Telling a client that its task ended: the only code that calls clients' webhooks.
//!
//! Not here: when a delivery is due, which is the task's timer, and the pauses
//! between tries, which are in `timer`. Of a client's answer only the status and
//! `Retry-After` are read. Nothing is sent anywhere but to the address that was
//! given, and a host is judged again at the moment of connecting.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};

use super::address::WebhookHosts;
use super::resolver::{NotPublic, PublicHosts};
use crate::api::{generations, videos};
use crate::crypto::WebhookSecret;
use crate::dialects::facts;
use crate::platform::http_client::{Roots, http_client};
use crate::platform::telemetry::{Line, Unit};
use crate::store::{Due, Keys, StoreError, Tasks};
use crate::task::{Actor, Delivery, EventKind, Lane, Surface, Task, TaskId, timer};

/// For a client to answer, all in all.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long a delivery is claimed: longer than a try takes, with all around it.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);

/// The longest pause that a client may ask for.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// The way to clients' webhooks.
#[derive(Debug)]
pub struct Deliveries {
    keys: Keys,
    hosts: WebhookHosts,
    http: reqwest::Client,
}

impl Deliveries {
    pub fn new(keys: Keys, hosts: WebhookHosts) -> Self {
        let http = http_client(Roots::default(), |client| {
            // A connection for each call, so that its host is looked up for each.
            let client = client.pool_max_idle_per_host(0);
            match hosts {
                WebhookHosts::Public => client.dns_resolver(PublicHosts),
                WebhookHosts::Any => client,
            }
        });
        Self { keys, hosts, http }
    }

    /// Claims a delivery that is due and tries it once. False when somebody else has it.
    pub async fn deliver_due(
        &self,
        tasks: &Tasks,
        due: &Due,
        by: Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(task) = self.claim(tasks, due, now).await? else { return Ok(false) };
        self.deliver(tasks, task, by, now).await;
        Ok(true)
    }

    /// Claims a delivery that is due. None when somebody else has it.
    pub async fn claim(
        &self,
        tasks: &Tasks,
        due: &Due,
        now: Timestamp,
    ) -> Result<Option<Task>, StoreError> {
        tasks.claim_due(Lane::Webhooks, due, now + CLAIM, now).await
    }

    /// Tries once to deliver a task whose timer the caller has claimed, and keeps
    /// how it went and when to try again. Should that not be possible, the timer
    /// stands as it was claimed.
    pub async fn deliver(&self, tasks: &Tasks, task: Task, by: Actor, now: Timestamp) {
        let Some(url) = task.webhook_url.as_deref().filter(|_| task.webhook_due_at.is_some())
        else {
            return;
        };
        let log_store = |error: StoreError| {
            tracing::error!(task.id = %task.id, %error, "a delivery waits for the store");
        };
        let Outcome { what, verdict } = match self.attempt(&task, url, now).await {
            Ok(outcome) => outcome,
            Err(error) => return log_store(error),
        };
        let tries = task.delivery.as_ref().map_or(0, |last| last.tries).saturating_add(1);
        let next = verdict.next(&task.id, tries, now);
        let delivered = verdict == Verdict::Delivered;
        let verdict = match next {
            _ if delivered => "delivered",
            Some(_) => "again",
            None => "given_up",
        };
        Line::new("webhook")
            .with("task_id", task.id.as_str())
            .with("key", task.owner.as_str())
            .with("outcome", verdict)
            .with("answer", &*what)
            .with("tries", tries)
            .metric("WebhookTries", Unit::Count, 1, &[&["outcome"]])
            .write();
        let event = by.event(EventKind::Webhook, now).with_detail(&*what);
        let delivery = Delivery { tries, tried_at: now, delivered, outcome: what.into_owned() };
        if let Err(error) = tasks.record_delivery(&task, delivery, next, event).await {
            log_store(error);
        }
    }

    async fn attempt(&self, task: &Task, url: &str, now: Timestamp) -> Result<Outcome, StoreError> {
        // The rule may have become stricter since the task was made.
        if let Some(objection) = self.hosts.objection(url) {
            return Ok(Outcome::given_up(format!("the address {objection}")));
        }
        let key = self.keys.find_by_hash(task.key_sha256.clone(), now).await?;
        let secrets = key.as_ref().map(|key| key.webhook_secrets(now)).unwrap_or_default();
        if secrets.is_empty() {
            return Ok(Outcome::given_up("the API key has no webhook secret"));
        }
        let secrets = secrets.iter().map(|secret| WebhookSecret::try_from(secret.reveal()));
        Ok(match secrets.collect::<Result<Vec<_>, _>>() {
            Ok(secrets) => self.call(task, url, &secrets, now).await,
            Err(error) => Outcome::given_up(error),
        })
    }

    async fn call(
        &self,
        task: &Task,
        url: &str,
        secrets: &[WebhookSecret],
        now: Timestamp,
    ) -> Outcome {
        let body = match task.surface {
            Surface::Generations => serde_json::to_vec(&generations::Ended::from(task)),
            Surface::Videos => {
                serde_json::to_vec(&videos::Ended::new(task, facts(task.vendor).usual_time))
            }
        };
        let body = body.expect("an answer is always JSON");
        // The same on every try: a client that has seen it knows the rest.
        let id = format!("msg_{}", task.id);
        let timestamp = now.as_second().to_string();
        let sign = |secret: &WebhookSecret| secret.sign(&id, &timestamp, &body);
        let signatures: Vec<_> = secrets.iter().map(sign).collect();
        let answer = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(body)
            .send();
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(Ok(answer)) => read_answer(answer.status(), answer.headers(), now),
            Ok(Err(error)) => Outcome::again(why_no_answer(&error)),
            Err(_) => Outcome::again("time-out"),
        }
    }
}

/// What a try came to, for people and for the timer.
#[derive(Debug, PartialEq)]
struct Outcome {
    what: Cow<'static, str>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Delivered,
    /// To be tried again, and not before a client said so.
    Again(Option<Timestamp>),
    GivenUp,
}

impl Outcome {
    fn again(what: &'static str) -> Self {
        Self { what: what.into(), verdict: Verdict::Again(None) }
    }

    fn given_up(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), verdict: Verdict::GivenUp }
    }
}

impl Verdict {
    /// When to try again, if at all.
    fn next(self, task: &TaskId, tries: u32, now: Timestamp) -> Option<Timestamp> {
        let Self::Again(not_before) = self else { return None };
        let planned = timer::after_delivery(task, tries, now)?;
        Some(not_before.map_or(planned, |not_before| planned.max(not_before)))
    }
}

fn read_answer(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    let what = status.as_u16().to_string();
    match status {
        _ if status.is_success() => Outcome { what: what.into(), verdict: Verdict::Delivered },
        StatusCode::GONE => Outcome::given_up(format!("{what}, not called again")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Outcome { what: what.into(), verdict: Verdict::Again(retry_after(headers, now)) }
        }
        _ if status.is_redirection() => {
            Outcome { what: format!("{what}, not followed").into(), verdict: Verdict::Again(None) }
        }
        _ => Outcome { what: what.into(), verdict: Verdict::Again(None) },
    }
}

/// What `Retry-After` asks for, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let pause = match text.parse() {
        Ok(seconds) => SignedDuration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            date.duration_since(now)
        }
    };
    Some(now + pause.clamp(SignedDuration::ZERO, LONGEST_PAUSE))
}

fn why_no_answer(error: &reqwest::Error) -> &'static str {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    if causes.any(|cause| cause.is::<NotPublic>()) {
        // Asked again all the same: what a name resolves to may change.
        "address not public"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke before an answer"
    }
}

#[cfg(test)]
mod tests;
