//! `POST …?dry_run=true`: what would be done, before it costs.
//!
//! The plan is the one that a request without it has, so what is told is what the vendor would
//! get, and what is refused is refused in the same words. Nothing is stored, counted or sent: an
//! idempotency key is not used up, and limits are only read.

use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::api::{ApiError, Image, Size, Warning, http};
use shared::auth;
use shared::dialects::translate::class_name;
use shared::dialects::{Meaning, Submission};
use shared::platform::{Clock, telemetry};
use shared::store::Room;
use shared::task::Vendor;

use super::Create;
use super::plan::Plan;

#[derive(Serialize)]
struct DryRun<'a> {
    dry_run: bool,
    would: &'static str,
    model: &'a str,
    vendor: Vendor,
    account: &'a str,
    /// How many tasks would each be submitted like this.
    tasks: usize,
    request: Asked<'a>,
    normalized: Normalized<'a>,
    warnings: &'a [Warning],
    limits: Room,
}

/// The request that a vendor would get, without what is ours alone: credentials, the address
/// of its callbacks, our name for the task.
#[derive(Serialize)]
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    body: Value,
}

#[derive(Serialize)]
struct Normalized<'a> {
    duration: Option<i64>,
    aspect_ratio: Option<&'a str>,
    resolution: Option<String>,
    size: Option<String>,
    seed: Option<i64>,
}

impl Create {
    /// What would be done, or the very refusal that a request without it gets.
    pub(crate) async fn dry_run(
        &self,
        request: &Request,
        clock: &Clock,
    ) -> Result<Response<Body>, ApiError> {
        telemetry::tell(|line| line.set("dry_run", true));
        let planned = async {
            let plan = self.plan(request, clock.now()).await?;
            let room = self.room(&plan, clock).await?;
            render(&plan, room)
        };
        planned.await.map_err(|error: ApiError| {
            let may_repeat = http::may_repeat(request.headers());
            let error = if may_repeat { error.of_a_repetition() } else { error };
            ApiError { of_dry_run: true, ..error }
        })
    }

    /// What the key's limits leave, if that is enough.
    async fn room(&self, plan: &Plan, clock: &Clock) -> Result<Room, ApiError> {
        let Plan { limits, tasks, .. } = plan;
        let (now, count) = (clock.now(), u32::try_from(tasks.len()).unwrap_or(u32::MAX));
        auth::check_count(*limits, count)?;
        let owner = tasks.first().map_or("", |task| task.owner.as_str());
        let room = self.lifecycle.tasks.room(owner, *limits, now).await.map_err(|error| {
            tracing::error!(%error, "the limits of a key could not be read");
            ApiError::internal()
        })?;
        match room.refuses(count) {
            Some(outcome) => Err(auth::refusal(*limits, &outcome, now)),
            None => Ok(room),
        }
    }
}

fn render(plan: &Plan, limits: Room) -> Result<Response<Body>, ApiError> {
    let first = plan.tasks.first().zip(plan.submissions.first()).zip(plan.callback_urls.first());
    let ((task, submission), callback_url) = first.ok_or_else(ApiError::internal)?;
    let Submission { request, meaning, .. } = submission;
    let ours = [callback_url.as_str(), task.id.as_str()];
    let body = serde_json::from_slice(request.body()).unwrap_or_default();
    let mut response = http::json(
        StatusCode::OK,
        &DryRun {
            dry_run: true,
            would: "submit",
            model: &task.model,
            vendor: plan.account.vendor,
            account: plan.account.id.as_str(),
            tasks: plan.tasks.len(),
            request: Asked {
                method: request.method().as_str(),
                path: plan.account.documented_path(request.uri()),
                body: shown(body, &ours),
            },
            normalized: normalized(meaning),
            warnings: &plan.warnings,
            limits,
        },
    );
    if plan.strict {
        let applied = HeaderValue::from_static("handling=strict");
        response.headers_mut().insert("preference-applied", applied);
    }
    Ok(response)
}

fn normalized(meaning: &Meaning) -> Normalized<'_> {
    let Meaning { seconds, ratio, class, seed } = meaning;
    let ratio = ratio.as_deref();
    let size = class.zip(ratio).and_then(|(class, ratio)| Size::with(class, ratio));
    Normalized {
        duration: *seconds,
        aspect_ratio: ratio,
        resolution: class.map(class_name),
        size: size.map(|size| size.to_string()),
        seed: *seed,
    }
}

/// A vendor's body without members that hold one of these, and with images in a few words.
fn shown(value: Value, ours: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let is_ours = |value: &Value| value.as_str().is_some_and(|text| ours.contains(&text));
            let members = members.into_iter().filter(|(_, value)| !is_ours(value));
            let shown = members.map(|(name, value)| match name.as_str() {
                // Words are never an image, whatever they look like.
                "prompt" | "negative_prompt" | "text" => (name, value),
                _ => (name, shown(value, ours)),
            });
            let shown: Map<_, _> = shown.collect();
            shown.into()
        }
        Value::Array(items) => items.into_iter().map(|item| shown(item, ours)).collect(),
        Value::String(text) => {
            let image = Image::read(&text, "").ok().and_then(|image| image.summary());
            image.unwrap_or(text).into()
        }
        other => other,
    }
}
