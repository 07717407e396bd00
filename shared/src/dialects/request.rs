//! Requests to vendors that speak plain JSON. Whoever signs its requests makes its own.

use bytes::Bytes;
use http::{Method, Request, header};

/// A request to a vendor that speaks JSON and knows accounts by a header: POST with a body, GET
/// without one.
pub(super) fn json_request(
    url: String,
    authorization: String,
    body: Option<Bytes>,
) -> Request<Bytes> {
    let request = Request::builder()
        .method(if body.is_some() { Method::POST } else { Method::GET })
        .uri(url)
        .header(header::AUTHORIZATION, authorization)
        .header(header::ACCEPT, "application/json");
    let request = match body {
        Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body),
        None => request.body(Bytes::new()),
    };
    request.expect("keys were checked to fit a header, and what is put into a path is encoded")
}
