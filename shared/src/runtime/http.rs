//! The line of a request over HTTP.

use ::http::{HeaderValue, Method};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};

use crate::api::{ApiError, http};
use crate::platform::telemetry::{Line, Origin, invocation, tell};

/// Answers a request by this work, errors in the documented shape, and writes its line.
pub async fn answered(
    function: &'static str,
    request: &Request,
    work: impl Future<Output = Result<Response<Body>, ApiError>>,
) -> Response<Body> {
    // Boxed, because the work is large, and handed on by all that is around it.
    let work = Box::pin(work);
    let id = request_id(request);
    let answer = async {
        let mut response = work.await.unwrap_or_else(|error| {
            tell(|line| {
                line.set("code", error.code().as_str());
                line.set("param", error.body.param.as_deref());
            });
            http::error(&error, id.as_deref())
        });
        if let Some(Ok(id)) = id.as_deref().map(HeaderValue::from_str) {
            response.headers_mut().insert("x-request-id", id);
        }
        if request.method() == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        response
    };
    let finish = |response: &Response<Body>, line: &mut Line| {
        line.set("method", request.method().as_str());
        if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
            // As the template has it: a path may be anything, and a callback's is a secret.
            line.set("route", context.route_key.as_deref());
            // A client finds it in the header `x-request-id`.
            line.set("api_request_id", context.request_id.as_deref());
        }
        line.set("status", response.status().as_u16());
    };
    invocation(origin(function, request), "request", answer, finish).await
}

/// The name of the request, by which its client, its line and API Gateway's own log call it.
pub(crate) fn request_id(request: &Request) -> Option<String> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => request.lambda_context_ref().map(|context| context.request_id.clone()),
    }
}

/// The request as Lambda describes it.
pub(crate) fn origin(function: &'static str, request: &Request) -> Origin {
    let context = request.lambda_context_ref();
    let header = request.headers().get("x-amzn-trace-id").and_then(|trace| trace.to_str().ok());
    let trace = context.and_then(|context| context.xray_trace_id.as_deref()).or(header);
    Origin {
        function,
        request_id: context.map(|context| context.request_id.clone()).unwrap_or_default(),
        trace: trace.map(str::to_owned),
    }
}
