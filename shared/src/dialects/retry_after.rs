//! How long a vendor asks us to wait.

use bytes::Bytes;
use http::{Response, header};

/// The seconds that an answer asks us to wait.
pub(super) fn retry_after(answer: &Response<Bytes>) -> Option<u32> {
    answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
