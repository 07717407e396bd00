//! The functions that ship, by the names of their binaries and by what starts them.

use std::sync::Arc;

use callback::Callback;
use create::Create;
use docs::Docs;
use lambda_http::{Body, Request, Response};
use notify::Notify;
use query::Query;
use reconcile::Reconcile;
use shared::platform::{Clock, SetupError};
use shared::runtime::Environment;
use withdraw::Withdraw;

use crate::template;

pub(crate) enum Function {
    Http(Arc<HttpFunction>),
    Scheduled(Arc<Reconcile>),
    Streamed(Arc<Notify>),
}

/// A function that API Gateway starts.
pub(crate) enum HttpFunction {
    Create(Create),
    Query(Query),
    Withdraw(Withdraw),
    Callback(Callback),
    Docs(Docs),
}

impl Function {
    /// Starts a function as its `main` does; none when there is no such binary.
    pub(crate) async fn start(
        binary: &str,
        environment: &Environment<'_>,
    ) -> Option<Result<Self, SetupError>> {
        let http = |function| Self::Http(Arc::new(function));
        Some(match binary {
            "create" => Create::start(environment).map(HttpFunction::Create).map(http),
            "query" => Query::start(environment).map(HttpFunction::Query).map(http),
            "withdraw" => Withdraw::start(environment).map(HttpFunction::Withdraw).map(http),
            "callback" => Callback::start(environment).map(HttpFunction::Callback).map(http),
            "docs" => Ok(http(HttpFunction::Docs(Docs::new()))),
            "reconcile" => Reconcile::start(environment).map(Arc::new).map(Self::Scheduled),
            "notify" => Notify::start(environment).map(Arc::new).map(Self::Streamed),
            _ => return None,
        })
    }

    /// Whether a schedule or a stream of the template would start nothing.
    pub(crate) fn ignores_events_of(&self, function: &template::Function) -> bool {
        let is_scheduled = matches!(self, Self::Scheduled(_));
        let is_streamed = matches!(self, Self::Streamed(_));
        (!is_scheduled && !function.schedules.is_empty())
            || (!is_streamed && !function.streams.is_empty())
    }
}

impl HttpFunction {
    pub(crate) async fn answer(&self, request: &Request, clock: &Clock) -> Response<Body> {
        let now = clock.now();
        match self {
            Self::Create(create) => create.answer(request, clock).await,
            Self::Query(query) => query.answer(request, now).await,
            Self::Withdraw(withdraw) => withdraw.answer(request, now).await,
            Self::Callback(callback) => callback.answer(request, now).await,
            Self::Docs(docs) => docs.answer(request).await,
        }
    }
}
