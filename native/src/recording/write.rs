//! Writing a recording while the lines are open.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use heartline_core::{frame::Side, inspect::End};

use super::{Entry, Secrets, VERSION};
use crate::{output, output::style::Tone, private, tap::Looker};

/// Writes down what passes on all lines of a relay. What cannot be written any more is said once; the lines go on.
pub struct Recorder {
    begun: Instant,
    /// None after a write has failed.
    file: Mutex<Option<File>>,
}

impl Recorder {
    /// Makes the file, for nobody else to read. What was in it is gone.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(path: &Path, to: &str, secrets: Secrets) -> io::Result<Self> {
        let mut file = private::options().write(true).create(true).truncate(true).open(path)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        file.write_all(&written(&Entry::Recording { version: VERSION, at_ms, to: to.to_owned(), secrets })?)?;
        Ok(Self { begun: Instant::now(), file: Mutex::new(Some(file)) })
    }

    /// A client came.
    pub fn begun(&self, line: u64, at: Instant, from: &str) {
        self.write(&Entry::Begun { line, t: self.seconds(at), from: from.to_owned() });
    }

    /// A connection is over.
    pub fn ended(&self, line: u64, at: Instant, end: &End) {
        self.write(&Entry::Ended { line, t: self.seconds(at), end: end.clone() });
    }

    fn seconds(&self, at: Instant) -> f64 {
        (at.saturating_duration_since(self.begun).as_secs_f64() * 1e6).round() / 1e6
    }

    fn write(&self, entry: &Entry) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = file.as_mut() else { return };
        if let Err(error) = written(entry).and_then(|line| open.write_all(&line)) {
            let told = format!("the recording ends here, with its last whole line: {error}");
            output::note(Tone::Warning, &told, false);
            *file = None;
        }
    }
}

impl Looker for Recorder {
    fn is_looking(&self) -> bool {
        true
    }

    fn passed(&self, line: u64, side: Side, at: Instant, bytes: &[u8]) {
        let (text, base64) = match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(|letter: char| letter.is_control() && !"\r\n\t".contains(letter)) => {
                (Some(text.to_owned()), None)
            }
            Ok(_) | Err(_) => (None, Some(STANDARD.encode(bytes))),
        };
        self.write(&Entry::Bytes { line, t: self.seconds(at), from: side.into(), text, base64 });
    }
}

/// An entry as a line.
fn written(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}
