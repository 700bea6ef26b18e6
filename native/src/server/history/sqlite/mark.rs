//! Whether the end of a history may be missing.
//!
//! Two things take away what clients have seen: a machine that loses its power before what was committed reached the disk, and an
//! older copy of the file that somebody puts back. Either is found out when the file is opened, and then every room begins a new
//! epoch, so that no place is given twice in one.
//!
//! * The file says in which boot of the machine it was opened, with which durability, and whether it was closed in good order.
//!   `process` and another boot and no good order: the end may be missing.
//! * Each opening gives the file a new name of its session, and the lock beside the file the same. They differ: this is a copy.

use std::fs;
use std::io::{self, Read, Seek, Write};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::Durability;
use crate::private::Lock;

/// Why the end may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The power.
    Power,
    /// Another file is in the place of the last one.
    Copy,
}

/// Why a session did not begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum MarkError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// Begins a session, durably: to be called with `synchronous = FULL`. Says whether and why new epochs were begun.
///
/// # Errors
/// It cannot be written down.
pub(super) fn begin(
    connection: &mut Connection,
    lock: &Lock,
    durability: Durability,
    fresh: bool,
) -> Result<Option<Lost>, MarkError> {
    let boot = boot();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let session = value(&transaction, "session")?.unwrap_or_default();
    let careless = value(&transaction, "durability")?.as_deref() == Some(Durability::Process.word());
    let closed = value(&transaction, "closed")?.as_deref() == Some("yes");
    let same_boot = boot.is_some() && boot == value(&transaction, "boot")?;
    let known = read(lock)?;
    let lost = if fresh {
        None
    } else if !known.lines().any(|line| line == session) {
        Some(Lost::Copy)
    } else if careless && !closed && !same_boot {
        Some(Lost::Power)
    } else {
        None
    };
    let next = nonce();
    // Until the commit either may be in the file.
    write(lock, &format!("{session}\n{next}\n"))?;
    if lost.is_some() {
        transaction.execute("UPDATE rooms SET epoch = ?1 || id", [nonce()])?;
    }
    set(&transaction, "session", &next)?;
    set(&transaction, "boot", boot.as_deref().unwrap_or_default())?;
    set(&transaction, "durability", durability.word())?;
    set(&transaction, "closed", "no")?;
    transaction.commit()?;
    write(lock, &format!("{next}\n"))?;
    Ok(lost)
}

/// Ends a session in good order, with everything on the disk: to be called with `synchronous = FULL`, which takes with it
/// what was written before.
///
/// # Errors
/// The database's.
pub(super) fn end(connection: &Connection) -> rusqlite::Result<()> {
    set(connection, "closed", "yes")
}

/// What nobody has used before.
pub(super) fn nonce() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(fastrand::u64(..).to_be_bytes())
}

/// Which boot of the machine this is; another after every loss of power. `None` where the system does not say.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

fn value(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.query_one("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
}

pub(super) fn set(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, value])?;
    Ok(())
}

fn read(lock: &Lock) -> io::Result<String> {
    let mut file = lock.file();
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(1024).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(lock: &Lock, words: &str) -> io::Result<()> {
    let mut file = lock.file();
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(words.as_bytes())?;
    file.sync_all()
}
