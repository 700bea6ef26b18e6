//! The stored outbox: a file that is only appended to, and now and then written anew without what is settled.
//!
//! A record counts once its line is complete and `fsync` has returned. A line that a crash cut short was never confirmed to
//! anybody and is dropped; anything else that does not read is damage, and not touched.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use heartline_core::chat::{ClientSecret, Keep};

use super::record::{Header, Record, Say, VERSION};
use crate::private;

/// A file that grew to this, and is mostly settled, is written anew.
const TIDY_ABOVE: u64 = 1 << 20;

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum LogError {
    Io(io::Error),
    /// A later version wrote it.
    Newer,
    /// What is wrong with it.
    Damaged(String),
}

/// An open outbox file.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// How long the good part is.
    len: u64,
    header: Header,
    secret: ClientSecret,
    used: u64,
    messages: BTreeMap<(String, u64), Say>,
}

impl Log {
    /// Opens what an earlier run left; `None` if there is nothing.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, LogError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LogError::Io(error)),
        };
        let good = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut lines = bytes[..good].split_inclusive(|byte| *byte == b'\n').enumerate();
        let header = match lines.next().map(|(_, line)| serde_json::from_slice(line)) {
            Some(Ok(Record::Outbox(header))) if header.version > VERSION => return Err(LogError::Newer),
            Some(Ok(Record::Outbox(header))) => header,
            Some(Ok(Record::Used(_) | Record::Say(_) | Record::Forget { .. }) | Err(_)) | None => {
                return Err(LogError::Damaged("it does not begin as one".to_owned()));
            }
        };
        let secret =
            ClientSecret::parse(&header.secret).map_err(|error| LogError::Damaged(error.to_string()))?;
        let file = File::options().append(true).open(path).map_err(LogError::Io)?;
        let (path, len, messages) = (path.to_owned(), good as u64, BTreeMap::new());
        let mut log = Self { path, file, len, header, secret, used: 0, messages };
        for (number, line) in lines {
            let record = serde_json::from_slice(line)
                .map_err(|error| LogError::Damaged(format!("line {}: {error}", number + 1)))?;
            log.note(record);
        }
        // Without room for that, what is there serves, less a line that was cut short.
        if log.rewrite().is_err() && good < bytes.len() {
            log.file.set_len(log.len).map_err(LogError::Io)?;
        }
        Ok(Some(log))
    }

    /// Begins a new one.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn create(path: &Path, secret: ClientSecret, server: &str) -> io::Result<Self> {
        let header =
            Header { version: VERSION, server: server.to_owned(), secret: secret.as_str().to_owned() };
        let (used, messages) = (0, BTreeMap::new());
        let (file, len) = write_anew(path, &header, used, &messages)?;
        private::sync_folder_of(path)?;
        Ok(Self { path: path.to_owned(), file, len, header, secret, used, messages })
    }

    pub(super) fn secret(&self) -> &ClientSecret {
        &self.secret
    }

    /// The highest number that was ever used, as far as it was stored.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// What is not settled.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Say> {
        self.messages.values()
    }

    /// Makes all of it durable, or nothing. `at`: milliseconds since 1970.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn store(&mut self, keeps: &[Keep], at: u64) -> io::Result<()> {
        let records: Vec<Record> = keeps.iter().map(|keep| record(keep, at)).collect();
        let mut lines = Vec::new();
        records.iter().for_each(|record| record.write(&mut lines));
        if let Err(error) = self.file.write_all(&lines).and_then(|()| self.file.sync_data()) {
            // A half-written line in the middle would be damage.
            self.file.set_len(self.len)?;
            return Err(error);
        }
        self.len += lines.len() as u64;
        records.into_iter().for_each(|record| self.note(record));
        if self.len > TIDY_ABOVE && self.len / 4 > self.live_bytes() {
            // It can wait: what is written is written.
            let _ = self.rewrite();
        }
        Ok(())
    }

    fn note(&mut self, record: Record) {
        match record {
            Record::Outbox(_) => {}
            Record::Used(number) => self.used = self.used.max(number),
            Record::Say(say) => {
                self.used = self.used.max(say.id);
                self.messages.insert((say.room.clone(), say.id), say);
            }
            Record::Forget { room, id } => {
                self.messages.remove(&(room, id));
            }
        }
    }

    fn rewrite(&mut self) -> io::Result<()> {
        (self.file, self.len) = write_anew(&self.path, &self.header, self.used, &self.messages)?;
        private::sync_folder_of(&self.path)
    }

    fn live_bytes(&self) -> u64 {
        self.messages.values().map(|say| (say.text.len() + say.room.len()) as u64).sum()
    }
}

/// Writes another file with what still counts, and puts it in the place of what is there. The file, and how long it is.
fn write_anew(
    path: &Path,
    header: &Header,
    used: u64,
    messages: &BTreeMap<(String, u64), Say>,
) -> io::Result<(File, u64)> {
    let mut lines = Vec::new();
    Record::Outbox(header.clone()).write(&mut lines);
    Record::Used(used).write(&mut lines);
    messages.values().for_each(|say| Record::Say(say.clone()).write(&mut lines));
    let beside = path.with_extension("new");
    private::options().write(true).create(true).truncate(true).open(&beside)?;
    let mut file = File::options().append(true).open(&beside)?;
    file.write_all(&lines)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok((file, lines.len() as u64))
}

fn record(keep: &Keep, at: u64) -> Record {
    match keep {
        Keep::Message(kept) => Record::Say(Say::of(kept, at)),
        Keep::Forget { room, id } => Record::Forget { room: room.clone(), id: *id },
        Keep::Used { number } => Record::Used(*number),
    }
}
