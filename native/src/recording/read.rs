//! Reading a recording, line by line.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use super::{Entry, VERSION};
use crate::{client::dial::io_words, output::escape::excerpt};

/// Bytes of a line that are read: what is written has a tenth of it.
const LONGEST: u64 = 1 << 20;

/// A file that cannot be read as a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The disk's.
    #[error("cannot read {path}: {why}")]
    Disk {
        /// As given.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Its first line is not that of a recording.
    #[error("{0} is no recording: `heartline relay --record FILE` makes them")]
    NoRecording(String),
    /// A version of another day.
    #[error(
        "{path} is a recording of version {version}, and this heartline reads version {VERSION}: use the one that made it"
    )]
    Version {
        /// As given.
        path: String,
        /// What it is.
        version: u32,
    },
    /// A line that is none of a recording's.
    #[error("line {line} of {path} is none of a recording: {why}; the file was changed after it was written")]
    Line {
        /// As given.
        path: String,
        /// From 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads the entries of a recording in their order.
pub struct Reader {
    path: String,
    file: BufReader<File>,
    line: u64,
    is_cut: bool,
    at_ms: u64,
    to: String,
}

impl Reader {
    /// Opens one.
    ///
    /// # Errors
    /// [`ReadError`] if it cannot be read, or is no recording.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let disk = |error: io::Error| ReadError::Disk { path: shown.clone(), why: io_words(&error) };
        let file = File::open(path).map_err(disk)?;
        let mut reader = Self {
            file: BufReader::new(file),
            path: shown,
            line: 0,
            is_cut: false,
            at_ms: 0,
            to: String::new(),
        };
        match reader.next_entry() {
            Ok(Some(Entry::Recording { version: VERSION, at_ms, to, .. })) => {
                (reader.at_ms, reader.to) = (at_ms, to);
                Ok(reader)
            }
            Ok(Some(Entry::Recording { version, .. })) => {
                Err(ReadError::Version { path: reader.path, version })
            }
            Err(error @ ReadError::Disk { .. }) => Err(error),
            Ok(_) | Err(_) => Err(ReadError::NoRecording(reader.path)),
        }
    }

    /// When it began, in milliseconds since 1970.
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// Where its lines went.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// Whether it ended in the middle of a line, which was left out.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`] of the disk, or of a line that is none.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        let mut line = Vec::new();
        let read = self.file.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        read.map_err(|error| ReadError::Disk { path: self.path.clone(), why: io_words(&error) })?;
        if line.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let wrong = |why: String| ReadError::Line { path: self.path.clone(), line: self.line, why };
        if !line.ends_with(b"\n") {
            if line.len() as u64 == LONGEST {
                return Err(wrong(format!("it has more than {LONGEST} bytes")));
            }
            self.is_cut = true;
            return Ok(None);
        }
        let entry = serde_json::from_slice(&line);
        entry.map(Some).map_err(|error| wrong(excerpt(&error.to_string(), 120)))
    }
}
