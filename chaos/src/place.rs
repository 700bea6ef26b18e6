//! Where the history of a life lies, and what can be done to it behind the servers' backs.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::timeout;

use crate::broker::Broker;
use crate::disk::Disk;
use crate::history::History;
use crate::observer::Observers;
use crate::plan::Copying;

/// How much of a room is kept where only the newest part is: less than somebody misses who is cut off for a while.
const KEPT: &str = "50";
/// The stream's name without a flag.
const STREAM: &str = "HEARTLINE";
/// Who leads is asked of brokers that may stand still.
const LEADER: Duration = Duration::from_secs(2);
/// The longest that `heartline history` may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The place of a history.
#[derive(Debug)]
pub(crate) struct Place {
    history: History,
    binary: PathBuf,
    file: PathBuf,
    disk: Option<Disk>,
    brokers: Option<Broker>,
    /// Where there are three brokers.
    observers: Option<Observers>,
    copy: Option<Copy>,
    /// What could not be done here, and why.
    pub(crate) notes: Vec<String>,
}

/// A copy of a file, and in which epoch each room was then.
#[derive(Debug)]
struct Copy {
    how: Copying,
    epochs: BTreeMap<String, String>,
}

impl Place {
    /// In a folder, with brokers and a disk of its own if need be.
    pub(crate) async fn new(
        history: History,
        binary: &Path,
        folder: &Path,
        fills_disk: bool,
    ) -> Result<Self> {
        let brokers = match history.brokers() {
            0 => None,
            1 => Some(Broker::start(folder).await?),
            _ => Some(Broker::start_cluster(folder).await?),
        };
        let looks_on = brokers.as_ref().filter(|_| history == History::Cluster);
        let observers = looks_on.map(|brokers| Observers::begin(brokers.urls(), STREAM));
        let mut notes = Vec::new();
        let disk = if fills_disk { Some(Disk::mount(folder.join("disk"))) } else { None };
        let disk = disk.and_then(|disk| {
            let why = |error| format!("the disk was not filled, as no tmpfs may be mounted: {error:#}");
            disk.map_err(|error| notes.push(why(error))).ok()
        });
        let file = disk.as_ref().map_or(folder, Disk::folder).join("history.sqlite3");
        Ok(Self { history, binary: binary.to_owned(), file, disk, brokers, observers, copy: None, notes })
    }

    /// What a server is told.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = match self.history {
            History::Memory => vec!["memory".to_owned()],
            History::Sqlite => vec![self.file_flag()],
            History::Trimmed => vec![self.file_flag(), "--keep-messages".to_owned(), KEPT.to_owned()],
            History::Nats | History::Cluster => {
                let url = self.brokers.as_ref().map(Broker::url).unwrap_or_default();
                vec![url, "--nats-replicas".to_owned(), self.history.brokers().to_string()]
            }
        };
        flags.insert(0, "--history".to_owned());
        flags
    }

    /// Whether a server could not even begin: nothing fits on the disk.
    pub(crate) fn is_full(&self) -> bool {
        self.disk.as_ref().is_some_and(Disk::is_full)
    }

    pub(crate) fn fill(&self) -> Result<()> {
        self.disk.as_ref().map_or(Ok(()), Disk::fill)
    }

    pub(crate) fn make_room(&self) -> Result<()> {
        self.disk.as_ref().map_or(Ok(()), Disk::make_room)
    }

    /// Copies the file. By [`Copying::File`] only while no server has it open.
    pub(crate) async fn copy(&mut self, how: Copying, epochs: BTreeMap<String, String>) -> Result<()> {
        match how {
            Copying::Export => {
                let to = self.copied(".jsonl");
                self.run(&["export", "--output", &to.to_string_lossy()]).await?;
            }
            Copying::File => {
                for ending in ["", "-wal"] {
                    copy_or_remove(&beside(&self.file, ending), &self.copied(ending))?;
                }
            }
        }
        self.copy = Some(Copy { how, epochs });
        Ok(())
    }

    pub(crate) const fn has_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// Puts the last copy back, while no server has the file open. Returns in which epoch each room was then.
    pub(crate) async fn put_back(&self) -> Result<BTreeMap<String, String>> {
        let copy = self.copy.as_ref().context("nothing was copied")?;
        match copy.how {
            Copying::Export => {
                let from = self.copied(".jsonl");
                self.run(&["restore", "--replace", &from.to_string_lossy()]).await?;
            }
            Copying::File => {
                // The index of the log is never copied: the next server makes it anew.
                for ending in ["", "-wal", "-shm"] {
                    copy_or_remove(&self.copied(ending), &beside(&self.file, ending))?;
                }
            }
        }
        Ok(copy.epochs.clone())
    }

    /// The broker that leads gets SIGKILL.
    pub(crate) async fn kill_broker(&mut self) {
        let leader = self.leader().await;
        if let Some(brokers) = &mut self.brokers {
            brokers.kill(leader).await;
        }
    }

    /// Where three brokers that are to keep the same do not, or did not.
    pub(crate) async fn disagreement(&self) -> Option<String> {
        match (&self.brokers, &self.observers) {
            (Some(brokers), Some(observers)) => brokers.disagreement(STREAM, observers).await,
            (Some(_) | None, _) => None,
        }
    }

    /// The broker that leads gets SIGSTOP.
    pub(crate) async fn stop_broker(&self) {
        let leader = self.leader().await;
        if let Some(brokers) = &self.brokers {
            brokers.stop(leader);
        }
    }

    pub(crate) fn continue_brokers(&self) {
        for index in 0..self.history.brokers() {
            if let Some(brokers) = &self.brokers {
                brokers.resume(index);
            }
        }
    }

    /// Starts all that are down.
    pub(crate) async fn start_brokers(&mut self) -> Result<()> {
        for index in 0..self.history.brokers() {
            if let Some(brokers) = &mut self.brokers {
                brokers.revive(index).await?;
            }
        }
        Ok(())
    }

    /// The broker that leads; where nobody does, or nobody says so, the first.
    async fn leader(&self) -> usize {
        let Some(brokers) = self.brokers.as_ref().filter(|_| self.history.brokers() > 1) else { return 0 };
        match timeout(LEADER, brokers.leader(STREAM)).await {
            Ok(Ok(leader)) => leader,
            Ok(Err(_)) | Err(_) => 0,
        }
    }

    async fn run(&self, what: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.arg("history").args(what).args(["--history", &self.file_flag()]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let done = timeout(PATIENCE, command.output()).await;
        let done = done.with_context(|| format!("heartline history {what:?} never ends"))??;
        if !done.status.success() {
            bail!("heartline history {what:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(())
    }

    fn file_flag(&self) -> String {
        format!("sqlite:{}", self.file.display())
    }

    fn copied(&self, ending: &str) -> PathBuf {
        beside(&self.file, &format!(".copy{ending}"))
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Makes the other like the one, which may not be there.
fn copy_or_remove(from: &Path, to: &Path) -> Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).context("an old copy stays"),
        Ok(()) | Err(_) => {}
    }
    match fs::copy(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("no copy of a history"),
        Ok(_) | Err(_) => Ok(()),
    }
}
