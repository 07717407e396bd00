//! Serving on this machine: bind first, serve later, stop when dropped.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A bound address that is not served yet: who serves may need to know its own address.
pub(crate) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn serve(self, router: Router) -> Server {
        self.serve_by(|listener, stopped| async {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).with_graceful_shutdown(stopped).await
        })
    }

    /// Serves by somebody else's server, which is told when to stop.
    pub(crate) fn serve_by<F, E>(self, serve: impl FnOnce(TcpListener, Stopped) -> F) -> Server
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let base_url = self.base_url();
        let (stop, stopped) = oneshot::channel::<()>();
        // Said by dropping the sender. Each connection is a task of its own and
        // would outlive a server that was merely aborted.
        let serve = serve(self.listener, Box::pin(async { drop(stopped.await) }));
        let mut tasks = JoinSet::new();
        tasks.spawn(async {
            if let Err(error) = serve.await {
                tracing::warn!(%error, "a server stopped serving");
            }
        });
        Server { base_url, tasks, _stop: stop }
    }
}

/// A server at work; dropping it stops it, its connections and its background tasks.
pub(crate) struct Server {
    base_url: String,
    tasks: JoinSet<()>,
    _stop: oneshot::Sender<()>,
}

impl Server {
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Runs a background task for as long as the server lives.
    pub(crate) fn keep(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}
