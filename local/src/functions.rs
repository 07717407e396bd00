//! The functions that ship, by the names of their binaries.

use callback::Callback;
use create::Create;
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use query::Query;
use shared::setup::{Environment, SetupError};

pub(crate) enum Function {
    Create(Create),
    Query(Query),
    Callback(Callback),
}

impl Function {
    /// Starts a function as its `main` does; none when there is no such binary.
    pub(crate) async fn start(
        binary: &str,
        environment: &Environment<'_>,
    ) -> Option<Result<Self, SetupError>> {
        Some(match binary {
            "create" => Create::start(environment).await.map(Self::Create),
            "query" => Query::start(environment).await.map(Self::Query),
            "callback" => Callback::start(environment).await.map(Self::Callback),
            _ => return None,
        })
    }

    pub(crate) async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        match self {
            Self::Create(create) => create.answer(request, now).await,
            Self::Query(query) => query.answer(request, now).await,
            Self::Callback(callback) => callback.answer(request, now).await,
        }
    }
}
