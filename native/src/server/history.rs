//! Where the history lies, and the way to it.
//!
//! The hub never calls an engine (see [`heartline_core::room::engine`]): it hands requests over a [`Desk`] and hears replies from
//! it. Behind the desk, at its counter, works one engine: a map in memory, the thread of a database, a broker far away.

mod memory;

use heartline_core::room::engine::{MemoryConfig, Reply, Request};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How many replies may wait for the hub. An engine that is faster waits: the hub always hears them.
const WAITING_REPLIES: usize = 1024;

/// Which engine keeps the history, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryConfig {
    /// It ends with the server.
    Memory(MemoryConfig),
}

impl HistoryConfig {
    /// The word its figures are counted under; never a path or an address.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
        }
    }
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self::Memory(MemoryConfig::default())
    }
}

/// Why there is no history to begin with.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Two servers would give out the same places.
    #[error(
        "another server keeps its history in {0}; stop that one, or give this one a place of its own with --history"
    )]
    Held(String),
}

/// Whether messages can be made durable at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// They can.
    Ready,
    /// They cannot, and why; clients hold theirs.
    Unavailable(String),
}

/// An engine at work.
#[derive(Debug)]
pub struct History {
    /// The way to it.
    pub desk: Desk,
    /// Ready when all that was asked is done and the engine has put everything away. It ends when the desk is dropped.
    pub worker: JoinHandle<()>,
}

/// The hub's side.
#[derive(Debug)]
pub struct Desk {
    /// Unbounded, and yet bounded by the hub: each line has one `say` per room, one read and one `history` underway.
    requests: mpsc::UnboundedSender<Request>,
    replies: mpsc::Receiver<Reply>,
    health: watch::Receiver<Health>,
}

/// The engine's side.
#[derive(Debug)]
pub(super) struct Counter {
    /// What the hub wants. Closed when the server ends.
    pub(super) requests: mpsc::UnboundedReceiver<Request>,
    /// What the engine says. In the order that `heartline_core::room::engine` asks for.
    pub(super) replies: mpsc::Sender<Reply>,
    /// What `/readyz` says.
    pub(super) health: watch::Sender<Health>,
}

impl History {
    /// Opens the history and sets its engine to work.
    ///
    /// # Errors
    /// There is none to be had, and what to do about it.
    #[expect(clippy::unused_async, reason = "engines beyond memory open files and connections")]
    pub async fn open(config: &HistoryConfig) -> Result<Self, HistoryError> {
        let (desk, counter) = desk();
        let worker = match config {
            HistoryConfig::Memory(config) => tokio::spawn(memory::run(*config, counter)),
        };
        Ok(Self { desk, worker })
    }
}

impl Desk {
    /// Asks for something; the reply comes later. An engine that is gone replies to nothing.
    pub fn ask(&self, request: Request) {
        let _ = self.requests.send(request);
    }

    /// The next replies, as many as are there, at most `most`. Returns 0 when the engine is gone.
    pub async fn hear(&mut self, replies: &mut Vec<Reply>, most: usize) -> usize {
        self.replies.recv_many(replies, most).await
    }

    /// How the engine is, now and later.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

/// Both sides of one.
fn desk() -> (Desk, Counter) {
    let (ask, requests) = mpsc::unbounded_channel();
    let (replies, hear) = mpsc::channel(WAITING_REPLIES);
    let (health, well) = watch::channel(Health::Unavailable("it is being opened".to_owned()));
    (Desk { requests: ask, replies: hear, health: well }, Counter { requests, replies, health })
}
