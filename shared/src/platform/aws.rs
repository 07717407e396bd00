//! How AWS is called: by the same HTTP and TLS as everybody else, instead of the
//! SDK's own, which would be a second one in every function.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::http_client::{Roots, http_client};

/// For the clients of all services: they share its connections.
pub fn sdk_http_client(roots: Roots) -> SharedHttpClient {
    SharedHttpClient::new(Sdk(http_client(roots, |client| client)))
}

#[derive(Clone, Debug)]
struct Sdk(reqwest::Client);

impl HttpClient for Sdk {
    // Each attempt is timed by the SDK itself, and connecting by our client.
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
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(user)?;
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
