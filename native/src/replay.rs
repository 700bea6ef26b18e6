//! `heartline replay`: one side of a recorded line, played again: as the server it was for whoever comes, or as the client it was.
//!
//! Frames go out as they were recorded, with the times that lay between them. What answered something waits for it:
//! before a side sends what it sent after so many messages of the other, it hears as many. Pings are answered as they
//! come, so pongs of the recording, which answered others, are left out.

mod client;
mod ear;
mod play;
mod script;
mod server;

use std::path::Path;

pub use client::run as as_client;
pub use server::run as as_server;

use self::script::Script;
use crate::{
    client::ending::Ending,
    exit_code::ExitCode,
    output::{self, style::Tone},
    recording::{self, Reader},
    show::unreadable,
};

/// Reads the line that is to be replayed: the one with this number, or else the first that was open.
fn script(path: &Path, wanted: Option<u64>) -> Result<Script, Ending> {
    let damaged = |why: String| Ending::new(ExitCode::Damaged, why);
    let mut reader = Reader::open(path).map_err(|error| unreadable(&error))?;
    let mut lines = recording::lines(&mut reader).map_err(damaged)?;
    if reader.is_cut() {
        let told = "the recording ends in the middle of a line, which is left out";
        output::note(Tone::Warning, told, false);
    }
    if let Some(number) = wanted {
        let usage = |why: String| Ending::new(ExitCode::Usage, why);
        let line = lines.remove(&number).ok_or_else(|| {
            let there: Vec<String> = lines.keys().map(ToString::to_string).collect();
            let there = if there.is_empty() { "there is none".to_owned() } else { there.join(", ") };
            usage(format!("--line {number}: no such line was recorded ({there})"))
        })?;
        return Script::of(line).map_err(|why| usage(format!("--line {number}: {why}")));
    }
    let mut scripts = lines.into_values().filter_map(|line| Script::of(line).ok());
    let first =
        scripts.next().ok_or_else(|| damaged("no line with a whole handshake was recorded".to_owned()))?;
    match first.is_open() {
        true => Ok(first),
        false => Ok(scripts.find(Script::is_open).unwrap_or(first)),
    }
}
