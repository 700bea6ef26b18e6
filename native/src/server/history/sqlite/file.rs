//! Opening: nobody else has it, it is ours, it is whole. What is none of these is not touched.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::mark::{self, Lost, MarkError};
use super::{Durability, SqliteConfig, schema};
use crate::private::{self, Lock, LockError};
use crate::server::history::HistoryError;

/// How long the file is checked for damage: some gigabytes. What was not reached by then is found out when it is read.
const CHECK: Duration = Duration::from_secs(5);

/// How long another program may hold the file, such as one that looks into it, before messages are refused.
const BUSY: Duration = Duration::from_secs(1);

/// How many pages the log beside the file grows to before a commit puts the rest of it into the file, so that it begins anew:
/// 64 MiB. With SQLite's own 1000 pages every few commits wait for the disk.
const LOG_PAGES: u32 = 16_384;

/// How much of the file the writer keeps at hand. With SQLite's own 2 MiB, what is written all the time does not fit.
const CACHE_KIB: i32 = 16 * 1024;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// A file that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) checkpointer: Connection,
    pub(super) reader: Connection,
    pub(super) place: Place,
    pub(super) lock: Lock,
    /// There was none before.
    pub(super) fresh: bool,
}

/// The files a history consists of, known again when they are still the same.
#[derive(Debug)]
pub(super) struct Place {
    files: [(PathBuf, Option<(u64, u64)>); 2],
}

/// Opens the history of that configuration, or a new one.
///
/// # Errors
/// There is none to be had, and what to do about it.
pub(super) fn open(config: &SqliteConfig) -> Result<Opened, HistoryError> {
    let path = std::path::absolute(&config.path).map_err(|error| failed(&config.path, error))?;
    if let Some(folder) = path.parent() {
        private::make(folder).map_err(|error| failed(folder, error))?;
    }
    let beside = beside(&path, ".lock");
    let lock = Lock::take(&beside).map_err(|error| match error {
        LockError::Held => HistoryError::Held(path.display().to_string()),
        LockError::Io(error) => failed(&beside, error),
    })?;
    let fresh = match fs::metadata(&path) {
        Ok(meta) if meta.len() == 0 => true,
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(&path, error)),
    };
    if fresh {
        create(&path)?;
    } else {
        if fs::metadata(&path).is_ok_and(|meta| meta.permissions().readonly()) {
            return Err(HistoryError::ReadOnly(path));
        }
        look(&path)?;
        check(&path)?;
    }
    let of_database = |error: rusqlite::Error| HistoryError::Database { path: path.clone(), error };
    let mut writer = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(of_database)?;
    schema::migrate(&mut writer).map_err(of_database)?;
    writer.pragma_update(None, "synchronous", "FULL").map_err(of_database)?;
    let lost = mark::begin(&mut writer, &lock, config.durability, fresh).map_err(|error| match error {
        MarkError::Io(error) => failed(&beside, error),
        MarkError::Database(error) => of_database(error),
    })?;
    match lost {
        Some(Lost::Power) => tracing::warn!(
            "the machine went down while the history was open, and --durability is process: its end may be missing, so every room begins a new epoch and clients read it anew"
        ),
        Some(Lost::Copy) => tracing::warn!(
            "this history is a copy, or an older one: every room begins a new epoch, and clients read it anew"
        ),
        None => {}
    }
    if config.durability == Durability::Process {
        writer.pragma_update(None, "synchronous", "NORMAL").map_err(of_database)?;
    }
    let checkpointer = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(of_database)?;
    let reader = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(of_database)?;
    // A connection opens the log at its first reading: now, while it is certainly there.
    reader.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).map_err(of_database)?;
    let place = Place::at(&path).map_err(|error| failed(&path, error))?;
    Ok(Opened { writer, checkpointer, reader, place, lock, fresh })
}

impl Place {
    fn at(path: &Path) -> io::Result<Self> {
        let of = |path: PathBuf| Ok::<_, io::Error>((path.clone(), identity(&fs::metadata(path)?)));
        Ok(Self { files: [of(path.to_owned())?, of(beside(path, "-wal"))?] })
    }

    /// Whether the files are still where they were: what is written into a removed file is lost without a word.
    ///
    /// # Errors
    /// What is wrong, and what helps.
    pub(super) fn check(&self) -> Result<(), String> {
        for (path, was) in &self.files {
            let is = fs::metadata(path).map(|meta| identity(&meta));
            if !is.is_ok_and(|is| is == *was) {
                return Err(format!(
                    "{} is gone or another file is in its place; put it back, or start the server anew",
                    path.display()
                ));
            }
        }
        Ok(())
    }
}

/// A new history, whole before it has its name.
fn create(path: &Path) -> Result<(), HistoryError> {
    let new = beside(path, ".new");
    let of_disk = |error: io::Error| failed(path, error);
    private::options().write(true).create(true).truncate(true).open(&new).map_err(of_disk)?;
    let of_database = |error: rusqlite::Error| HistoryError::Database { path: path.to_owned(), error };
    let mut connection =
        Connection::open_with_flags(&new, flags(OpenFlags::SQLITE_OPEN_READ_WRITE)).map_err(of_database)?;
    schema::migrate(&mut connection).map_err(of_database)?;
    connection.close().map_err(|(_, error)| of_database(error))?;
    File::open(&new).and_then(|file| file.sync_all()).map_err(of_disk)?;
    fs::rename(&new, path).map_err(of_disk)?;
    private::sync_folder_of(path).map_err(of_disk)
}

/// Looks at the first bytes, without the database's help: that would already write beside it.
///
/// # Errors
/// It is no history of ours, or not one of this version.
pub(super) fn look(path: &Path) -> Result<(), HistoryError> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| failed(path, error))?;
    file.take(100).read_to_end(&mut head).map_err(|error| failed(path, error))?;
    let number =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let (Some(version), Some(application)) = (number(60), number(68)) else {
        return Err(damaged(path, "it is shorter than any database"));
    };
    if !head.starts_with(MAGIC) {
        return Err(damaged(path, "it does not begin as a database does"));
    }
    if application != schema::APPLICATION_ID {
        return Err(HistoryError::Foreign(path.to_owned()));
    }
    if version > schema::VERSION {
        return Err(HistoryError::Newer { path: path.to_owned(), version, known: schema::VERSION });
    }
    Ok(())
}

/// Looks for damage as long as [`CHECK`], by a connection that cannot write.
fn check(path: &Path) -> Result<(), HistoryError> {
    let of_database = |error: rusqlite::Error| damaged(path, &error.to_string());
    let (connection, _) = read_only(path)?;
    let interrupt = connection.get_interrupt_handle();
    let (done, waits) = channel::<()>();
    let watch = std::thread::spawn(move || {
        if waits.recv_timeout(CHECK) == Err(RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    });
    let found = connection.query_one("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    drop(done);
    let _ = watch.join();
    match found {
        Ok(fine) if fine == "ok" => Ok(()),
        Ok(damage) => Err(damaged(path, &damage)),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            tracing::info!("the history is large: its first part was checked for damage, and has none");
            Ok(())
        }
        Err(error) => Err(of_database(error)),
    }
}

/// A connection that cannot write, and whether there was no log beside the file: then nothing else is needed, nothing else is
/// made, and what another process writes meanwhile is not seen.
///
/// # Errors
/// There is no database to be read.
pub(super) fn read_only(path: &Path) -> Result<(Connection, bool), HistoryError> {
    let alone = !fs::metadata(beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0);
    let connection = if alone {
        let mut url = Url::from_file_path(path).map_err(|()| damaged(path, "its path is none"))?;
        url.set_query(Some("immutable=1"));
        let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(url.as_str(), flags(access))
    } else {
        Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))
    };
    let connection = connection.map_err(|error| damaged(path, &error.to_string()))?;
    connection.busy_timeout(BUSY).map_err(|error| HistoryError::Database { path: path.to_owned(), error })?;
    Ok((connection, alone))
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags(access))?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // The writer has each room at hand; the database would look it up again for each message.
        connection.pragma_update(None, "foreign_keys", false)?;
    }
    Ok(connection)
}

fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[cfg(unix)]
fn identity(meta: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Takes away a history that nobody needs. Its connections are closed, and its lock is still held.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    private::sync_folder_of(path)
}

/// The path with more at its end.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(super) fn failed(path: &Path, error: io::Error) -> HistoryError {
    HistoryError::Io { path: path.to_owned(), error }
}

pub(super) fn damaged(path: &Path, what: &str) -> HistoryError {
    HistoryError::Damaged { path: path.to_owned(), what: what.to_owned() }
}
