//! One exchange with a vendor over HTTP.
//!
//! Not here: what is said (the dialects) and when (the lifecycle).
//! Nothing is retried: a submission that might have been heard is never
//! repeated, and a poll that failed is somebody else's next poll.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use serde::Deserialize;

use crate::platform::telemetry::WaitsForVendor;
use crate::task::{Fault, FaultKind};

/// Answers may echo the request, images and all, and those fit into a Lambda event.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

const LONGEST_REQUEST_ID: usize = 100;

/// The vendor's name for an exchange, where its answer begins with one.
pub(super) fn read_request_id(answer: &Response<Bytes>) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        request_id: String,
    }
    let Named { request_id } = serde_json::from_slice(answer.body()).ok()?;
    Some(request_id.chars().take(LONGEST_REQUEST_ID).collect())
}

/// Sends a request, and waits so long for the whole of its answer.
pub(super) async fn exchange(
    http: &reqwest::Client,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, Unanswered> {
    let _waits = WaitsForVendor::begin();
    let read = async {
        let request = reqwest::Request::try_from(request)?;
        let mut answer = http.execute(request).await?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    };
    match tokio::time::timeout(timeout, read).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(Unanswered::of(&error)),
        Err(_) => Err(Unanswered {
            heard: true,
            fault: Fault::with_message(FaultKind::Unreadable, "no answer in time"),
        }),
    }
}

/// Why an exchange has no answer.
pub(super) struct Unanswered {
    /// Whether the vendor may have heard the request.
    pub(super) heard: bool,
    pub(super) fault: Fault,
}

impl Unanswered {
    fn of(error: &reqwest::Error) -> Self {
        // Without a connection nothing was said; a request that could not even
        // be built was never sent.
        let heard = !(error.is_connect() || error.is_builder());
        let (kind, message) = if heard {
            (FaultKind::Unreadable, "the connection broke before an answer")
        } else {
            (FaultKind::Unavailable, "no connection")
        };
        Self { heard, fault: Fault::with_message(kind, message) }
    }
}
