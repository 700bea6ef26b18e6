//! The engine that keeps its history in a file.

#[cfg(unix)]
mod opening;
#[cfg(unix)]
mod trouble;

use std::fs;
use std::path::PathBuf;

use heartline::server::history::{Durability, HistoryConfig, Keep, SqliteConfig};
use tempfile::TempDir;

use super::{Caller, Place, Second, conforms};

/// A file in a folder of its own.
pub(super) struct Sqlite {
    pub(super) folder: TempDir,
    pub(super) durability: Durability,
    pub(super) keep: Keep,
}

impl Sqlite {
    pub(super) fn with(durability: Durability, keep: Keep) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), durability, keep }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("heartline/history.sqlite3")
    }

    pub(super) fn config_in(&self, path: PathBuf) -> HistoryConfig {
        HistoryConfig::Sqlite(SqliteConfig { path, durability: self.durability, keep: self.keep })
    }

    /// Takes a copy of everything as it lies there now, and goes on there: what a kill leaves behind.
    pub(super) fn leave(&mut self) {
        let to = tempfile::tempdir().unwrap();
        fs::create_dir(to.path().join("heartline")).unwrap();
        // The log last: what a checkpoint puts into the file meanwhile is in it, too.
        for name in ["history.sqlite3", "history.sqlite3.lock", "history.sqlite3-wal"] {
            let from = self.path().with_file_name(name);
            fs::copy(from, to.path().join("heartline").join(name)).unwrap();
        }
        self.folder = to;
    }
}

impl Place for Sqlite {
    const LASTS: bool = true;
    const SECOND: Second = Second::Refused;

    async fn new() -> Self {
        Self::with(Durability::Process, Keep::default())
    }

    async fn small() -> Self {
        Self::with(Durability::Process, few(Self::FEW))
    }

    fn config(&self) -> HistoryConfig {
        self.config_in(self.path())
    }

    async fn kill(&mut self, caller: Caller) -> Caller {
        self.leave();
        drop(caller);
        Caller::at(self).await
    }
}

fn few(messages: usize) -> Keep {
    Keep { messages: messages as u64, ..Keep::default() }
}

/// What survives a lost machine.
struct Disk(Sqlite);

impl Place for Disk {
    const LASTS: bool = true;
    const SECOND: Second = Second::Refused;

    async fn new() -> Self {
        Self(Sqlite::with(Durability::Disk, Keep::default()))
    }

    async fn small() -> Self {
        Self(Sqlite::with(Durability::Disk, few(Self::FEW)))
    }

    fn config(&self) -> HistoryConfig {
        self.0.config()
    }

    async fn kill(&mut self, caller: Caller) -> Caller {
        self.0.leave();
        drop(caller);
        Caller::at(self).await
    }
}

conforms!(process, super::Sqlite);
conforms!(disk, super::Disk);
