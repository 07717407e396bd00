//! The answers of a vendor that misbehaves.

use axum::response::Response;

use crate::reply::Reply;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum BadAnswer {
    /// A refusal in the vendor's own words.
    Busy,
    Reply(Reply),
}

impl BadAnswer {
    /// The answer; none where the vendor has words of its own.
    pub(super) async fn response(self) -> Option<Response> {
        match self {
            Self::Busy => None,
            Self::Reply(reply) => Some(reply.response().await),
        }
    }
}
