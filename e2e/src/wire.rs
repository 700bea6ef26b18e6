//! A wire that can fall silent.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes between a port of its own and a server. Frozen, it keeps what it has accepted open and passes nothing, as a
/// NAT that forgot a connection does; what is dialled from then on passes as before.
#[derive(Debug)]
pub struct Wire {
    host: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// Connections with a smaller number pass nothing.
    frozen_below: watch::Sender<u64>,
    /// How many connections came so far.
    accepted: watch::Sender<u64>,
}

impl Wire {
    /// A wire to `server` (`HOST:PORT`).
    ///
    /// # Panics
    /// The system has no port left.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("a bound listener has an address").to_string();
        let shared =
            Arc::new(Shared { frozen_below: watch::Sender::new(0), accepted: watch::Sender::new(0) });
        let accepting = tokio::spawn(accept(listener, server.to_owned(), shared.clone()));
        Self { host, shared, accepting }
    }

    /// Where it begins: `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// From now on nothing passes on the connections of now. They stay open.
    pub fn freeze(&self) {
        let so_far = *self.shared.accepted.borrow();
        self.shared.frozen_below.send_replace(so_far);
    }

    /// What was frozen passes again, and nothing of it was lost.
    pub fn thaw(&self) {
        self.shared.frozen_below.send_replace(0);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: String, shared: Arc<Shared>) {
    while let Ok((near, _)) = listener.accept().await {
        let number = *shared.accepted.borrow();
        shared.accepted.send_replace(number + 1);
        // A server that is away: whoever dialled sees the connection end.
        let Ok(far) = TcpStream::connect(&server).await else { continue };
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        tokio::spawn(pass(near_in, far_out, number, shared.frozen_below.subscribe()));
        tokio::spawn(pass(far_in, near_out, number, shared.frozen_below.subscribe()));
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: u64,
    mut frozen_below: watch::Receiver<u64>,
) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        // An error means that the wire is gone.
        if frozen_below.wait_for(|&below| number >= below).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
    // A connection that ends while frozen ends in silence too.
    let _ = frozen_below.wait_for(|&below| number >= below).await;
}
