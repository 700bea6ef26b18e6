//! The servers under load: started on a port of their own, stopped when dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server.
pub(crate) struct Target {
    process: Child,
    address: SocketAddr,
}

impl Target {
    /// The binary beside this example.
    pub(crate) fn heartline() -> Self {
        let binary = output_folder().join("heartline");
        Self::start(Command::new(binary).args(["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The measure, if this machine can build it.
    pub(crate) fn gorilla() -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/echo_load/gorilla/main.go");
        let binary = output_folder().join("gorilla-echo");
        let built = Command::new("go")
            .env("GO111MODULE", "off")
            // Where Debian puts Go libraries.
            .env("GOPATH", "/usr/share/gocode")
            .args(["build", "-o"])
            .args([&binary, &source])
            .status();
        match built {
            Ok(status) if status.success() => Some(Self::start(&mut Command::new(binary))),
            _ => {
                println!("no gorilla here: install Go and its gorilla/websocket to compare");
                None
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server holds in memory now.
    pub(crate) fn resident_bytes(&self) -> u64 {
        heartline_chaos::resident_bytes(self.process.id()).unwrap()
    }

    /// Processor time the server has used so far, in microseconds.
    pub(crate) fn processor_micros(&self) -> f64 {
        heartline_chaos::processor_micros(self.process.id()).unwrap()
    }

    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("//").next().unwrap().parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn output_folder() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.ancestors().nth(2).unwrap().to_owned()
}
