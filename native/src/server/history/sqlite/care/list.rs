//! The rooms of a history.

use std::io::{self, Write};

use rusqlite::Connection;
use serde::Serialize;
use time::OffsetDateTime;

use crate::output::escape::escaped;

/// One room, as it is listed.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    room: String,
    epoch: String,
    messages: u64,
    bytes: u64,
    /// The first message that is kept; `None` without one.
    first: Option<u64>,
    first_at: Option<u64>,
    /// The highest place given.
    last: u64,
    /// When the last message that is kept came.
    last_at: Option<u64>,
    trimmed: u64,
}

/// All of them, by name.
///
/// # Errors
/// The database's.
pub(super) fn rooms(connection: &Connection) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = connection.prepare(
        "SELECT name, epoch, messages, bytes, last, trimmed, \
            (SELECT seq FROM messages WHERE room = rooms.id ORDER BY seq LIMIT 1), \
            (SELECT at FROM messages WHERE room = rooms.id ORDER BY seq LIMIT 1), \
            (SELECT at FROM messages WHERE room = rooms.id ORDER BY seq DESC LIMIT 1) \
         FROM rooms ORDER BY name",
    )?;
    let rooms = statement.query_map([], |row| {
        Ok(Listed {
            room: row.get(0)?,
            epoch: row.get(1)?,
            messages: row.get(2)?,
            bytes: row.get(3)?,
            last: row.get(4)?,
            trimmed: row.get(5)?,
            first: row.get(6)?,
            first_at: row.get(7)?,
            last_at: row.get(8)?,
        })
    });
    rooms?.collect()
}

/// For programs.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_json(rooms: &[Listed], out: &mut impl Write) -> io::Result<()> {
    for room in rooms {
        serde_json::to_writer(&mut *out, room)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// For people. Names come last: how wide they are only a terminal knows.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_table(rooms: &[Listed], out: &mut impl Write) -> io::Result<()> {
    let heads = ["messages", "bytes", "first", "at (UTC)", "last", "at (UTC)", "trimmed", "epoch"];
    let rows: Vec<[String; 8]> = rooms
        .iter()
        .map(|room| {
            let first = room.first.map_or_else(|| "-".to_owned(), |first| first.to_string());
            [
                room.messages.to_string(),
                room.bytes.to_string(),
                first,
                time(room.first_at),
                room.last.to_string(),
                time(room.last_at),
                room.trimmed.to_string(),
                room.epoch.clone(),
            ]
        })
        .collect();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| rows.iter().map(|row| row[at].len()).max().unwrap_or(0).max(head.len()))
        .collect();
    let mut write = |cells: &[&str], room: &str| {
        for (cell, width) in cells.iter().zip(&widths) {
            write!(out, "{cell:>width$}  ")?;
        }
        writeln!(out, "{room}")
    };
    write(&heads, "room")?;
    for (row, room) in rows.iter().zip(rooms) {
        write(&row.each_ref().map(String::as_str), &escaped(&room.room))?;
    }
    Ok(())
}

/// `2026-01-31 12:00:00`; `-` for none, and for what no calendar has.
fn time(at: Option<u64>) -> String {
    let seconds = at.and_then(|at| i64::try_from(at / 1000).ok());
    let Some(Ok(at)) = seconds.map(OffsetDateTime::from_unix_timestamp) else { return "-".to_owned() };
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", u8::from(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_obeys_no_name() {
        let room = |room: &str, messages, at: Option<u64>| Listed {
            room: room.to_owned(),
            epoch: "e".to_owned(),
            messages,
            bytes: 10,
            first: at.map(|_| 1),
            first_at: at,
            last: 7,
            last_at: at,
            trimmed: 0,
        };
        let mut out = Vec::new();
        write_table(&[room("tea\x1b[2J", 12_345_678, Some(951_782_400_000)), room("茶", 0, None)], &mut out)
            .unwrap();
        let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        assert!(lines[1].contains("2000-02-29 00:00:00") && lines[1].ends_with("tea\\x1b[2J"), "{lines:?}");
        assert_eq!(lines[0].find("room"), lines[2].find('茶'), "{lines:?}");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (at, words) in [
            (0, "1970-01-01 00:00:00"),
            (1_709_251_199_999, "2024-02-29 23:59:59"),
            (1_735_689_600_000, "2025-01-01 00:00:00"),
            (4_107_542_400_000, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(time(Some(at)), words);
        }
    }
}
