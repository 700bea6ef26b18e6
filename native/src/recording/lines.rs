//! The lines of a recording, each for itself.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use heartline_core::inspect::{End, Party};

use super::{Entry, ReadError, Reader};

/// Bytes of all lines together that are kept in memory.
const MOST: usize = 256 << 20;

/// Bytes that came together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When, since the recording began.
    pub at: Duration,
    /// From whom.
    pub from: Party,
    /// What.
    pub bytes: Vec<u8>,
}

/// A connection as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What passed, in its order.
    pub chunks: Vec<Chunk>,
    /// How it ended, and when; nothing if the recording ended first.
    pub end: Option<(Duration, End)>,
}

impl Entry {
    /// The bytes of an entry that has some, wherever they stand.
    ///
    /// # Errors
    /// Words, if they stand nowhere, or cannot be read.
    pub fn bytes(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, String> {
        match (text, base64) {
            (Some(text), None) => Ok(text.into_bytes()),
            (None, Some(base64)) => {
                STANDARD.decode(base64).map_err(|error| format!("its base64 is none: {error}"))
            }
            _ => Err("it has neither text nor base64, or both".to_owned()),
        }
    }
}

/// Reads all lines to the end, by their numbers.
///
/// # Errors
/// Words, if the recording cannot be read, or is too long to be kept in memory.
pub fn lines(reader: &mut Reader) -> Result<BTreeMap<u64, Line>, String> {
    let mut lines = BTreeMap::<u64, Line>::new();
    let mut kept = 0;
    while let Some(entry) = reader.next_entry().map_err(|error: ReadError| error.to_string())? {
        match entry {
            Entry::Recording { .. } | Entry::Begun { .. } => {}
            Entry::Bytes { line, t, from, text, base64 } => {
                let bytes = Entry::bytes(text, base64)?;
                kept += bytes.len() + size_of::<Chunk>();
                if kept > MOST {
                    return Err(format!(
                        "the recording has more than the {} MiB that can be replayed",
                        MOST >> 20
                    ));
                }
                lines.entry(line).or_default().chunks.push(Chunk { at: seconds(t), from, bytes });
            }
            Entry::Ended { line, t, end } => {
                lines.entry(line).or_default().end = Some((seconds(t), end));
            }
        }
    }
    Ok(lines)
}

/// A time as it was recorded; nonsense is no time, and there is nothing after a hundred years.
pub(crate) fn seconds(t: f64) -> Duration {
    Duration::try_from_secs_f64(t).unwrap_or_default().min(Duration::from_secs(100 * 366 * 24 * 60 * 60))
}
