//! How AWS is called: by the same HTTP and TLS as everybody else, instead of the
//! SDK's own, which would be a second one in every function.
//!
//! Not here: how often a call is tried, and with which pauses, which is the SDK's.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use rustls::ClientConfig;

use super::http_client::{Roots, prepared_client, tls};

/// How long one attempt at a call may take, connecting and reading the answer included. Who
/// answers at all answers in milliseconds, and somebody waits for what comes after.
pub const ATTEMPT: Duration = Duration::from_secs(2);

/// For the clients of all services: they share its connections.
pub fn sdk_http_client(roots: Roots) -> SharedHttpClient {
    let tls = tls(roots);
    let pool = RwLock::new(Pool::new(&tls, 0));
    SharedHttpClient::new(Sdk(Arc::new(Connections { tls, pool })))
}

/// For the clients of all services: an attempt without an answer ends, and is followed by
/// another one as long as somebody has the time.
pub fn sdk_timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).build()
}

/// The connections to AWS.
#[derive(Debug)]
struct Connections {
    /// Kept, because connections are given up where somebody waits.
    tls: ClientConfig,
    pool: RwLock<Pool>,
}

/// Connections that are used until one of them turns out to be bad: which one it was, reqwest
/// does not tell, and it closes none alone.
#[derive(Clone, Debug)]
struct Pool {
    http: reqwest::Client,
    number: u64,
}

impl Pool {
    fn new(tls: &ClientConfig, number: u64) -> Self {
        Self { http: prepared_client(tls.clone(), |client| client), number }
    }
}

impl Connections {
    fn pool(&self) -> Pool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing new is sent by the connections of a pool any more. What is under way there goes on.
    fn leave(&self, number: u64) {
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        // Of several who were answered badly by the same pool, the first leaves it.
        if pool.number == number {
            *pool = Pool::new(&self.tls, number + 1);
        }
    }
}

#[derive(Clone, Debug)]
struct Sdk(Arc<Connections>);

impl HttpClient for Sdk {
    // Attempts are timed by `sdk_timeouts`, and connecting by our client.
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sdk {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connections, Pool { http, number }) = (self.0.clone(), self.0.pool());
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(user)?;
            // After an answer like a 500, the SDK wants the next attempt to go to somebody else.
            if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
                capture.set_connection_retriever(move || {
                    let connections = connections.clone();
                    let leave = move || connections.leave(number);
                    Some(ConnectionMetadata::builder().proxied(false).poison_fn(leave).build())
                });
            }
            // What we send is never a stream.
            let body = |body: SdkBody| Bytes::copy_from_slice(body.bytes().unwrap_or_default());
            let request = reqwest::Request::try_from(request.map(body)).map_err(user)?;
            let mut answer = http.execute(request).await.map_err(broken)?;
            let mut response = http::Response::new(());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            let body = answer.bytes().await.map_err(broken)?;
            HttpResponse::try_from(response.map(|()| SdkBody::from(body))).map_err(user)
        })
    }
}

/// A request that could not be sent, or an answer that is none.
fn user(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::user(error.into())
}

/// What the SDK may try again.
fn broken(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
