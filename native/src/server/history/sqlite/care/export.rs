//! Writing out what was said, page by page: no more is at hand than a page, and no reader holds back the server's log.

use std::io::Write;

use heartline_core::room::engine::Most;
use rusqlite::{OptionalExtension, params};

use super::line::{Line, VERSION};
use super::{CareError, Visit, next_room, of_database};
use crate::server::history::sqlite::reader;

/// How much is read at once.
const PAGE: Most = Most { messages: 1000, bytes: 1 << 20 };

/// How many authors are read at once.
const AUTHORS: u32 = 1000;

/// Writes one room or all. What comes while this runs is not in it; what is trimmed meanwhile may be, and is dropped by a restore.
///
/// # Errors
/// It cannot be read, or not be written to `out`.
pub(super) fn export(visit: &mut Visit, only: Option<&str>, out: &mut impl Write) -> Result<(), CareError> {
    write(out, &Line::HeartlineHistory { version: VERSION })?;
    let (mut rooms, mut messages, mut seen) = (0, 0, 0);
    loop {
        let next = next_room(&visit.connection, seen, only);
        let Some((row, name, _)) = next.map_err(|error| of_database(&visit.path, error))? else { break };
        seen = row;
        rooms += 1;
        messages += room(visit, row, &name, out)?;
    }
    if rooms == 0
        && let Some(only) = only
    {
        return Err(CareError::NoRoom(only.to_owned()));
    }
    visit.leave()?;
    write(out, &Line::End { rooms, messages })
}

/// Writes one room, and tells how many messages it has.
fn room(visit: &mut Visit, row: i64, name: &str, out: &mut impl Write) -> Result<u64, CareError> {
    let Visit { connection, path, .. } = visit;
    let failed = |error: rusqlite::Error| of_database(path, error);
    let stand = |connection: &rusqlite::Connection| {
        let stand = connection.query_one("SELECT last, trimmed FROM rooms WHERE id = ?1", [row], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?))
        });
        // A room that nobody spoke in may be forgotten meanwhile.
        Ok::<_, rusqlite::Error>(stand.optional()?.unwrap_or_default())
    };
    let (last, _) = stand(connection).map_err(failed)?;
    let (mut after, mut messages) = (0, 0);
    while after < last {
        let page = reader::read_after(connection, name, after, PAGE).map_err(failed)?;
        for entry in page.entries.iter().filter(|entry| entry.seq <= last) {
            out.write_all(entry.encoded.as_bytes())?;
            out.write_all(b"\n")?;
            messages += 1;
        }
        let Some(entry) = page.entries.last() else { break };
        after = entry.seq;
    }
    // Behind the messages, so that those that were trimmed meanwhile are known by one or the other.
    let (_, trimmed) = stand(connection).map_err(failed)?;
    let mut seen = 0;
    loop {
        let mut statement = connection
            .prepare_cached(
                "SELECT rowid, author, highest, at FROM authors WHERE room = ?1 AND rowid > ?2 \
                 ORDER BY rowid LIMIT ?3",
            )
            .map_err(failed)?;
        let authors: Vec<(i64, String, u64, u64)> = statement
            .query_map(params![row, seen, AUTHORS], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .and_then(Iterator::collect)
            .map_err(failed)?;
        let Some(&(last_seen, ..)) = authors.last() else { break };
        seen = last_seen;
        for (_, from, highest, at) in authors {
            write(out, &Line::Author { room: name.to_owned(), from, highest, at })?;
        }
    }
    write(out, &Line::Room { room: name.to_owned(), last, trimmed: trimmed.min(last), messages })?;
    Ok(messages)
}

fn write(out: &mut impl Write, line: &Line) -> Result<(), CareError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
