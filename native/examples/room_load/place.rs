//! A server under load, and where its history lies: both gone when dropped.

use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use heartline_chaos::{Broker, Server, processor_micros, resident_bytes};
use tempfile::TempDir;

/// A running server.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    server: Server,
    _broker: Option<Broker>,
    _folder: TempDir,
}

impl Place {
    /// The one that only remembers as long as it lives.
    pub(crate) async fn memory() -> Self {
        Self::start("memory", TempDir::new().unwrap(), None, &["--history", "memory"]).await
    }

    /// A file with this durability.
    pub(crate) async fn sqlite(name: &'static str, durability: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let history = file_in(&folder);
        Self::start(name, folder, None, &["--durability", durability, "--history", &history]).await
    }

    /// A file with a room of so many messages.
    pub(crate) async fn long(name: &'static str, room: &str, messages: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let history = file_in(&folder);
        restore(&history, room, messages);
        Self::start(name, folder, None, &["--history", &history]).await
    }

    /// A broker of its own, if this machine has one.
    pub(crate) async fn nats() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        match Broker::start(folder.path()).await {
            Ok(broker) => {
                let url = broker.url();
                Some(Self::start("nats", folder, Some(broker), &["--history", &url]).await)
            }
            Err(error) => {
                println!("without nats: {error:#}");
                None
            }
        }
    }

    /// All that can be compared on this machine.
    pub(crate) async fn all() -> Vec<Self> {
        let mut all = vec![
            Self::memory().await,
            Self::sqlite("sqlite process", "process").await,
            Self::sqlite("sqlite disk", "disk").await,
        ];
        all.extend(Self::nats().await);
        all
    }

    /// What the server holds in memory now.
    pub(crate) fn resident_bytes(&self) -> u64 {
        resident_bytes(self.server.pid().unwrap()).unwrap()
    }

    /// Processor time the server has used so far, in microseconds.
    pub(crate) fn processor_micros(&self) -> f64 {
        processor_micros(self.server.pid().unwrap()).unwrap()
    }

    async fn start(name: &'static str, folder: TempDir, broker: Option<Broker>, flags: &[&str]) -> Self {
        let all = ["--max-connections", "20000"].iter().chain(flags).map(|flag| (*flag).to_owned());
        let mut server = Server::new(&binary(), all.collect(), &folder.path().join("server.log")).unwrap();
        let address = server.start().await.unwrap();
        Self { name, address, server, _broker: broker, _folder: folder }
    }
}

/// Puts a room into a new file as `heartline history` puts back what it exported.
fn restore(history: &str, room: &str, messages: usize) {
    let mut restore = Command::new(binary());
    restore.args(["history", "restore", "--history", history]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut restore = restore.spawn().unwrap();
    let mut export = BufWriter::new(restore.stdin.take().unwrap());
    writeln!(export, r#"{{"type":"heartline_history","version":1}}"#).unwrap();
    let at = 1000 * std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for seq in 1..=messages {
        writeln!(
            export,
            r#"{{"type":"said","room":"{room}","seq":{seq},"prev":{},"at":{at},"from":"{:A>16}","name":"one of before","id":{seq},"text":"0000000000 and some words, as many as people write at a time"}}"#,
            seq - 1,
            seq % 10,
        )
        .unwrap();
    }
    writeln!(
        export,
        r#"{{"type":"room","room":"{room}","last":{messages},"trimmed":0,"messages":{messages}}}"#
    )
    .unwrap();
    writeln!(export, r#"{{"type":"end","rooms":1,"messages":{messages}}}"#).unwrap();
    drop(export);
    assert!(restore.wait().unwrap().success(), "the long history cannot be made");
}

fn file_in(folder: &TempDir) -> String {
    format!("sqlite:{}", Path::join(folder.path(), "history.sqlite3").display())
}

/// The binary beside this example.
fn binary() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.ancestors().nth(2).unwrap().join("heartline")
}
