//! What comes instead of a vendor's answer when it misbehaves.

use std::time::Duration;

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http_body_util::{Full, Limited};
use tokio::time::sleep;

/// Longer than anybody waits for an answer.
const SILENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Instead {
    /// A refusal in the vendor's own words.
    Busy,
    /// Nothing, as long as the other side waits for it.
    Silence,
    /// The end of the connection.
    Drop,
    /// The web page of some proxy.
    Page(StatusCode),
}

impl Instead {
    /// The answer; none where the vendor has words of its own.
    pub(super) async fn answer(self) -> Option<Response> {
        match self {
            Self::Busy => None,
            Self::Silence => {
                sleep(SILENCE).await;
                Some(hang_up())
            }
            Self::Drop => Some(hang_up()),
            Self::Page(status) => Some((status, Html(PAGE)).into_response()),
        }
    }
}

const PAGE: &str = "<html><head><title>Bad Gateway</title></head>\
                    <body><center><h1>Bad Gateway</h1></center><hr>nginx</body></html>";

/// A body that breaks before its first byte: hyper then closes the connection, and not even the
/// status line was sent.
fn hang_up() -> Response {
    Response::new(Body::new(Limited::new(Full::from("more than one byte"), 1)))
}
