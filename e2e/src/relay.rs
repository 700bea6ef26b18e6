//! `heartline relay`.

use crate::heartline;
use crate::process::Process;

/// A relay on a port the system chose.
#[derive(Debug)]
pub struct Relay {
    line: String,
    feed: String,
    _process: Process,
}

impl Relay {
    /// One that leads to this WebSocket URL.
    ///
    /// # Panics
    /// It does not say where it listens.
    pub async fn to(url: &str) -> Self {
        Self::with(url, &[]).await
    }

    /// The same with further flags.
    ///
    /// # Panics
    /// It does not say where it listens.
    pub async fn with(url: &str, flags: &[&str]) -> Self {
        let mut command = heartline();
        command.args(["relay", "--listen", "127.0.0.1:0", "--to", url, "--no-input"]).args(flags);
        let mut process = Process::start("heartline relay", command);
        let line = |line: &str| Some(line.split_once("relaying ")?.1.split_once(' ')?.0.to_owned());
        let line = process.error_line("where it listens", line).await;
        let feed = |line: &str| Some(line.split_once("for pages and programs: ")?.1.to_owned());
        let feed = process.error_line("where its feed is", feed).await;
        Self { line, feed, _process: process }
    }

    /// Where clients dial in place of the server.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Where it tells what it sees.
    pub fn feed(&self) -> &str {
        &self.feed
    }
}
