//! A receiver of webhooks and callbacks on this machine: remembers each call, and answers 200 or
//! what it was told to.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::mpsc;

use crate::reply::Reply;
use crate::server::{Listener, Server};

/// A running receiver; dropping it hangs up.
pub struct Receiver {
    server: Server,
    calls: mpsc::UnboundedReceiver<http::Request<Bytes>>,
    service: Arc<Service>,
}

struct Service {
    replies: Mutex<VecDeque<Reply>>,
    /// What is answered after those.
    usual: Reply,
    calls: mpsc::UnboundedSender<http::Request<Bytes>>,
}

impl Receiver {
    pub async fn start() -> io::Result<Self> {
        Self::replying([]).await
    }

    /// Answers the first calls like this, and those after them with a 200.
    pub async fn replying(replies: impl IntoIterator<Item = Reply>) -> io::Result<Self> {
        Self::serve(replies.into_iter().collect(), Reply::Status(200)).await
    }

    /// Answers every call like this.
    pub async fn always_replying(reply: Reply) -> io::Result<Self> {
        Self::serve(VecDeque::new(), reply).await
    }

    async fn serve(replies: VecDeque<Reply>, usual: Reply) -> io::Result<Self> {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let (sender, calls) = mpsc::unbounded_channel();
        let service = Arc::new(Service { replies: Mutex::new(replies), usual, calls: sender });
        let router = Router::new().fallback(answer).with_state(service.clone());
        Ok(Self { server: listener.serve(router), calls, service })
    }

    /// Answers the next call like this, after those that are to come before.
    pub fn reply_next(&self, reply: Reply) {
        self.service.replies.lock().expect("nothing panics holding it").push_back(reply);
    }

    /// The address of this receiver, without a slash at its end.
    pub fn url(&self) -> &str {
        self.server.base_url()
    }

    /// The next call.
    pub async fn called(&mut self) -> http::Request<Bytes> {
        self.calls.recv().await.expect("the server has the other end")
    }

    /// Whether no call came that was not asked for yet.
    pub fn is_left_alone(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let reply = service.replies.lock().expect("nothing panics holding it").pop_front();
    // Nobody may be there to read it any more.
    drop(service.calls.send(http::Request::from_parts(parts, body)));
    reply.unwrap_or_else(|| service.usual.clone()).response().await
}
