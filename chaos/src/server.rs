//! `heartline serve` as a process.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// How long a server may take to listen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Its words before its address.
const LISTENING: &str = "heartline listening on http://";

/// A server that may be up or down.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    flags: Vec<String>,
    log: File,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Child,
    address: SocketAddr,
    /// Kept open: whoever prints into a closed pipe may trip over it.
    _out: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// A server that is down: the program, what is typed behind `serve --listen …`, and where its log goes.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn new(binary: &Path, flags: Vec<String>, log: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log);
        let log = file.with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { binary: binary.to_owned(), flags, log, running: None })
    }

    /// Starts it, if it is down, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or ends at once; its log says why.
    pub async fn start(&mut self) -> Result<SocketAddr> {
        if let Some(running) = &self.running {
            return Ok(running.address);
        }
        let mut process = Command::new(&self.binary)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&self.flags)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.log.try_clone().context("the log cannot be shared")?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started; build it first", self.binary.display()))?;
        let mut out = BufReader::new(process.stdout.take().context("a server without output")?).lines();
        let line =
            tokio::time::timeout(PATIENCE, out.next_line()).await.context("the server never listens")??;
        let Some(address) = line.as_deref().and_then(|line| line.strip_prefix(LISTENING)) else {
            bail!("the server says {line:?} instead of where it listens");
        };
        let address = address.trim().parse().context("the server's address cannot be read")?;
        self.running = Some(Running { process, address, _out: out });
        Ok(address)
    }

    /// Where it listens, while it is up.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.address)
    }

    /// Whether it is up and says at `/readyz` that it can work.
    pub async fn is_ready(&self) -> bool {
        self.get("/readyz").await.is_some()
    }

    /// How often it found in a shared history all that should be there, if it is up.
    pub async fn checks(&self) -> Option<u64> {
        let metrics = self.get("/metrics").await?;
        metrics.lines().find_map(|line| line.strip_prefix("heartline_history_checks_total ")?.parse().ok())
    }

    /// What it answers there, if that is 200.
    async fn get(&self, path: &str) -> Option<String> {
        let address = self.address()?;
        let asked = async {
            let mut stream = TcpStream::connect(address).await?;
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        answer.ok()?.ok().filter(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// Its process, while it is up.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().and_then(|running| running.process.id())
    }

    /// SIGKILL; gone when this returns.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.process.kill().await;
        }
    }

    /// SIGTERM; gone when this returns, in good order or by force.
    ///
    /// # Errors
    /// It does not leave, or not with success.
    pub async fn drain(&mut self) -> Result<()> {
        self.signal(Signal::CONT);
        self.signal(Signal::TERM);
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let Ok(ended) = tokio::time::timeout(PATIENCE, running.process.wait()).await else {
            let _ = running.process.kill().await;
            bail!("a server that was asked to leave is still there after {PATIENCE:?}");
        };
        let status = ended.context("lost sight of a server")?;
        if !status.success() {
            bail!("a server that was asked to leave ended with {status}");
        }
        Ok(())
    }

    /// SIGSTOP.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A process that is gone by itself is found out when it is missed.
            let _ = kill_process(pid, signal);
        }
    }
}
