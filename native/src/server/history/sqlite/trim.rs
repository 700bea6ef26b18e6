//! Retention: the oldest messages of a room go first, a bite at a time, between two commits.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::Keep;
use super::reader::number;
use super::rooms::{ROW_BYTES, Rooms};

/// How many messages one transaction lets go of: more than one may bring, so that letting go keeps up.
const BITE: usize = 2048;

/// How many rooms are looked at together for what has grown old.
const ROOMS: u32 = 200;

/// A room that is empty and that nobody is in is forgotten where there are more rooms than this: whoever thinks of names that
/// nobody speaks in must not fill the disk with them.
const EMPTY_ROOMS: u64 = 10_000;

/// How long to rest when all rooms were looked at. Messages outlive `--keep-age` by no more than this and a few bites.
const REST: Duration = Duration::from_secs(10);

/// Which room's turn it is.
#[derive(Debug)]
pub(super) struct Trimmer {
    keep: Keep,
    /// Rooms that have too much, by their rows.
    due: VecDeque<i64>,
    /// All rooms are looked at in turn; this one was the last.
    seen: i64,
    /// When the next ones are looked at.
    next: Instant,
    /// All rooms together may have too much.
    shrinking: bool,
    /// There are more rooms than [`EMPTY_ROOMS`].
    crowded: bool,
}

impl Trimmer {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, due: VecDeque::new(), seen: 0, next: Instant::now(), shrinking: false, crowded: false }
    }

    /// Lets go of all that one room has too much. For a file that no server works on.
    ///
    /// # Errors
    /// The database's; what was let go of until then stays so.
    pub(super) fn whole(&self, connection: &mut Connection, row: i64) -> rusqlite::Result<()> {
        while self.trim(connection, row, false)? {}
        Ok(())
    }

    /// Looks which rooms have too much now. A sixteenth more is let be, so that trimming pays.
    pub(super) fn look(&mut self, rooms: &Rooms) {
        let Keep { messages, room_bytes, .. } = self.keep;
        for room in rooms.iter() {
            let much = room.messages > messages.saturating_add(messages / 16)
                || room.bytes > room_bytes.saturating_add(room_bytes / 16);
            if much && !self.due.contains(&room.row) {
                self.due.push_back(room.row);
            }
        }
    }

    /// When there is something to do.
    pub(super) fn when(&self) -> Instant {
        if self.due.is_empty() && !self.shrinking { self.next } else { Instant::now() }
    }

    /// One bite, if it is time. `followed` names rooms that somebody is in.
    pub(super) fn bite(
        &mut self,
        connection: &mut Connection,
        rooms: &mut Rooms,
        followed: impl Fn(&str) -> bool,
    ) -> rusqlite::Result<()> {
        if let Some(&row) = self.due.front() {
            let more = self.trim(connection, row, false)?;
            rooms.forget_room(row);
            if !more {
                self.due.pop_front();
            }
            return Ok(());
        }
        if self.shrinking {
            return self.shrink(connection, rooms);
        }
        if self.next > Instant::now() {
            return Ok(());
        }
        self.patrol(connection, rooms, followed)
    }

    /// Looks at the next rooms.
    fn patrol(
        &mut self,
        connection: &mut Connection,
        rooms: &mut Rooms,
        followed: impl Fn(&str) -> bool,
    ) -> rusqlite::Result<()> {
        let since = now_ms().saturating_sub(u64::from(self.keep.author_age_s) * 1000);
        connection
            .prepare_cached(
                "DELETE FROM authors WHERE rowid IN (SELECT rowid FROM authors WHERE at < ?1 LIMIT 2048)",
            )?
            .execute([number(since)])?;
        let found: Vec<(i64, String, u64, u64, Option<u64>)> = connection
            .prepare_cached(
                "SELECT id, name, messages, bytes, \
                    (SELECT at FROM messages WHERE room = rooms.id ORDER BY seq LIMIT 1) \
                 FROM rooms WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?
            .query_map(params![self.seen, ROOMS], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        self.seen = found.last().map_or(0, |room| room.0);
        let old = self.old();
        for (row, name, messages, bytes, oldest) in found {
            let much = messages > self.keep.messages || bytes > self.keep.room_bytes;
            if much || oldest.is_some_and(|at| at < old) {
                self.due.push_back(row);
            } else if self.crowded && messages == 0 && !followed(&name) {
                // A room that is opened again begins a new epoch; as long as a number may come again, it is not forgotten.
                connection
                    .prepare_cached(
                        "DELETE FROM rooms WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM authors WHERE room = ?1)",
                    )?
                    .execute([row])?;
                rooms.forget_room(row);
            }
        }
        if self.seen == 0 {
            self.next = Instant::now() + REST;
            self.shrinking = true;
            let count: u64 = connection.query_one("SELECT count(*) FROM rooms", [], |row| row.get(0))?;
            self.crowded = count > EMPTY_ROOMS;
        }
        Ok(())
    }

    /// One bite of the largest room, if all rooms together have too much.
    fn shrink(&mut self, connection: &mut Connection, rooms: &mut Rooms) -> rusqlite::Result<()> {
        let all: Option<u64> = connection.query_one("SELECT sum(bytes) FROM rooms", [], |row| row.get(0))?;
        let largest = "SELECT id FROM rooms WHERE messages > 1 ORDER BY bytes DESC LIMIT 1";
        let row: Option<i64> = match all.unwrap_or_default() > self.keep.bytes {
            true => connection.query_one(largest, [], |row| row.get(0)).optional()?,
            false => None,
        };
        self.shrinking = row.is_some();
        if let Some(row) = row {
            self.trim(connection, row, true)?;
            rooms.forget_room(row);
        }
        Ok(())
    }

    /// Lets go of what a room has too much, or of one bite at any rate; at most of a bite. Whether there is more to let go of.
    fn trim(&self, connection: &mut Connection, room: i64, any: bool) -> rusqlite::Result<bool> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let kept: Option<(u64, u64)> = transaction
            .query_one("SELECT messages, bytes FROM rooms WHERE id = ?1", [room], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((mut messages, mut bytes)) = kept else { return Ok(false) };
        let old = self.old();
        let mut last = None;
        let mut highest: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut more = false;
        {
            let mut statement = transaction.prepare_cached(
                "SELECT seq, author, id, at, octet_length(text) + octet_length(name) FROM messages \
                 WHERE room = ?1 ORDER BY seq",
            )?;
            let mut rows = statement.query([room])?;
            let mut gone = 0;
            while let Some(row) = rows.next()? {
                let at: u64 = row.get(3)?;
                let much = messages > self.keep.messages || bytes > self.keep.room_bytes || any;
                // The last one stays, however long it is, until it is old.
                if at >= old && !(much && messages > 1) {
                    break;
                }
                if gone == BITE {
                    more = true;
                    break;
                }
                gone += 1;
                messages -= 1;
                bytes = bytes.saturating_sub(row.get::<_, u64>(4)? + ROW_BYTES);
                last = Some(row.get::<_, i64>(0)?);
                let author = highest.entry(row.get(1)?).or_default();
                *author = (author.0.max(row.get(2)?), author.1.max(number(at)));
            }
        }
        let Some(last) = last else { return Ok(false) };
        transaction
            .prepare_cached("DELETE FROM messages WHERE room = ?1 AND seq <= ?2")?
            .execute([room, last])?;
        for (author, (id, at)) in highest {
            transaction
                .prepare_cached(
                    "INSERT INTO authors (room, author, highest, at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (room, author) DO UPDATE SET \
                        highest = max(highest, excluded.highest), at = max(at, excluded.at)",
                )?
                .execute(params![room, author, id, at])?;
        }
        transaction
            .prepare_cached("UPDATE rooms SET trimmed = ?2, messages = ?3, bytes = ?4 WHERE id = ?1")?
            .execute(params![room, last, number(messages), number(bytes)])?;
        transaction.commit()?;
        Ok(more)
    }

    /// What came before this is too old.
    fn old(&self) -> u64 {
        let age = u64::try_from(self.keep.age.as_millis()).unwrap_or(u64::MAX);
        now_ms().saturating_sub(age)
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
