//! `GET /openapi.json` and `GET /docs`: the contract, for programs and for people.
//!
//! The document is `openapi.json` beside this crate, byte for byte; the tests of
//! the whole service hold every answer against it. The page reads it from the
//! same address and loads nothing else. There is no state, no key and no table.

mod page;

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Request, Response};
use shared::api::{ApiError, http, routes};
use shared::runtime::answered;

use page::Page;

/// OpenAPI 3.1: what clients and vendors can send, and all that they are answered.
pub const CONTRACT: &str = include_str!("../openapi.json");

const FOR_FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

#[derive(Debug)]
pub struct Docs {
    page: Page,
}

impl Docs {
    #[expect(clippy::new_without_default, reason = "it is started, as the other functions are")]
    pub fn new() -> Self {
        Self { page: Page::new() }
    }

    pub async fn answer(&self, request: &Request) -> Response<Body> {
        answered("docs", request, async { self.try_answer(request) }).await
    }

    fn try_answer(&self, request: &Request) -> Result<Response<Body>, ApiError> {
        let path = request.uri().path();
        let is_page = match path {
            routes::DOCS => true,
            routes::CONTRACT => false,
            _ => return Err(ApiError::unknown_route(request.method().as_str(), path)),
        };
        http::require_method(request, "GET")?;
        http::refuse_query(request)?;
        let mut response = if is_page { self.page.answer() } else { contract() };
        response.headers_mut().insert(header::CACHE_CONTROL, FOR_FIVE_MINUTES);
        Ok(response)
    }
}

fn contract() -> Response<Body> {
    http::json_text(lambda_http::http::StatusCode::OK, CONTRACT.to_owned())
}
