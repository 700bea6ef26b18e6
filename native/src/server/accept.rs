//! The listener's loop: takes connections, counts them, and ends when it is told to.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};
use tracing::Instrument;

use super::shutdown::{Drain, ShutdownTrigger};
use super::{Server, connection};

/// How many are told "full" at the same time. Beyond that a connection is closed without a word: saying no costs memory too.
const TOLD_FULL: usize = 256;

/// How long accepting rests when the system has no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// Accepts until `stop` is ready, then until the last line is gone or the time to drain is over.
pub(super) async fn run(
    listener: TcpListener,
    server: Arc<Server>,
    trigger: ShutdownTrigger,
    stop: impl Future<Output = ()>,
) {
    let mut crowd = Crowd { server, tasks: JoinSet::new(), connections: 0 };
    tokio::select! {
        never = crowd.accept_forever(&listener) => match never {},
        () = stop => {}
    }
    let drain = trigger.drain(crowd.server.config.drain);
    tracing::info!(lines = crowd.server.lines(), within = ?drain.within, "leaving: waiting for the lines to end");
    crowd.drain(&listener, drain).await;
    // What is left in `crowd` ends here, in the middle of whatever it does.
}

struct Crowd {
    server: Arc<Server>,
    tasks: JoinSet<()>,
    /// How many came so far; the last one's number.
    connections: u64,
}

impl Crowd {
    async fn accept_forever(&mut self, listener: &TcpListener) -> std::convert::Infallible {
        loop {
            tokio::select! {
                accepted = listener.accept() => self.admit(accepted).await,
                Some(ended) = self.tasks.join_next() => {
                    if let Err(why) = ended {
                        tracing::error!(%why, "a connection's task ended badly; this is a bug");
                    }
                }
            }
        }
    }

    /// Goes on accepting, so that whoever comes hears "leaving" and not silence, until nobody is left to wait for.
    async fn drain(&mut self, listener: &TcpListener, drain: Drain) {
        let server = Arc::clone(&self.server);
        let empty = async {
            tokio::select! {
                never = self.accept_forever(listener) => match never {},
                () = server.present.no_lines() => {}
            }
        };
        if timeout_at(drain.deadline, empty).await.is_err() {
            tracing::warn!(lines = self.server.lines(), "the time to leave is over; cutting what is left");
        }
    }

    async fn admit(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(why) => {
                tracing::warn!(%why, "cannot accept a connection");
                self.server.metrics.refused("accept");
                if is_shortage(&why) {
                    sleep(OUT_OF_SOCKETS).await;
                }
                return;
            }
        };
        let present = self.tasks.len();
        let max = self.server.config.max_connections;
        self.server.metrics.accepted.increment(1);
        if present >= max + TOLD_FULL {
            self.server.metrics.refused("full");
            return;
        }
        if let Err(why) = self.server.config.tcp.apply(&stream) {
            tracing::debug!(%peer, %why, "cannot set the socket's options; the peer may be gone");
        }
        let server = Arc::clone(&self.server);
        self.connections += 1;
        let id = self.connections;
        // Whatever is logged about a connection says which one, and where it came from.
        let span = tracing::info_span!("connection", id, %peer);
        self.tasks.spawn(connection::serve(id, stream, peer, server, present >= max).instrument(span));
    }
}

/// Out of descriptors or memory, not an error of one connection.
fn is_shortage(why: &io::Error) -> bool {
    !matches!(
        why.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// How many lines there are, and a way to wait until there is none.
#[derive(Debug, Default)]
pub(super) struct Present {
    lines: AtomicUsize,
    left: tokio::sync::Notify,
}

impl Present {
    pub(super) fn lines(&self) -> usize {
        self.lines.load(Ordering::Acquire)
    }

    pub(super) fn enter(self: &Arc<Self>) -> Presence {
        self.lines.fetch_add(1, Ordering::AcqRel);
        Presence(Arc::clone(self))
    }

    async fn no_lines(&self) {
        loop {
            let left = self.left.notified();
            if self.lines() == 0 {
                return;
            }
            left.await;
        }
    }
}

/// Held by a line as long as it is there.
#[derive(Debug)]
pub(super) struct Presence(Arc<Present>);

impl Drop for Presence {
    fn drop(&mut self) {
        if self.0.lines.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.left.notify_waiters();
        }
    }
}
