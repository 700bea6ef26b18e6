//! Looking for damage: what SQLite itself finds, and what can never be where our own writer wrote.

use heartline_core::room::Identity;
use heartline_core::wire::Style;
use rusqlite::{Connection, Row, params};

use super::next_room;
use crate::server::history::sqlite::rooms::ROW_BYTES;

/// How many findings are told; the rest is counted.
const TOLD: usize = 100;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The first ones, in words.
    pub(super) told: Vec<String>,
    /// All of them.
    pub(super) count: u64,
    /// How much was looked through.
    pub(super) rooms: u64,
    /// How much was looked through.
    pub(super) messages: u64,
}

impl Findings {
    fn add(&mut self, words: String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(words);
        }
    }
}

/// Looks through a whole file. What cannot be read is a finding, too.
pub(super) fn whole(connection: &mut Connection) -> Findings {
    let mut found = Findings::default();
    if let Err(error) = look(connection, &mut found) {
        found.add(format!("it cannot be read any further: {error}"));
    }
    found
}

fn look(connection: &mut Connection, found: &mut Findings) -> rusqlite::Result<()> {
    {
        let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let words: String = row.get(0)?;
            if words != "ok" {
                found.add(words);
            }
        }
    }
    for table in ["messages", "authors"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE room NOT IN (SELECT id FROM rooms)");
        let lost: u64 = connection.query_one(&sql, [], |row| row.get(0))?;
        if lost > 0 {
            found.add(format!("{lost} rows of {table} belong to no room"));
        }
    }
    let mut seen = 0;
    while let Some((row, name, _)) = next_room(connection, seen, None)? {
        seen = row;
        // The room and its messages of one moment.
        let moment = connection.transaction()?;
        room(&moment, row, &name, found)?;
    }
    Ok(())
}

/// Looks through one room.
///
/// # Errors
/// The database's.
pub(super) fn room(
    connection: &Connection,
    row: i64,
    name: &str,
    found: &mut Findings,
) -> rusqlite::Result<()> {
    let sql = "SELECT last, trimmed, messages, bytes FROM rooms WHERE id = ?1";
    let (last, trimmed, messages, bytes): (u64, u64, u64, u64) =
        connection.query_one(sql, [row], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    found.rooms += 1;
    let mut add = |words: String| found.add(format!("room \"{name}\": {words}"));
    let (mut before, mut count, mut weight) = (trimmed, 0, 0);
    let mut statement = connection.prepare_cached(
        "SELECT seq, prev, author, id, octet_length(text) + octet_length(name), style FROM messages \
         WHERE room = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([row])?;
    while let Some(row) = rows.next()? {
        let (seq, prev): (u64, u64) = (row.get(0)?, row.get(1)?);
        if seq <= before {
            add(format!("message {seq} was let go of up to {before}, and is there"));
        } else if prev != before {
            add(format!("message {seq} names {prev} as the one before it, which is {before}"));
        }
        if let Some(wrong) = wrong(row)? {
            add(format!("message {seq} {wrong}"));
        }
        before = seq;
        count += 1;
        weight += row.get::<_, u64>(4)? + ROW_BYTES;
    }
    if before != last {
        add(format!("{last} is the highest place given, and {before} the highest one there"));
    }
    if (count, weight) != (messages, bytes) {
        add(format!("{messages} messages of {bytes} bytes are counted, and {count} of {weight} are there"));
    }
    authors(connection, row, &mut add)?;
    found.messages += count;
    Ok(())
}

/// What is wrong with a message by itself.
fn wrong(row: &Row<'_>) -> rusqlite::Result<Option<&'static str>> {
    let style: Option<String> = row.get(5)?;
    Ok(if Identity::parse(&row.get::<_, String>(2)?).is_none() {
        Some("has an author that is none")
    } else if row.get::<_, i64>(3)? < 1 {
        Some("has a number below 1")
    } else if style.is_some_and(|style| serde_json::from_str::<Style>(&style).is_err()) {
        Some("has a style that cannot be read")
    } else {
        None
    })
}

/// Whether each author's numbers rise with the places, and lie above what was let go of.
fn authors(connection: &Connection, row: i64, add: &mut impl FnMut(String)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT messages.author, messages.id, seq, highest FROM messages INDEXED BY messages_by_author \
         LEFT JOIN authors ON authors.room = messages.room AND authors.author = messages.author \
         WHERE messages.room = ?1 ORDER BY messages.author, messages.id",
    )?;
    let mut rows = statement.query(params![row])?;
    let mut before: Option<(String, i64, u64)> = None;
    while let Some(row) = rows.next()? {
        let (author, id, seq): (String, i64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if row.get::<_, Option<i64>>(3)?.is_some_and(|highest| id <= highest) {
            add(format!("message {seq} has number {id}, and higher ones of its author were let go of"));
        }
        if let Some((same, other, place)) = &before
            && *same == author
        {
            if *other == id {
                add(format!("messages {place} and {seq} have one number of one author"));
            } else if *place > seq {
                add(format!("messages {seq} and {place} stand against their author's order"));
            }
        }
        before = Some((author, id, seq));
    }
    Ok(())
}
