//! Putting back what was exported: one transaction, so that it is all there or nothing of it.
//!
//! A room keeps its places, its authors' numbers and what is known of those that were let go of; its epoch is new, because
//! whoever was there may have seen more than the export has.

use std::io::{BufRead, Read as _};
use std::path::Path;

use heartline_core::chat::check_room_name;
use heartline_core::room::Identity;
use heartline_core::wire::Said;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};

use super::check::{self, Findings};
use super::line::{Line, VERSION};
use super::{CareError, of_database};
use crate::server::history::sqlite::mark::nonce;
use crate::server::history::sqlite::reader::number;
use crate::server::history::sqlite::rooms::ROW_BYTES;

/// The longest line: more than any message on the wire, whatever of it is escaped.
const LONGEST: u64 = 1 << 20;

/// What was put back.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) rooms: u64,
    pub(super) messages: u64,
}

/// A restore under way.
struct Restore<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    /// What the new epochs begin with.
    epoch: String,
    replace: bool,
    /// The room whose lines are read: its name, its row, how many messages it has.
    room: Option<(String, i64, u64)>,
    restored: Restored,
    line: u64,
    ended: bool,
}

/// Reads an export to its end, and commits.
///
/// # Errors
/// It is not whole, or the disk fails; nothing is changed.
pub(super) fn restore(
    connection: &mut Connection,
    path: &Path,
    mut lines: impl BufRead,
    replace: bool,
) -> Result<Restored, CareError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| of_database(path, error))?;
    let mut restore = Restore {
        transaction,
        path,
        epoch: nonce(),
        replace,
        room: None,
        restored: Restored::default(),
        line: 0,
        ended: false,
    };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        restore.line += 1;
        let read = (&mut lines).take(LONGEST).read_until(b'\n', &mut bytes);
        if read.map_err(|error| restore.wrong(format!("it cannot be read: {error}")))? == 0 {
            break;
        }
        restore.take(&bytes)?;
    }
    if !restore.ended {
        return Err(restore.wrong("the export ends before its end line: it is cut"));
    }
    let Restore { transaction, restored, .. } = restore;
    transaction.commit().map_err(|error| of_database(path, error))?;
    Ok(restored)
}

impl Restore<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), CareError> {
        if bytes.len() as u64 == LONGEST {
            return Err(self.wrong("it is longer than any line of an export"));
        }
        let line: Line = serde_json::from_slice(bytes).map_err(|error| {
            let cut = if bytes.ends_with(b"\n") { "" } else { ", and is cut" };
            self.wrong(format!("this is no line of an export{cut} ({error})"))
        })?;
        if self.ended {
            return Err(self.wrong("there is more behind the end line"));
        }
        match line {
            Line::HeartlineHistory { version } if self.line == 1 => match version == VERSION {
                true => Ok(()),
                false => Err(self.wrong(format!(
                    "the export has version {version}, and this heartline reads {VERSION}; update it"
                ))),
            },
            Line::HeartlineHistory { .. } => Err(self.wrong("a second export begins here")),
            _ if self.line == 1 => Err(self.wrong("the line with the version is missing")),
            Line::Said(said) => self.said(said),
            Line::Author { room, from, highest, at } => self.author(room, &from, highest, at),
            Line::Room { room, last, trimmed, messages } => self.room(room, last, trimmed, messages),
            Line::End { rooms, messages } => self.end(rooms, messages),
        }
    }

    fn said(&mut self, said: Said) -> Result<(), CareError> {
        let row = self.in_room(&said.room)?;
        let style = match &said.style {
            Some(style) => Some(serde_json::to_string(style).map_err(|error| self.wrong(error.to_string()))?),
            None => None,
        };
        let inserted = self
            .transaction
            .prepare_cached(
                "INSERT INTO messages (room, seq, prev, at, author, name, id, text, style) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    row,
                    number(said.seq),
                    number(said.prev),
                    number(said.at),
                    said.from,
                    said.name,
                    number(said.id),
                    said.text,
                    style
                ])
            });
        self.once(inserted, "a message with this place, or this number of its author, stands above")?;
        if let Some((_, _, messages)) = &mut self.room {
            *messages += 1;
        }
        self.restored.messages += 1;
        Ok(())
    }

    fn author(&mut self, room: String, from: &str, highest: u64, at: u64) -> Result<(), CareError> {
        let row = self.in_room(&room)?;
        if Identity::parse(from).is_none() {
            return Err(self.wrong(format!("\"{from}\" is no author")));
        }
        let inserted = self
            .transaction
            .prepare_cached("INSERT INTO authors (room, author, highest, at) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut statement| statement.execute(params![row, from, number(highest), number(at)]));
        self.once(inserted, "this author stands above")
    }

    fn room(&mut self, room: String, last: u64, trimmed: u64, messages: u64) -> Result<(), CareError> {
        let row = self.in_room(&room)?;
        let read = self.room.take().map_or(0, |(_, _, messages)| messages);
        if read != messages {
            return Err(self.wrong(format!(
                "room \"{room}\" has {messages} messages, and {read} stand above: lines are missing"
            )));
        }
        let settled = self.settle(row, &room, last, trimmed);
        let found = settled.map_err(|error| of_database(self.path, error))?;
        if let Some(finding) = found.told.first() {
            return Err(self.wrong(finding));
        }
        self.restored.rooms += 1;
        Ok(())
    }

    /// Writes down where a room stands, and looks through it as a check does.
    fn settle(&self, row: i64, name: &str, last: u64, trimmed: u64) -> rusqlite::Result<Findings> {
        // They were let go of while the export ran.
        let sql = "DELETE FROM messages WHERE room = ?1 AND seq <= ?2";
        self.transaction.prepare_cached(sql)?.execute(params![row, number(trimmed)])?;
        self.transaction
            .prepare_cached(
                "UPDATE rooms SET last = ?2, trimmed = ?3, (messages, bytes) = \
                    (SELECT count(*), coalesce(sum(octet_length(text) + octet_length(name) + ?4), 0) \
                     FROM messages WHERE room = ?1) \
                 WHERE id = ?1",
            )?
            .execute(params![row, number(last), number(trimmed), number(ROW_BYTES)])?;
        let mut found = Findings::default();
        check::room(&self.transaction, row, name, &mut found)?;
        Ok(found)
    }

    fn end(&mut self, rooms: u64, messages: u64) -> Result<(), CareError> {
        self.ended = true;
        if let Some((room, ..)) = &self.room {
            return Err(self.wrong(format!("the line that closes room \"{room}\" is missing")));
        }
        let Restored { rooms: has, messages: said } = self.restored;
        if (rooms, messages) != (has, said) {
            return Err(self.wrong(format!(
                "the export had {messages} messages in {rooms} rooms, and {said} in {has} stand above"
            )));
        }
        Ok(())
    }

    /// The row of the room a line belongs to, which begins with its first line.
    fn in_room(&mut self, name: &str) -> Result<i64, CareError> {
        match &self.room {
            Some((open, row, _)) if open == name => return Ok(*row),
            Some((open, ..)) => {
                return Err(self.wrong(format!("the line that closes room \"{open}\" is missing")));
            }
            None => {}
        }
        check_room_name(name).map_err(|fault| self.wrong(format!("no room can have this name: {fault}")))?;
        let there = self.there(name).map_err(|error| of_database(self.path, error))?;
        match there {
            Some((_, epoch)) if epoch.starts_with(&self.epoch) => {
                return Err(self.wrong(format!("room \"{name}\" stands above already")));
            }
            Some(_) if !self.replace => {
                return Err(self.wrong(format!(
                    "room \"{name}\" is in the history already; --replace lets go of what is there"
                )));
            }
            Some(_) | None => {}
        }
        let row = self.begin(name, there.map(|(row, _)| row));
        let row = row.map_err(|error| of_database(self.path, error))?;
        self.room = Some((name.to_owned(), row, 0));
        Ok(row)
    }

    fn there(&self, name: &str) -> rusqlite::Result<Option<(i64, String)>> {
        let mut statement = self.transaction.prepare_cached("SELECT id, epoch FROM rooms WHERE name = ?1")?;
        statement.query_one([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    }

    fn begin(&self, name: &str, there: Option<i64>) -> rusqlite::Result<i64> {
        if let Some(row) = there {
            for sql in [
                "DELETE FROM messages WHERE room = ?1",
                "DELETE FROM authors WHERE room = ?1",
                "DELETE FROM rooms WHERE id = ?1",
            ] {
                self.transaction.prepare_cached(sql)?.execute([row])?;
            }
        }
        let insert =
            "INSERT INTO rooms (name, epoch) VALUES (?1, ?2 || (SELECT coalesce(max(id), 0) FROM rooms))";
        self.transaction.prepare_cached(insert)?.execute([name, &self.epoch])?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// What was inserted, or that it was there before.
    fn once(&self, inserted: rusqlite::Result<usize>, twice: &str) -> Result<(), CareError> {
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(self.wrong(twice))
            }
            Err(error) => Err(of_database(self.path, error)),
        }
    }

    fn wrong(&self, what: impl Into<String>) -> CareError {
        CareError::Line { line: self.line, what: what.into() }
    }
}
