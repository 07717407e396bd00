//! Answers that are told to whoever gives them: of simulated vendors that misbehave or follow a
//! script, and of receivers of webhooks and callbacks.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http_body_util::{Full, Limited};
use serde_json::Value;
use tokio::time::sleep;

/// Longer than anybody waits for an answer.
const SILENCE: Duration = Duration::from_secs(120);

const PAGE: &str = "<html><head><title>Bad Gateway</title></head>\
                    <body><center><h1>Bad Gateway</h1></center><hr>nginx</body></html>";

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Status(u16),
    /// With a header.
    Header(u16, &'static str, String),
    Json(u16, Value),
    /// The web page of some proxy.
    Page(u16),
    /// The end of the connection, once the request is read.
    HangUp,
    /// Nothing, as long as the other side waits for it.
    Silence,
}

impl Reply {
    pub(crate) async fn response(self) -> Response {
        match self {
            Self::Status(code) => status(code).into_response(),
            Self::Header(code, name, value) => (status(code), [(name, value)]).into_response(),
            Self::Json(code, body) => (status(code), Json(body)).into_response(),
            Self::Page(code) => (status(code), Html(PAGE)).into_response(),
            Self::HangUp => hang_up(),
            Self::Silence => {
                sleep(SILENCE).await;
                hang_up()
            }
        }
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("whoever writes a reply writes a status")
}

/// A body that breaks before its first byte: hyper then closes the connection, and not even the
/// status line was sent.
fn hang_up() -> Response {
    Response::new(Body::new(Limited::new(Full::from("more than one byte"), 1)))
}
