//! What `heartline history` does to a file: looking into it while a server works on it, and mending it while none does.
//!
//! Whoever looks has a connection that cannot write, and reads in pages, so that the server's log of changes does not grow
//! behind a reader that is slow. Whoever mends holds the lock that a server holds, and begins and ends a session as one does.

mod check;
mod export;
mod line;
mod list;
mod restore;
mod visit;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use self::visit::Visit;
use super::file::{self, Opened};
use super::trim::Trimmer;
use super::{Durability, HistoryError, Keep, SqliteConfig, mark};
use crate::exit_code::ExitCode;
use crate::private;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// As a server would be told.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A server works on it.
    #[error("a server keeps its history in {}; stop it first, or export and check, which need not wait for that", .0.display())]
    Held(PathBuf),
    /// There is none.
    #[error("there is no history at {}; name the server's with --history sqlite:PATH", .0.display())]
    Missing(PathBuf),
    /// That room is not there.
    #[error("there is no room \"{0}\" in it; `heartline history list` tells which there are")]
    NoRoom(String),
    /// It changed under a reader that was sure to be alone.
    #[error("a server was started on {} meanwhile; do it again, it works beside a running one", .0.display())]
    Changed(PathBuf),
    /// It was looked through to its end.
    #[error("{} is damaged: {count} findings; stop the server and put a copy back, or restore an export", path.display())]
    Findings {
        /// Which file.
        path: PathBuf,
        /// How many.
        count: u64,
    },
    /// An export that is not whole, or none.
    #[error("line {line}: {what}; nothing was restored")]
    Line {
        /// The first is 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A file beside the history fails.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's.
        error: io::Error,
    },
    /// Whoever reads what we write does not.
    #[error("cannot write what was asked for: {0}")]
    Output(#[from] io::Error),
}

impl CareError {
    /// What the program ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Findings { .. }
            | Self::History(HistoryError::Damaged { .. } | HistoryError::Foreign(_)) => ExitCode::Damaged,
            Self::History(_) | Self::Held(_) | Self::Changed(_) | Self::File { .. } | Self::Output(_) => {
                ExitCode::Own
            }
            Self::Missing(_) | Self::NoRoom(_) | Self::Line { .. } => ExitCode::Usage,
        }
    }
}

/// Lists the rooms, as a table for people or as lines of JSON.
///
/// # Errors
/// It cannot be read, or not be written to `out`.
pub fn list(path: &Path, table: bool, out: &mut impl Write) -> Result<(), CareError> {
    let visit = Visit::at(path)?;
    let rooms = list::rooms(&visit.connection).map_err(|error| of_database(path, error))?;
    visit.leave()?;
    let mut out = BufWriter::new(out);
    if table {
        list::write_table(&rooms, &mut out)?
    } else {
        list::write_json(&rooms, &mut out)?
    }
    Ok(out.flush()?)
}

/// Writes one room or all as lines of JSON.
///
/// # Errors
/// It cannot be read, or not be written to `out`; what was written has no end line then.
pub fn export(path: &Path, room: Option<&str>, out: &mut impl Write) -> Result<(), CareError> {
    let mut visit = Visit::at(path)?;
    let mut out = BufWriter::new(out);
    export::export(&mut visit, room, &mut out)?;
    Ok(out.flush()?)
}

/// The same into a file, which has its name when it is whole.
///
/// # Errors
/// It cannot be read, or the file not be written; one that was there is as it was.
pub fn export_to(path: &Path, room: Option<&str>, to: &Path) -> Result<(), CareError> {
    match private::write_whole(to, |file| export(path, room, file)) {
        Err(CareError::Output(error)) => Err(CareError::File { path: to.to_owned(), error }),
        written => written,
    }
}

/// Looks for damage and says what there is; nothing is changed.
///
/// # Errors
/// There is some, or it cannot be read.
pub fn check(path: &Path, out: &mut impl Write) -> Result<(), CareError> {
    let mut visit = Visit::at(path)?;
    let found = check::whole(&mut visit.connection);
    visit.leave()?;
    for finding in &found.told {
        writeln!(out, "{}", crate::output::escape::escaped(finding))?;
    }
    if found.count > 0 {
        return Err(CareError::Findings { path: path.to_owned(), count: found.count });
    }
    writeln!(out, "no damage: {} rooms, {} messages", found.rooms, found.messages)?;
    Ok(out.flush()?)
}

/// Lets go of messages that are too old or too many, in one room or in all, and says how many went.
///
/// # Errors
/// A server works on it, or the disk fails; what went until then is gone.
pub fn trim(
    path: &Path,
    older_than: Option<Duration>,
    messages: Option<u64>,
    room: Option<&str>,
    out: &mut impl Write,
) -> Result<(), CareError> {
    if !path.exists() {
        return Err(CareError::Missing(path.to_owned()));
    }
    let keep = Keep {
        age: older_than.unwrap_or(Duration::MAX),
        messages: messages.unwrap_or(u64::MAX),
        room_bytes: u64::MAX,
        bytes: u64::MAX,
        ..Keep::default()
    };
    mend(path, |connection| {
        let failed = |error: rusqlite::Error| of_database(path, error);
        let trimmer = Trimmer::new(keep);
        let mut seen = 0;
        let mut found = false;
        while let Some((row, name, before)) = next_room(connection, seen, room).map_err(failed)? {
            (seen, found) = (row, true);
            trimmer.whole(connection, row).map_err(failed)?;
            let kept = "SELECT messages FROM rooms WHERE id = ?1";
            let after: u64 = connection.query_one(kept, [row], |row| row.get(0)).map_err(failed)?;
            if after < before {
                let name = crate::output::escape::escaped(&name);
                writeln!(out, "{name}: let go of {}, kept {after}", before - after)?;
            }
        }
        match room {
            Some(room) if !found => Err(CareError::NoRoom(room.to_owned())),
            Some(_) | None => Ok(()),
        }
    })
}

/// Puts back what was exported, in one transaction, and says what it was. `-` is standard input.
///
/// # Errors
/// A server works on it, the export is not whole, a room is there already, or the disk fails; nothing is changed then, and where
/// there was no history, there is none.
pub fn restore(path: &Path, from: &Path, replace: bool, out: &mut impl Write) -> Result<(), CareError> {
    let lines: Box<dyn io::Read> = if from == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let open = File::open(from).map_err(|error| CareError::File { path: from.to_owned(), error })?;
        Box::new(open)
    };
    let restored =
        mend(path, |connection| restore::restore(connection, path, BufReader::new(lines), replace))?;
    writeln!(
        out,
        "restored {} messages in {} rooms, each in a new epoch",
        restored.messages, restored.rooms
    )?;
    Ok(out.flush()?)
}

/// The next room by its row, and how many messages it has.
fn next_room(
    connection: &Connection,
    seen: i64,
    only: Option<&str>,
) -> rusqlite::Result<Option<(i64, String, u64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, messages FROM rooms WHERE id > ?1 AND (?2 IS NULL OR name = ?2) ORDER BY id LIMIT 1",
    )?;
    statement.query_one(params![seen, only], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
}

/// Does something to a file as a server would, under its lock, with everything on the disk at the end. A file that was made for it
/// goes again if it fails.
fn mend<T>(path: &Path, what: impl FnOnce(&mut Connection) -> Result<T, CareError>) -> Result<T, CareError> {
    let config = SqliteConfig { path: path.to_owned(), durability: Durability::Disk, keep: Keep::default() };
    let opened = file::open(&config);
    if let Err(HistoryError::Held(_)) = opened {
        return Err(CareError::Held(path.to_owned()));
    }
    let Opened { mut writer, reader, lock, fresh, .. } = opened?;
    drop(reader);
    let done = what(&mut writer);
    let ended = mark::end(&writer).and_then(|()| writer.close().map_err(|(_, error)| error));
    if fresh && done.is_err() {
        // There was none before, and there is none now: an empty one would pass for whatever was to be in it.
        file::remove(path).map_err(|error| CareError::File { path: path.to_owned(), error })?;
    }
    drop(lock);
    // What went wrong first is what there is to know; that it could not be closed either follows from it.
    let done = done?;
    ended.map_err(|error| of_database(path, error))?;
    Ok(done)
}

/// What SQLite says, as a history's trouble.
fn of_database(path: &Path, error: rusqlite::Error) -> CareError {
    let damage =
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            || matches!(
                error,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
            );
    match damage {
        true => file::damaged(path, &error.to_string()).into(),
        false => HistoryError::Database { path: path.to_owned(), error }.into(),
    }
}
