//! The client withdraws: `POST …/{task_id}/cancel` and `DELETE …/{task_id}`, on both surfaces.

use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use shared::api::{ApiError, http};
use shared::auth;
use shared::platform::SetupError;
use shared::runtime::{Environment, answered};
use shared::store::Keys;

#[derive(Debug)]
pub struct Withdraw {
    keys: Keys,
}

impl Withdraw {
    pub fn start(environment: &Environment<'_>) -> Result<Self, SetupError> {
        Ok(Self { keys: environment.keys()? })
    }

    pub async fn answer(&self, request: &Request, now: Timestamp) -> Response<Body> {
        answered("withdraw", request, self.try_answer(request, now)).await
    }

    async fn try_answer(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        auth::admit(&self.keys, request.headers(), now).await?;
        http::task_id(request)?;
        let (method, path) = (request.method().as_str(), request.uri().path());
        Err(ApiError::unknown_route(method, path))
    }
}
