//! What lies between one client and the servers: it forwards bytes, and can cut, or stick in either direction.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How much is under way in one direction. Small, so that what sticks is soon felt.
const PIECE: usize = 4096;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Where servers can be reached at this moment. Behind a closed door nobody answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors(Arc<Mutex<Vec<Option<SocketAddr>>>>);

/// The way of one client.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    up: watch::Sender<bool>,
    down: watch::Sender<bool>,
    cuts: watch::Sender<u64>,
    task: JoinHandle<()>,
}

/// What one connection has to obey.
#[derive(Clone)]
struct Rules {
    up: watch::Receiver<bool>,
    down: watch::Receiver<bool>,
    cuts: watch::Receiver<u64>,
}

impl Proxy {
    /// A way to whatever door is open; the seed says to which.
    pub(crate) async fn open(doors: Doors, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a proxy")?;
        let address = listener.local_addr().context("a proxy without an address")?;
        let (up, down, cuts) = (watch::Sender::new(true), watch::Sender::new(true), watch::Sender::new(0));
        let rules = Rules { up: up.subscribe(), down: down.subscribe(), cuts: cuts.subscribe() };
        let mut random = fastrand::Rng::with_seed(seed);
        let task = tokio::spawn(async move {
            // Connections end with the proxy.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                while connections.try_join_next().is_some() {}
                if let Some(server) = doors.any(&mut random) {
                    let mut rules = rules.clone();
                    rules.cuts.mark_unchanged();
                    connections.spawn(forward(client, server, rules));
                }
            }
        });
        Ok(Self { address, up, down, cuts, task })
    }

    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn stick(&self, way: Way) {
        match way {
            Way::Up => self.up.send_replace(false),
            Way::Down => self.down.send_replace(false),
        };
    }

    pub(crate) fn free(&self) {
        self.up.send_replace(true);
        self.down.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Doors {
    /// So many doors, all closed.
    pub(crate) fn closed(count: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![None; count])))
    }

    pub(crate) fn set(&self, door: usize, address: Option<SocketAddr>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[door] = address;
    }

    fn any(&self, random: &mut fastrand::Rng) -> Option<SocketAddr> {
        let doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<SocketAddr> = doors.iter().flatten().copied().collect();
        random.choice(open)
    }
}

/// Carries bytes until one side hangs up or the connection is cut.
async fn forward(client: TcpStream, server: SocketAddr, mut rules: Rules) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    for socket in [&client, &server] {
        // What does not go on at once is our own sticking.
        let _ = socket.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = async {
        tokio::join!(carry(from_client, to_server, rules.up), carry(from_server, to_client, rules.down))
    };
    tokio::select! {
        _ = both => {}
        _ = rules.cuts.changed() => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut moves: watch::Receiver<bool>) {
    let mut piece = vec![0; PIECE];
    while let Ok(read) = from.read(&mut piece).await {
        // Whoever hangs up while it sticks is not heard either.
        if moves.wait_for(|moves| *moves).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&piece[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
