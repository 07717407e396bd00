//! The line of a request over HTTP.

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};

use super::{Line, Origin, invocation, tell};
use crate::api::ApiError;

/// Answers a request by this work, and writes its line.
pub async fn answered(
    function: &'static str,
    request: &Request,
    answer: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    let finish = |response: &Response<Body>, line: &mut Line| {
        line.set("method", request.method().as_str());
        if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
            // As the template has it: a path may be anything, and a callback's is a secret.
            line.set("route", context.route_key.as_deref());
            // A client finds it in the header `apigw-requestid`.
            line.set("api_request_id", context.request_id.as_deref());
        }
        line.set("status", response.status().as_u16());
    };
    invocation(origin(function, request), "request", answer, finish).await
}

/// Tells with which error a request is answered.
pub(crate) fn told(error: &ApiError) {
    tell(|line| {
        line.set("code", error.body.code.as_str());
        line.set("param", error.body.param.as_deref());
    });
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
