//! Looking into a file that others may write.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::Connection;

use super::CareError;
use crate::server::history::sqlite::file;

/// A look into a history.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The file as it was, where nobody worked on it and it is read as it lies.
    still: Option<Still>,
}

#[derive(Debug, PartialEq, Eq)]
struct Still {
    bytes: u64,
    changed: Option<SystemTime>,
    log: bool,
}

impl Visit {
    /// Begins one.
    ///
    /// # Errors
    /// There is nothing to be seen, or nothing of ours.
    pub(super) fn at(path: &Path) -> Result<Self, CareError> {
        let failed = |error| file::failed(path, error);
        let path = std::path::absolute(path).map_err(failed)?;
        if !path.exists() {
            return Err(CareError::Missing(path));
        }
        file::look(&path)?;
        let was = still(&path);
        let (connection, alone) = file::read_only(&path)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection, path, still: alone.then_some(was) })
    }

    /// Ends it. What was seen counts only if this succeeds.
    ///
    /// # Errors
    /// A server was started meanwhile, and the file was read as if there were none.
    pub(super) fn leave(&self) -> Result<(), CareError> {
        match &self.still {
            Some(was) if *was != still(&self.path) => Err(CareError::Changed(self.path.clone())),
            Some(_) | None => Ok(()),
        }
    }
}

fn still(path: &Path) -> Still {
    let meta = fs::metadata(path).ok();
    Still {
        bytes: meta.as_ref().map_or(0, fs::Metadata::len),
        changed: meta.and_then(|meta| meta.modified().ok()),
        log: fs::metadata(file::beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0),
    }
}
