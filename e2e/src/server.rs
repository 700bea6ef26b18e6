//! `heartline serve`.

use crate::heartline;
use crate::process::Process;
use crate::wait;

/// A server of our own, on a port the system chose, which it keeps over restarts.
#[derive(Debug)]
pub struct Server {
    /// `127.0.0.1:PORT`.
    host: String,
    flags: Vec<String>,
    process: Process,
}

impl Server {
    /// Starts one.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with further flags.
    ///
    /// # Panics
    /// It does not say where it listens.
    pub async fn start_with(flags: &[&str]) -> Self {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let mut process = serve("127.0.0.1:0", &flags);
        let host = process.line("where it listens", listening).await;
        Self { host, flags, process }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The page's URL.
    pub fn page(&self) -> String {
        format!("http://{}/", self.host)
    }

    /// The WebSocket URL of `path` (with its leading slash).
    pub fn line(&self, path: &str) -> String {
        format!("ws://{}{path}", self.host)
    }

    /// Kills it without a word to anybody.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// It cannot listen there again.
    pub async fn restart(&mut self) {
        self.process.kill();
        let (host, flags) = (&self.host, &self.flags);
        // The port may be lent to a dial somewhere on this machine just now; that ends.
        self.process = wait::until("the server to listen where it was", async || {
            let mut process = serve(host, flags);
            match process.try_line(listening).await {
                Some(_) => Ok(process),
                None => Err(process.said()),
            }
        })
        .await;
    }
}

fn serve(listen: &str, flags: &[String]) -> Process {
    let mut command = heartline();
    command.args(["serve", "--listen", listen]).args(flags);
    // Not where the user keeps one. A test that wants a history that lasts says where by a flag.
    command.env("HEARTLINE_HISTORY", "memory");
    Process::start("heartline serve", command)
}

fn listening(line: &str) -> Option<String> {
    line.strip_prefix("heartline listening on http://").map(str::to_owned)
}
