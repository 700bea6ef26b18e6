//! The one thread that writes. Whatever waits when it comes back from a commit, of all rooms, is the next transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use heartline_core::room::engine::{Appended, Entry, Most, Refusal, Reply, Request, Unavailable};
use rusqlite::Connection;
use tokio::sync::mpsc;

use super::checkpoint::Checkpointer;
use super::file::Place;
use super::rooms::Rooms;
use super::trim::Trimmer;
use super::trouble::{self, Trouble};
use super::{mark, reader};

/// How many requests share a transaction at most: so many that a commit's cost is gone in them.
const TOGETHER: usize = 1024;

/// What a try writes to find out whether there is room again: more than a message, so that the next one fits too.
const TRY: usize = 256 << 10;

/// How much is read at once to tell what was committed and not told.
const CATCH_UP: Most = Most { messages: 1000, bytes: 1 << 20 };

pub(super) struct Writer {
    connection: Connection,
    checkpointer: Checkpointer,
    place: Place,
    rooms: Rooms,
    /// The rooms somebody is in, and the last message of each that was told.
    followed: BTreeMap<Arc<str>, u64>,
    trimmer: Trimmer,
    trouble: Trouble,
    replies: mpsc::Sender<Reply>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        checkpointer: Checkpointer,
        place: Place,
        trimmer: Trimmer,
        trouble: Trouble,
        replies: mpsc::Sender<Reply>,
    ) -> Self {
        let (rooms, followed) = (Rooms::default(), BTreeMap::new());
        Self { connection, checkpointer, place, rooms, followed, trimmer, trouble, replies }
    }

    /// Works until nobody is left who could ask, then closes the file in good order. What is under way lies in `batch`.
    pub(super) fn run(mut self, asked: &Receiver<Request>, batch: &mut Vec<Request>) {
        loop {
            let until = self.trouble.again().unwrap_or_else(|| self.trimmer.when());
            match asked.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(first) => {
                    batch.push(first);
                    batch.extend(asked.try_iter().take(TOGETHER - 1));
                    self.serve(batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look_after();
        }
        self.close();
    }

    /// What is to be done beside requests.
    fn look_after(&mut self) {
        if let Some(again) = self.trouble.again() {
            if again <= Instant::now() {
                self.try_again();
            }
            return;
        }
        self.trimmer.look(&self.rooms);
        let followed = &self.followed;
        let bite =
            self.trimmer.bite(&mut self.connection, &mut self.rooms, |room| followed.contains_key(room));
        if let Err(error) = bite {
            self.fail(&error);
        }
    }

    fn serve(&mut self, batch: &mut Vec<Request>) {
        if self.trouble.why().is_none() {
            match self.place.check() {
                Ok(()) => match self.commit(batch) {
                    Ok(replies) => {
                        self.checkpointer.note(batch.len());
                        batch.clear();
                        replies.into_iter().for_each(|reply| self.tell(reply));
                        let followed = &self.followed;
                        self.rooms.tidy(|room| followed.contains_key(room));
                        return;
                    }
                    Err(error) => self.fail(&error),
                },
                Err(why) => self.trouble.begin(why),
            }
        }
        let why = self.trouble.why().unwrap_or_default().to_owned();
        for request in &*batch {
            self.refuse(request.clone(), &why);
        }
        batch.clear();
    }

    /// One transaction. What is to be told comes back, and is true only now.
    fn commit(&mut self, batch: &[Request]) -> rusqlite::Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(2 * batch.len());
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for request in batch {
            match request {
                Request::Open { room } => {
                    let head = self.rooms.head(connection, room)?;
                    self.followed.insert(room.clone(), head.last);
                    replies.push(Reply::Opened { room: room.clone(), head: Ok(head) });
                }
                Request::Close { room } => {
                    self.followed.remove(room);
                }
                Request::Here { .. } => {}
                Request::Append { ticket, room, draft } => {
                    let (seq, new) = match self.rooms.append(connection, room, draft.clone())? {
                        Ok(Appended::New(entry)) => (Ok(entry.seq), Some(entry)),
                        Ok(Appended::Repeat(seq)) => (Ok(seq), None),
                        Err(refusal) => (Err(refusal), None),
                    };
                    replies.push(Reply::Appended { ticket: *ticket, seq });
                    if let Some(entry) = new
                        && self.followed.contains_key(room)
                    {
                        replies.push(Reply::Followed { room: room.clone(), entry });
                    }
                }
                Request::ReadAfter { .. } | Request::ReadBefore { .. } => {}
            }
        }
        self.rooms.settle(connection)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(replies)
    }

    /// Nothing of it was told. What may be in the file all the same is found out by [`Self::try_again`].
    fn fail(&mut self, error: &rusqlite::Error) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.rooms.forget();
        self.trouble.begin(trouble::words(error));
    }

    fn refuse(&mut self, request: Request, why: &str) {
        let unavailable = || Unavailable(why.to_owned());
        match request {
            Request::Open { room } => {
                // Who only reads is served as long as there is something to read.
                let head = match Rooms::known(&self.connection, &room) {
                    Ok(Some(head)) => Ok(head),
                    Ok(None) | Err(_) => Err(unavailable()),
                };
                if let Ok(head) = &head {
                    self.followed.insert(room.clone(), head.last);
                }
                self.tell(Reply::Opened { room, head });
            }
            Request::Close { room } => {
                self.followed.remove(&room);
            }
            Request::Here { .. } => {}
            Request::Append { ticket, .. } => {
                let seq = Err(Refusal::Unavailable(unavailable()));
                self.tell(Reply::Appended { ticket, seq });
            }
            Request::ReadAfter { .. } | Request::ReadBefore { .. } => {}
        }
    }

    /// Whether it works again; then members hear what was committed although the commit failed.
    fn try_again(&mut self) {
        if let Err(why) = self.place.check() {
            return self.trouble.begin(why);
        }
        match self.probe().and_then(|()| self.untold()) {
            Ok(untold) => {
                self.trouble.end();
                untold.into_iter().for_each(|(room, entry)| self.tell(Reply::Followed { room, entry }));
            }
            Err(error) => self.fail(&error),
        }
    }

    fn probe(&self) -> rusqlite::Result<()> {
        mark::set(&self.connection, "try", &"x".repeat(TRY))?;
        self.connection.execute("DELETE FROM meta WHERE key = 'try'", [])?;
        Ok(())
    }

    fn untold(&mut self) -> rusqlite::Result<Vec<(Arc<str>, Entry)>> {
        let mut untold = Vec::new();
        for (room, told) in &self.followed {
            let mut after = *told;
            loop {
                let page = reader::read_after(&mut self.connection, room, after, CATCH_UP)?;
                after = page.entries.last().map_or(after, |entry| entry.seq);
                untold.extend(page.entries.into_iter().map(|entry| (room.clone(), entry)));
                if !page.more {
                    break;
                }
            }
        }
        Ok(untold)
    }

    /// A hub that is gone hears nothing, and what it asked for is done all the same.
    fn tell(&mut self, reply: Reply) {
        if let Reply::Followed { room, entry } = &reply
            && let Some(told) = self.followed.get_mut(room)
        {
            *told = entry.seq;
        }
        let _ = self.replies.blocking_send(reply);
    }

    fn close(self) {
        // The last connection puts the log into the file; that is to be this one.
        self.checkpointer.end();
        let ended = self.connection.pragma_update(None, "synchronous", "FULL");
        let ended = ended.and_then(|()| mark::end(&self.connection));
        let ended = ended.and_then(|()| self.connection.close().map_err(|(_, error)| error));
        if let Err(error) = ended {
            tracing::warn!(
                why = trouble::words(&error),
                "the history was not closed in good order; it is as safe as after a kill"
            );
        }
    }
}
