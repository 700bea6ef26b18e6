//! Puts the log into the file beside the writer: commits would wait for that, a tenth of a second at a time.
//!
//! SQLite lets the log begin anew when all of it is in the file and nobody reads in it. While the writer goes on that never holds
//! when a checkpoint of ours ends; so the writer makes its own ones, too (`LOG_PAGES` in [`super::file`]), and finds little left.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

/// How many pages go into the log between two checkpoints, about: each costs two waits for the disk.
const EVERY: usize = 4096;

/// How many pages a commit writes at least. Where many messages share one, there is half a page more for each.
const COMMIT: usize = 4;

/// A thread with a connection of its own.
#[derive(Debug)]
pub(super) struct Checkpointer {
    ask: SyncSender<()>,
    thread: JoinHandle<()>,
    since: usize,
}

impl Checkpointer {
    /// Waits for commits.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        // One that is asked for while another runs is made after it; more are not needed.
        let (ask, asked) = sync_channel(1);
        let thread = thread::Builder::new().name("history-log".to_owned()).spawn(move || {
            for () in asked {
                // What is wrong with the disk the writer finds out by itself.
                let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            }
        })?;
        Ok(Self { ask, thread, since: 0 })
    }

    /// So many messages were committed together.
    pub(super) fn note(&mut self, messages: usize) {
        self.since += COMMIT + messages / 2;
        if self.since >= EVERY {
            self.since = 0;
            let _ = self.ask.try_send(());
        }
    }

    /// Ends it, and closes its connection.
    pub(super) fn end(self) {
        drop(self.ask);
        let _ = self.thread.join();
    }
}
