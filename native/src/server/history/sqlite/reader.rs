//! Pages. They are read beside the writing, on a connection of their own: each sees what was committed when it was asked for.

use std::sync::mpsc::Receiver;

use heartline_core::room::Identity;
use heartline_core::room::engine::{Budget, Draft, Entry, Most, Page, Reply, Request, Unavailable};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use tokio::sync::mpsc;

use super::trouble;

const COLUMNS: &str = "seq, prev, at, author, name, id, text, style";

/// Answers what is asked until nobody is left who could ask. What is under way lies in `in_hand`.
pub(super) fn run(
    connection: &mut Connection,
    asked: &Receiver<Request>,
    replies: &mpsc::Sender<Reply>,
    in_hand: &mut Vec<Request>,
) {
    while let Ok(request) = asked.recv() {
        in_hand.push(request.clone());
        let (ticket, page) = match request {
            Request::ReadAfter { ticket, room, after, most } => {
                (ticket, read_after(connection, &room, after, most))
            }
            Request::ReadBefore { ticket, room, before, most } => {
                (ticket, read_before(connection, &room, before, most))
            }
            Request::Open { .. } | Request::Close { .. } | Request::Here { .. } | Request::Append { .. } => {
                in_hand.clear();
                continue;
            }
        };
        in_hand.clear();
        let page = page.map_err(|error| Unavailable(trouble::words(&error)));
        // A hub that is gone asks no more either.
        if replies.blocking_send(Reply::Page { ticket, page }).is_err() {
            return;
        }
    }
}

/// The first messages above `after`.
pub(super) fn read_after(
    connection: &mut Connection,
    room: &str,
    after: u64,
    most: Most,
) -> rusqlite::Result<Page> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE room = ?1 AND seq > ?2 ORDER BY seq");
    read(connection, &sql, room, after, most)
}

/// The last messages below `before`.
pub(super) fn read_before(
    connection: &mut Connection,
    room: &str,
    before: u64,
    most: Most,
) -> rusqlite::Result<Page> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE room = ?1 AND seq < ?2 ORDER BY seq DESC");
    let mut page = read(connection, &sql, room, before, most)?;
    page.entries.reverse();
    Ok(page)
}

fn read(connection: &mut Connection, sql: &str, room: &str, from: u64, most: Most) -> rusqlite::Result<Page> {
    // The head and the messages of one moment.
    let moment = connection.transaction()?;
    let Some((id, last)) = head(&moment, room)? else {
        return Ok(Page { entries: Vec::new(), last: 0, more: false });
    };
    let mut page = Page { entries: Vec::new(), last, more: false };
    let mut statement = moment.prepare_cached(sql)?;
    let mut rows = statement.query(params![id, number(from)])?;
    let mut budget = Budget::new(most);
    while let Some(row) = rows.next()? {
        let entry = entry(room, row)?;
        if !budget.take(&entry) {
            page.more = true;
            break;
        }
        page.entries.push(entry);
    }
    Ok(page)
}

fn head(moment: &Transaction<'_>, room: &str) -> rusqlite::Result<Option<(i64, u64)>> {
    let mut statement = moment.prepare_cached("SELECT id, last FROM rooms WHERE name = ?1")?;
    statement.query_one([room], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn entry(room: &str, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let author: String = row.get(3)?;
    let style: Option<String> = row.get(7)?;
    let draft = Draft {
        from: Identity::parse(&author).ok_or_else(|| damaged(3, "this is no author"))?,
        name: row.get::<_, String>(4)?.into(),
        id: row.get(5)?,
        at: row.get(2)?,
        text: row.get(6)?,
        style: match style {
            Some(style) => {
                Some(serde_json::from_str(&style).map_err(|error| damaged(7, &error.to_string()))?)
            }
            None => None,
        },
    };
    Ok(Entry::new(room, row.get(0)?, row.get(1)?, draft))
}

fn damaged(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}

/// As SQLite counts: to 2⁶³. Nothing beyond it was ever given, so that its end does as well.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
