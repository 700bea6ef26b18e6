//! Where the history lies, and the way to it.
//!
//! The hub never calls an engine (see [`heartline_core::room::engine`]): it hands requests over a [`Desk`] and hears replies from
//! it. Behind the desk, at its counter, works one engine: a map in memory, the thread of a database, a broker far away.

mod args;
mod memory;
mod nats;
mod sqlite;

use std::io;
use std::path::PathBuf;

use heartline_core::room::engine::{MemoryConfig, Reply, Request};
pub use nats::{NatsConfig, NatsError, NatsKeep, Servers};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use args::{HistoryArgs, NoHome, Where, default_file};
pub use sqlite::care;
pub use sqlite::{Durability, Keep, SqliteConfig};

/// How many replies may wait for the hub. An engine that is faster waits: the hub always hears them.
const WAITING_REPLIES: usize = 1024;

/// Which engine keeps the history, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryConfig {
    /// It ends with the server.
    Memory(MemoryConfig),
    /// It lies in a file.
    Sqlite(SqliteConfig),
    /// Several servers share it.
    Nats(NatsConfig),
}

impl HistoryConfig {
    /// The word its figures are counted under; never a path or an address.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Sqlite(_) => "sqlite",
            Self::Nats(_) => "nats",
        }
    }

    /// Where it lies and what that means, for whoever starts the server.
    pub fn words(&self) -> String {
        match self {
            Self::Memory(_) => "in memory: it ends with the server".to_owned(),
            Self::Sqlite(SqliteConfig { path, durability, .. }) => {
                let survives = match durability {
                    Durability::Process => "a killed server",
                    Durability::Disk => "a killed server and a lost machine",
                };
                format!("in {}: what was accepted survives {survives}", path.display())
            }
            Self::Nats(_) => "on a broker, which other servers may share".to_owned(),
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
    /// On a broker.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// Two servers would give out the same places.
    #[error(
        "another server keeps its history in {0}; stop that one, or give this one a place of its own with --history"
    )]
    Held(String),
    /// The disk does not let us.
    #[error("the history in {}: {error}; mend that, or name another place with --history", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// The system's.
        error: io::Error,
    },
    /// The database does not let us.
    #[error("the history in {}: {error}; mend that, or name another place with --history", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// SQLite's.
        error: rusqlite::Error,
    },
    /// It may only be read.
    #[error("the history in {} may only be read; let this user write it, or name another place with --history", .0.display())]
    ReadOnly(PathBuf),
    /// It is not whole. It was not touched.
    #[error(
        "the history in {} is damaged ({what}) and was not touched; put a copy back, or move it away to begin anew",
        path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It is a database of another program.
    #[error("{} is no history of heartline and was not touched; name another place with --history", .0.display())]
    Foreign(PathBuf),
    /// Another version wrote it.
    #[error(
        "the history in {} was written by a newer heartline (version {version}, this one knows {known}) and was not touched; update this one",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The file's.
        version: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The system gives us no thread.
    #[error("the history needs a thread, and the system does not let us have one: {0}")]
    Thread(io::Error),
    /// A bug of ours.
    #[error("the opening of the history ended by itself; this is a bug")]
    Ended,
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
    checks: watch::Receiver<u64>,
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
    /// What `/metrics` says of how often the history was seen to have what it should. Only what could lose it unnoticed is checked.
    pub(super) checks: watch::Sender<u64>,
}

impl History {
    /// Opens the history and sets its engine to work.
    ///
    /// # Errors
    /// There is none to be had, and what to do about it.
    pub async fn open(config: &HistoryConfig) -> Result<Self, HistoryError> {
        let (desk, counter) = desk();
        let worker = match config {
            HistoryConfig::Memory(config) => tokio::spawn(memory::run(*config, counter)),
            HistoryConfig::Sqlite(config) => sqlite::open(config.clone(), counter).await?,
            HistoryConfig::Nats(config) => tokio::spawn(nats::run(nats::open(config).await?, counter)),
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

    /// How often the history was seen to have all that servers noted, so far.
    pub fn checks(&self) -> watch::Receiver<u64> {
        self.checks.clone()
    }
}

/// Whether messages can be made durable now. An engine that is gone, whatever it said last, can do nothing.
pub fn is_ready(health: &watch::Receiver<Health>) -> bool {
    health.has_changed().is_ok() && *health.borrow() == Health::Ready
}

/// Both sides of one.
fn desk() -> (Desk, Counter) {
    let (ask, requests) = mpsc::unbounded_channel();
    let (replies, hear) = mpsc::channel(WAITING_REPLIES);
    let (health, well) = watch::channel(Health::Unavailable("it is being opened".to_owned()));
    let (checks, checked) = watch::channel(0);
    let desk = Desk { requests: ask, replies: hear, health: well, checks: checked };
    (desk, Counter { requests, replies, health, checks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_gone_is_not_ready_whatever_it_said_last() {
        let (desk, counter) = desk();
        let health = desk.health();
        assert!(!is_ready(&health), "it is being opened");
        counter.health.send_replace(Health::Ready);
        assert!(is_ready(&health));
        drop(counter);
        assert!(!is_ready(&health));
    }
}
