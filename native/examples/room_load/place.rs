//! A server under load, and where its history lies: both gone when dropped.

use std::net::SocketAddr;
use std::path::PathBuf;

use heartline_chaos::{Server, processor_micros, resident_bytes};
use tempfile::TempDir;

/// A running server.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    server: Server,
    _folder: TempDir,
}

impl Place {
    /// The one that only remembers as long as it lives.
    pub(crate) async fn memory() -> Self {
        Self::start("memory", |_| Vec::new()).await
    }

    /// All that can be compared on this machine.
    pub(crate) async fn all() -> Vec<Self> {
        vec![Self::memory().await]
    }

    /// What the server holds in memory now.
    pub(crate) fn resident_bytes(&self) -> u64 {
        resident_bytes(self.server.pid().unwrap()).unwrap()
    }

    /// Processor time the server has used so far, in microseconds.
    pub(crate) fn processor_micros(&self) -> f64 {
        processor_micros(self.server.pid().unwrap()).unwrap()
    }

    async fn start(name: &'static str, flags: impl Fn(&TempDir) -> Vec<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut all = vec!["--max-connections".to_owned(), "20000".to_owned()];
        all.extend(flags(&folder));
        let mut server = Server::new(&binary(), all, &folder.path().join("server.log")).unwrap();
        let address = server.start().await.unwrap();
        Self { name, address, server, _folder: folder }
    }
}

/// The binary beside this example.
fn binary() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.ancestors().nth(2).unwrap().join("heartline")
}
