//! The engine that keeps the history in a SQLite file: the one a server has without a flag.
//!
//! Three threads: one writes (`writer`), one reads pages (`reader`), one puts the log into the file (`checkpoint`); no query ever
//! runs where lines are served. What waits for the writer at one moment, of all rooms, shares a transaction, and nothing is answered
//! before its commit. A page sees all that was committed when it was asked for, and therefore all that was followed; it may be ahead
//! of what is followed, never behind.
//!
//! Messages are found by their place and by their author's number, each over an index: what one costs does not grow with the history.

pub mod care;
mod checkpoint;
mod file;
mod mark;
mod reader;
mod rooms;
mod schema;
mod thread;
mod trim;
mod trouble;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use clap::ValueEnum;
use heartline_core::room::engine::Request;
use heartline_core::wire::Limits;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::checkpoint::Checkpointer;
use self::file::Opened;
use self::trim::Trimmer;
use self::trouble::Trouble;
use self::writer::Writer;
use super::{Counter, HistoryError};

/// Where a history lies in a file, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The file. Two more lie beside it while it is open (`-wal`, `-shm`), and one always (`.lock`).
    pub path: PathBuf,
    /// What an accepted message survives.
    pub durability: Durability,
    /// How much is kept.
    pub keep: Keep,
}

/// What an accepted message survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// A killed server: the system has it, and puts it on the disk within half a minute or so. After a loss of power the last
    /// ones may be missing; rooms begin a new epoch then, so that nobody takes one message for another.
    #[default]
    Process,
    /// A loss of power too: each commit waits for the disk (fsync).
    Disk,
}

/// How much is kept. What is beyond it is let go of in the background, the oldest first, and readers are told of the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How old a message gets. Default 30 days.
    pub age: Duration,
    /// How many messages of a room. Default 1,000,000.
    pub messages: u64,
    /// How many bytes of a room, see `rooms.bytes` in the schema. Default 1 GiB.
    pub room_bytes: u64,
    /// How many bytes of all rooms together; beyond it the largest room is trimmed. Default 8 GiB.
    pub bytes: u64,
    /// How long the highest number of an author is kept, in seconds: as long as `limits.outbox_age_s`, for no outbox sends
    /// anything older.
    pub author_age_s: u32,
}

impl Durability {
    const fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Disk => "disk",
        }
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(30 * 24 * 3600),
            messages: 1_000_000,
            room_bytes: 1 << 30,
            bytes: 8 << 30,
            author_age_s: Limits::default().outbox_age_s,
        }
    }
}

/// Opens the file and sets the threads to work.
///
/// # Errors
/// There is no history to be had, and what to do about it; the file is not touched then.
pub(super) async fn open(config: SqliteConfig, counter: Counter) -> Result<JoinHandle<()>, HistoryError> {
    let keep = config.keep;
    let opened = tokio::task::spawn_blocking(move || file::open(&config)).await;
    let Opened { writer, checkpointer, mut reader, place, lock, .. } =
        opened.map_err(|_| HistoryError::Ended)??;
    let Counter { requests, replies, health, .. } = counter;

    let (read, asked_to_read) = channel();
    let (write, asked_to_write) = channel();
    let (end_reading, reading) = oneshot::channel();
    let (end_writing, writing) = oneshot::channel();
    let (of_reader, of_reader_health) = (replies.clone(), health.clone());
    let threads = Builder::new().name("history-read".to_owned()).spawn(move || {
        thread::run(&asked_to_read, &of_reader, &of_reader_health, |in_hand| {
            reader::run(&mut reader, &asked_to_read, &of_reader, in_hand);
        });
        drop(reader);
        let _ = end_reading.send(());
    });
    threads.map_err(HistoryError::Thread)?;
    let checkpointer = Checkpointer::start(checkpointer).map_err(HistoryError::Thread)?;
    let trouble = Trouble::none(health.clone());
    let writer = Writer::new(writer, checkpointer, place, Trimmer::new(keep), trouble, replies.clone());
    let threads = Builder::new().name("history".to_owned()).spawn(move || {
        thread::run(&asked_to_write, &replies, &health, |batch| writer.run(&asked_to_write, batch));
        drop(lock);
        let _ = end_writing.send(());
    });
    threads.map_err(HistoryError::Thread)?;
    Ok(tokio::spawn(async move {
        distribute(requests, &read, &write).await;
        // The last connection puts the log into the file; that must be the one that may write.
        drop(read);
        let _ = reading.await;
        drop(write);
        let _ = writing.await;
    }))
}

/// Reading does not wait for commits. Neither queue has a bound of its own: see [`super::Desk`].
async fn distribute(
    mut requests: mpsc::UnboundedReceiver<Request>,
    read: &Sender<Request>,
    write: &Sender<Request>,
) {
    while let Some(request) = requests.recv().await {
        let queue = match request {
            Request::ReadAfter { .. } | Request::ReadBefore { .. } => read,
            Request::Open { .. } | Request::Close { .. } | Request::Append { .. } => write,
            // Nobody shares this history.
            Request::Here { .. } => continue,
        };
        // The threads hear until their queues are closed, also after a panic.
        let _ = queue.send(request);
    }
}
