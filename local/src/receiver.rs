//! Somebody on this machine who is called: remembers the calls, and is content with all of them.

use std::io;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::mpsc;

use crate::server::{Listener, Server};

/// Dropping it hangs up.
pub struct Receiver {
    server: Server,
    calls: mpsc::UnboundedReceiver<http::Request<Bytes>>,
}

impl Receiver {
    pub async fn start() -> io::Result<Self> {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let (sender, calls) = mpsc::unbounded_channel();
        Ok(Self { server: listener.serve(Router::new().fallback(take).with_state(sender)), calls })
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> &str {
        self.server.base_url()
    }

    /// The next call.
    pub async fn called(&mut self) -> http::Request<Bytes> {
        self.calls.recv().await.expect("the server has the other end")
    }
}

async fn take(
    State(calls): State<mpsc::UnboundedSender<http::Request<Bytes>>>,
    request: Request,
) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST };
    // Nobody may be there to read it any more.
    drop(calls.send(http::Request::from_parts(parts, body)));
    StatusCode::OK
}
