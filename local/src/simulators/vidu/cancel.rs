//! Stopping a task, which is possible until it is being worked on.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde_json::json;

use super::refusal::{Reason, Refusal};
use super::task::Task;
use super::{NAME, Service, read_body, task_not_found};
use crate::simulators::members::{Body, Members};

pub(super) async fn answer(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = read_body(&headers, body)?;
    if let Some(script) = &service.script
        && let Some(scripted) = script.cancel().await
    {
        return Ok(scripted);
    }
    let mut members = Members::read(&body)?;
    let named: Option<String> = members.take("id")?;
    members.refuse_the_rest()?;
    if named.ok_or_else(|| Refusal::lacking("id"))? != id {
        return Err(Refusal::invalid("id"));
    }
    let now = service.clock.now();
    if service.task(&id)?.is_none_or(|task| task.timeline.is_unknown(now)) {
        return Err(task_not_found());
    }
    let cancelled = service.ledger.change(NAME, &id, |task: &mut Task| task.cancel(now))?;
    match cancelled.ok_or_else(task_not_found)? {
        Ok(()) => Ok(Json(json!({})).into_response()),
        Err(state) => {
            let state = json!(state);
            let state = state.as_str().unwrap_or_default();
            let message = format!("task state is {state}, can not cancel");
            Err(Refusal::new(Reason::BadRequest, message))
        }
    }
}
