//! The life of one connection: TLS, then HTTP, then perhaps a line.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::accept::Presence;
use super::http::Opened;
use super::line::Line;
use super::routes::Plan;
use super::transport::Transport;
use super::{Server, chat, echo, goodbye, http};

/// Serves one connection until it ends. `id` is a number no other connection of this server has; `full`: there is no room for
/// another line; say so.
// Not an `async fn`, which would keep its arguments beside what they became for as long as the line lives.
pub(super) fn serve(
    id: u64,
    stream: TcpStream,
    peer: SocketAddr,
    server: Arc<Server>,
    full: bool,
) -> impl Future<Output = ()> {
    let counted = Counted::new(&server);
    // Boxed, and gone once the line begins: a parser, its buffers and a TLS handshake are many times what an idle line needs.
    let beginning = Box::pin(begin(id, stream, peer, server, full));
    async move {
        let _counted = counted;
        let Some(Begun { line, plan, presence: _present }) = beginning.await else { return };
        match plan {
            // Neither boxed: they are of about one size, and share one place.
            Plan::Echo => echo::serve(line).await,
            Plan::Chat { bearer } => chat::serve(line, bearer).await,
            Plan::Reject { code, reason } => {
                line.server.metrics.line_ended("chat", "rejected");
                Box::pin(goodbye::reject(line.frames, code, reason)).await;
            }
        }
    }
}

/// A line, what it is for, and that it is there. Boxed, for what it moves into would keep its place free.
struct Begun {
    line: Box<Line>,
    plan: Plan,
    presence: Presence,
}

async fn begin(
    id: u64,
    stream: TcpStream,
    peer: SocketAddr,
    server: Arc<Server>,
    full: bool,
) -> Option<Begun> {
    let Opened { transport, read_ahead, plan, presence } =
        open(stream, peer, Arc::clone(&server), full).await?;
    let measures = plan.measures(&server.config.line);
    let line = Line::new(id, transport, read_ahead, measures, peer, server).await;
    match &plan {
        Plan::Echo | Plan::Chat { .. } => tracing::info!(route = plan.route(), "a line has opened"),
        Plan::Reject { code, .. } => tracing::info!(code, "a line has opened only to be told why it may not"),
    }
    Some(Begun { line: Box::new(line), plan, presence })
}

async fn open(stream: TcpStream, peer: SocketAddr, server: Arc<Server>, full: bool) -> Option<Opened> {
    let accepted = Instant::now();
    let transport = match &server.config.tls {
        None => Transport::plain(stream),
        Some(tls) => match timeout_at(accepted + server.config.http.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => Transport::tls(stream),
            Ok(Err(why)) => {
                tracing::debug!(%why, "no TLS");
                server.metrics.refused("tls");
                return None;
            }
            Err(_) => {
                server.metrics.refused("slow");
                return None;
            }
        },
    };
    http::serve(transport, accepted, peer, server, full).await
}

/// A connection in the gauge, whichever way it ends.
struct Counted(Arc<Server>);

impl Counted {
    fn new(server: &Arc<Server>) -> Self {
        server.metrics.connections.increment(1.0);
        Self(Arc::clone(server))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.connections.decrement(1.0);
    }
}
