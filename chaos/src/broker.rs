//! `nats-server` as processes: one, or a cluster on the loopback.

use std::fs::OpenOptions;
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout_at};

/// How long a broker may take to listen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Below those that Linux gives to whoever dials.
const PORTS: Range<u16> = 15_000..32_000;

/// How many of them are tried.
const TRIES: usize = 1000;

/// From one look to the next, where a process has no other way to say that it is ready.
const LOOK: Duration = Duration::from_millis(20);

/// Brokers with one history between them. They end with it.
#[derive(Debug)]
pub struct Broker {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: String,
    dir: PathBuf,
    /// For clients, and for the others.
    ports: [u16; 2],
    routes: Vec<u16>,
    /// What it is told beside that, in its own words.
    config: String,
    running: Option<Child>,
}

impl Broker {
    /// Starts one that keeps its streams in a folder.
    ///
    /// # Errors
    /// `nats-server` is not here, or does not start; its log in the folder says why.
    pub async fn start(dir: &Path) -> Result<Self> {
        Self::start_all(dir, 1, "").await
    }

    /// Starts one that is told more, in the words of its configuration file.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(dir: &Path, config: &str) -> Result<Self> {
        Self::start_all(dir, 1, config).await
    }

    /// Starts three that keep each message on all of them.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_cluster(dir: &Path) -> Result<Self> {
        Self::start_all(dir, 3, "").await
    }

    async fn start_all(dir: &Path, many: usize, config: &str) -> Result<Self> {
        let ports = free_ports(2 * many)?;
        let routes: Vec<u16> = ports.iter().skip(1).step_by(2).copied().collect();
        let nodes = ports.chunks(2).enumerate().map(|(index, ports)| Node {
            name: format!("node-{index}"),
            dir: dir.join(format!("node-{index}")),
            ports: [ports[0], ports[1]],
            routes: if many == 1 { Vec::new() } else { routes.clone() },
            config: config.to_owned(),
            running: None,
        });
        let mut broker = Self { nodes: nodes.collect() };
        for index in 0..many {
            broker.nodes[index].start()?;
        }
        for index in 0..many {
            broker.nodes[index].wait().await?;
        }
        Ok(broker)
    }

    /// As `--history` wants it. It stays the same, whatever happens to the processes.
    pub fn url(&self) -> String {
        format!("nats://{}", self.urls().collect::<Vec<_>>().join(","))
    }

    /// The address of each.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> {
        self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.ports[0]))
    }

    /// SIGKILL; gone when this returns.
    pub async fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.nodes[index].running.take() {
            let _ = process.kill().await;
        }
    }

    /// Starts one that was killed, where it was. One that runs, or stands still, is left as it is.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn revive(&mut self, index: usize) -> Result<()> {
        if self.nodes[index].running.is_some() {
            return Ok(());
        }
        self.nodes[index].start()?;
        self.nodes[index].wait().await
    }

    /// Tells one something else, from its next start on.
    pub fn configure(&mut self, index: usize, config: &str) {
        config.clone_into(&mut self.nodes[index].config);
    }

    /// SIGSTOP.
    pub fn stop(&self, index: usize) {
        self.nodes[index].signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self, index: usize) {
        self.nodes[index].signal(Signal::CONT);
    }

    /// Where one keeps its streams.
    pub fn store(&self, index: usize) -> PathBuf {
        self.nodes[index].dir.join("store")
    }

    /// Which of them leads a stream.
    ///
    /// # Errors
    /// The stream is not there, or nobody leads it now.
    pub async fn leader(&self, stream: &str) -> Result<usize> {
        let streams =
            async_nats::jetstream::new(async_nats::connect(self.url().split(',').collect::<Vec<_>>()).await?);
        let stream = streams.get_stream(stream).await?;
        let leader = stream.cached_info().cluster.as_ref().and_then(|cluster| cluster.leader.as_deref());
        let leader = leader.context("nobody leads the stream")?;
        self.nodes.iter().position(|node| node.name == leader).context("a stranger leads the stream")
    }
}

impl Node {
    fn start(&mut self) -> Result<()> {
        std::fs::create_dir_all(&self.dir).with_context(|| format!("cannot make {}", self.dir.display()))?;
        let log = self.dir.join("log");
        let log = OpenOptions::new().create(true).append(true).open(log).context("cannot write a log")?;
        let mut command = Command::new("nats-server");
        command.args(["-js", "-a", "127.0.0.1", "-n", &self.name, "-p", &self.ports[0].to_string()]);
        command.arg("-sd").arg(self.dir.join("store"));
        if !self.config.is_empty() {
            let file = self.dir.join("config");
            std::fs::write(&file, &self.config).context("cannot write a configuration")?;
            command.arg("-c").arg(file);
        }
        if !self.routes.is_empty() {
            let url = |port| format!("nats://127.0.0.1:{port}");
            let routes: Vec<String> = self.routes.iter().map(|&port| url(port)).collect();
            command.args(["--cluster_name", "cluster", "--cluster", &url(self.ports[1])]);
            command.args(["--routes", &routes.join(",")]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let process = command
            .spawn()
            .context("nats-server cannot be started; install it: apt-get install nats-server")?;
        self.running = Some(process);
        Ok(())
    }

    /// Until it greets whoever dials.
    async fn wait(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(process) = &mut self.running
                && let Some(status) = process.try_wait().context("lost sight of a broker")?
            {
                bail!("{} ended with {status}; see {}", self.name, self.dir.join("log").display());
            }
            let greeted = async {
                let mut line = TcpStream::connect(("127.0.0.1", self.ports[0])).await?;
                line.read_u8().await
            };
            match timeout_at(until, greeted).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(_)) if Instant::now() < until => sleep(LOOK).await,
                Ok(Err(_)) | Err(_) => bail!("{} never listens; see {}", self.name, self.dir.display()),
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = self.running.as_ref().and_then(Child::id).and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            // A process that is gone by itself is found out when it is missed.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Brokers of one cluster must know each other's ports before they start, and keep theirs when they start again: so these are
/// not of those that the system gives to whoever dials meanwhile.
fn free_ports(many: usize) -> Result<Vec<u16>> {
    let mut held = Vec::new();
    for _ in 0..TRIES {
        if held.len() == many {
            break;
        }
        let port = fastrand::u16(PORTS);
        held.extend(TcpListener::bind(("127.0.0.1", port)).map(|listener| (port, listener)));
    }
    if held.len() < many {
        bail!("no port is free from {} to {}", PORTS.start, PORTS.end);
    }
    Ok(held.into_iter().map(|(port, _)| port).collect())
}
