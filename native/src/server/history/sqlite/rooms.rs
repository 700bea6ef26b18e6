//! Order and dedupe, within one transaction that the writer begins and commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use heartline_core::room::Identity;
use heartline_core::room::engine::{Appended, Draft, Entry, Head, Refusal};
use rusqlite::{Connection, OptionalExtension, params};

use super::mark::nonce;
use super::reader::number;

/// What a message counts for beside its words: its row, and its place in the index.
pub(super) const ROW_BYTES: u64 = 128;

/// Of how many authors of a room the highest number is kept at hand. Beyond it all are looked up again.
const AUTHORS: usize = 10_000;

/// How many rooms that nobody is in are kept at hand.
const ROOMS: usize = 1024;

/// The rooms at hand. What is here and not in the file yet is written by [`Rooms::settle`].
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: BTreeMap<Arc<str>, Room>,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) row: i64,
    head: Head,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    changed: bool,
    /// The highest number of an author, whether its message is still there or not.
    highest: BTreeMap<Identity, u64>,
}

impl Rooms {
    /// Where a room stands; it is made if there is none.
    pub(super) fn head(&mut self, connection: &Connection, name: &Arc<str>) -> rusqlite::Result<Head> {
        Ok(self.room(connection, name)?.head.clone())
    }

    /// Where a room stands that is in the file, whether or not anything can be written.
    pub(super) fn known(connection: &Connection, name: &str) -> rusqlite::Result<Option<Head>> {
        Ok(load(connection, name)?.map(|room| room.head))
    }

    /// Gives a draft its place, or says which it has.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        name: &Arc<str>,
        draft: Draft,
    ) -> rusqlite::Result<Result<Appended, Refusal>> {
        let room = self.room(connection, name)?;
        let author = draft.from.to_string();
        let highest = match room.highest.get(&draft.from) {
            Some(&highest) => highest,
            None => highest(connection, room.row, &author)?,
        };
        if draft.id <= highest {
            return repeat(connection, room.row, &author, &draft);
        }
        let prev = room.head.last;
        let seq = prev + 1;
        let style =
            draft.style.map(|style| serde_json::to_string(&style).expect("a style is written as JSON"));
        connection
            .prepare_cached(
                "INSERT INTO messages (room, seq, prev, at, author, name, id, text, style) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                room.row,
                number(seq),
                number(prev),
                number(draft.at),
                author,
                &*draft.name,
                number(draft.id),
                draft.text,
                style
            ])?;
        if room.highest.len() >= AUTHORS {
            room.highest.clear();
        }
        room.highest.insert(draft.from, draft.id);
        room.head.last = seq;
        room.messages += 1;
        room.bytes += draft.text.len() as u64 + draft.name.len() as u64 + ROW_BYTES;
        room.changed = true;
        Ok(Ok(Appended::New(Entry::new(name, seq, prev, draft))))
    }

    /// Writes down where the rooms stand. To be called before the commit.
    pub(super) fn settle(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for room in self.rooms.values_mut().filter(|room| room.changed) {
            connection
                .prepare_cached("UPDATE rooms SET last = ?2, messages = ?3, bytes = ?4 WHERE id = ?1")?
                .execute(params![
                    room.row,
                    number(room.head.last),
                    number(room.messages),
                    number(room.bytes)
                ])?;
            room.changed = false;
        }
        Ok(())
    }

    /// Forgets what is at hand: it was not committed, or another wrote it.
    pub(super) fn forget(&mut self) {
        self.rooms.clear();
    }

    /// Forgets one room.
    pub(super) fn forget_room(&mut self, row: i64) {
        self.rooms.retain(|_, room| room.row != row);
    }

    /// Lets go of rooms that nobody is in, if there are many. To be called after a commit.
    pub(super) fn tidy(&mut self, followed: impl Fn(&Arc<str>) -> bool) {
        if self.rooms.len() > ROOMS {
            self.rooms.retain(|name, _| followed(name));
        }
    }

    /// Those at hand.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    fn room(&mut self, connection: &Connection, name: &Arc<str>) -> rusqlite::Result<&mut Room> {
        if !self.rooms.contains_key(name) {
            let room = match load(connection, name)? {
                Some(room) => room,
                None => make(connection, name)?,
            };
            self.rooms.insert(name.clone(), room);
        }
        Ok(self.rooms.get_mut(name).expect("it was just put there if it was not"))
    }
}

fn load(connection: &Connection, name: &str) -> rusqlite::Result<Option<Room>> {
    let mut statement =
        connection.prepare_cached("SELECT id, epoch, last, messages, bytes FROM rooms WHERE name = ?1")?;
    let room = statement.query_one([name], |row| {
        Ok(Room {
            row: row.get(0)?,
            head: Head { epoch: row.get::<_, String>(1)?.into(), last: row.get(2)? },
            messages: row.get(3)?,
            bytes: row.get(4)?,
            changed: false,
            highest: BTreeMap::new(),
        })
    });
    room.optional()
}

fn make(connection: &Connection, name: &str) -> rusqlite::Result<Room> {
    let epoch = nonce();
    connection.prepare_cached("INSERT INTO rooms (name, epoch) VALUES (?1, ?2)")?.execute([name, &epoch])?;
    let head = Head { epoch: epoch.into(), last: 0 };
    let row = connection.last_insert_rowid();
    Ok(Room { row, head, messages: 0, bytes: 0, changed: false, highest: BTreeMap::new() })
}

/// The highest number of an author, kept or let go of; 0 without one.
fn highest(connection: &Connection, room: i64, author: &str) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT max(coalesce((SELECT max(id) FROM messages WHERE room = ?1 AND author = ?2), 0), \
                    coalesce((SELECT highest FROM authors WHERE room = ?1 AND author = ?2), 0))",
    )?;
    statement.query_one(params![room, author], |row| row.get(0))
}

/// What becomes of a number that is not above all others.
fn repeat(
    connection: &Connection,
    room: i64,
    author: &str,
    draft: &Draft,
) -> rusqlite::Result<Result<Appended, Refusal>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, text, style FROM messages WHERE room = ?1 AND author = ?2 AND id = ?3",
    )?;
    let kept = statement.query_one(params![room, author, number(draft.id)], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    });
    let Some((seq, text, style)) = kept.optional()? else { return Ok(Err(Refusal::Expired)) };
    let style = style.and_then(|style| serde_json::from_str(&style).ok());
    let same = Draft { text, style, ..draft.clone() }.fingerprint() == draft.fingerprint();
    Ok(if same { Ok(Appended::Repeat(seq)) } else { Err(Refusal::IdReused) })
}
