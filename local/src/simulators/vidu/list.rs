//! The list of tasks, newest first, of those that were made in a stretch of time.
//! Not here: a choice by id or by state. Of a page's token only the name is documented; its shape is this simulator's.

use std::io;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;

use super::refusal::{Reason, Refusal};
use super::task::{Answer, Task};
use super::{NAME, Service};

const DEFAULT_PAGE: usize = 10;
const LONGEST_PAGE: usize = 100;

/// ```json
/// {"tasks":[{"id":"839120458812739584","state":"processing","err_code":"","credits":80,
///  "payload":"","bgm":false,"off_peak":false,"creations":[],
///  "created_at":"2026-07-14T09:00:12.345678Z"}],"next_page_token":""}
/// ```
#[derive(Serialize)]
pub(super) struct List {
    tasks: Vec<Listed>,
    /// The id of the page's last task; empty on the last page.
    next_page_token: String,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    answer: Answer,
    created_at: Timestamp,
}

struct Query {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    page_size: usize,
    page_token: String,
}

pub(super) async fn answer(
    State(service): State<Arc<Service>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    if let Some(script) = &service.script
        && let Some(scripted) = script.poll(None).await
    {
        return Ok(scripted);
    }
    let query = Query::read(uri.query().unwrap_or_default())?;
    Ok(Json(query.list(&service, service.clock.now())?).into_response())
}

impl Query {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut read =
            Self { from: None, to: None, page_size: DEFAULT_PAGE, page_token: String::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "created_at.from" => read.from = Some(parse(&name, &value)?),
                "created_at.to" => read.to = Some(parse(&name, &value)?),
                "pager.pagesz" => read.page_size = parse(&name, &value)?,
                "pager.page_token" => read.page_token = value.into_owned(),
                _ => return Err(Refusal::unwanted(&name)),
            }
        }
        if !(1..=LONGEST_PAGE).contains(&read.page_size) {
            return Err(Refusal::new(Reason::PageSizeOutOfRange, "page size out of range"));
        }
        Ok(read)
    }

    fn list(&self, service: &Service, now: Timestamp) -> io::Result<List> {
        let tasks = service.ledger.all::<Task>(NAME)?.into_iter().map(|(_, task)| task);
        let mut tasks: Vec<_> = tasks.filter(|task| self.wants(task, now)).collect();
        tasks.sort_by(|one, other| age_order(other).cmp(&age_order(one)));
        // A page goes on behind the last task of the one before, whatever was created since.
        let before = tasks.iter().position(|task| task.id == self.page_token);
        let mut tasks = tasks.split_off(before.map_or(0, |before| before + 1));
        let is_last_page = tasks.len() <= self.page_size;
        tasks.truncate(self.page_size);
        let last = tasks.last().filter(|_| !is_last_page);
        Ok(List {
            next_page_token: last.map(|task| task.id.clone()).unwrap_or_default(),
            tasks: tasks
                .iter()
                .map(|task| Listed {
                    answer: task.answer(task.state(now), &service.base_url),
                    created_at: task.timeline.created_at,
                })
                .collect(),
        })
    }

    fn wants(&self, task: &Task, now: Timestamp) -> bool {
        !task.timeline.is_unknown(now)
            && self.from.is_none_or(|from| from <= task.timeline.created_at)
            && self.to.is_none_or(|to| task.timeline.created_at <= to)
    }
}

fn age_order(task: &Task) -> (Timestamp, &str) {
    (task.timeline.created_at, &task.id)
}

fn parse<T: FromStr>(name: &str, value: &str) -> Result<T, Refusal> {
    value.parse().map_err(|_| Refusal::invalid(name))
}
