//! Lives a plan to its end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result};
use heartline_ledger::Ledger;
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until};

use crate::crowd::{Crowd, Talk};
use crate::history::History;
use crate::look::{Found, look};
use crate::place::Place;
use crate::plan::{Copying, Plan, Step};
use crate::proxy::{Doors, Proxy};
use crate::server::Server;
use crate::verdict::Verdict;

/// What a life needs of the outside.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program `heartline`.
    pub binary: PathBuf,
}

/// Lives it.
///
/// # Errors
/// The world could not be set up: a program is missing, a file cannot be written. What a server does wrong is a finding.
pub async fn live(setup: &Setup, plan: &Plan) -> Result<Verdict> {
    let talk = Talk { clients: plan.clients, rooms: 3, words: None, seed: plan.seed };
    let fills_disk = plan.steps.iter().any(|(_, step)| *step == Step::FillDisk);
    let mut life = Life::begin(setup, plan.history, talk, fills_disk).await?;
    let begun = Instant::now();
    for (at, step) in &plan.steps {
        sleep_until(begun + *at).await;
        life.happen(*step).await?;
    }
    sleep_until(begun + plan.length).await;
    life.heal().await?;
    life.end().await
}

/// A crowd that talks to servers, and whoever torments them.
pub(crate) struct Life {
    pub(crate) folder: TempDir,
    pub(crate) history: History,
    pub(crate) rooms: Vec<String>,
    pub(crate) servers: Vec<Server>,
    pub(crate) place: Place,
    doors: Doors,
    pub(crate) crowd: Crowd,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    /// The epochs of each room, as far as there was a cause for them; the last is the present one.
    pub(crate) epochs: BTreeMap<String, Vec<String>>,
    /// A broker was killed or frozen: the next that leads may have less than was taken.
    pub(crate) broker_failed: bool,
    pub(crate) findings: Vec<String>,
}

impl Life {
    pub(crate) async fn begin(setup: &Setup, history: History, talk: Talk, fills_disk: bool) -> Result<Self> {
        let folder = TempDir::new().context("no folder for what is temporary")?;
        let place = Place::new(history, &setup.binary, folder.path(), fills_disk).await?;
        let mut flags = ["--interval", "2s", "--grace", "1s", "--drain", "1s"].map(str::to_owned).to_vec();
        flags.extend(place.flags());
        let servers = (0..history.servers()).map(|n| {
            let log = folder.path().join(format!("server-{n}.log"));
            Server::new(&setup.binary, flags.clone(), &log)
        });
        let servers = servers.collect::<Result<Vec<_>>>()?;
        let ledger = Arc::<Mutex<Ledger>>::default();
        let doors = Doors::closed(history.servers());
        let crowd = Crowd::gather(talk, &doors, &ledger).await?;
        let (epochs, findings, rooms) = (BTreeMap::new(), Vec::new(), talk.rooms());
        let broker_failed = false;
        let mut life = Self {
            folder,
            history,
            rooms,
            servers,
            place,
            doors,
            crowd,
            ledger,
            epochs,
            broker_failed,
            findings,
        };
        for server in 0..history.servers() {
            life.start(server).await?;
        }
        Ok(life)
    }

    pub(crate) async fn happen(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Kill(server) => self.kill(server).await,
            Step::Drain(server) => {
                self.doors.set(server, None);
                if let Err(error) = self.servers[server].drain().await {
                    self.findings.push(format!("{error:#}"));
                }
            }
            Step::Start(server) => self.start(server).await?,
            Step::Stop(server) => self.servers[server].stop(),
            Step::Continue(server) => self.servers[server].resume(),
            Step::FillDisk => self.place.fill()?,
            Step::EmptyDisk => self.make_room().await?,
            Step::Copy(how) => self.copy(how).await?,
            Step::PutBack => self.put_back().await?,
            Step::KillBroker => {
                self.place.kill_broker().await;
                self.broker_failed = true;
            }
            Step::StartBrokers => self.place.start_brokers().await?,
            Step::StopBroker => {
                self.place.stop_broker().await;
                self.broker_failed = true;
            }
            Step::ContinueBrokers => self.place.continue_brokers(),
            Step::Cut(who) => self.crowd.proxies[who].cut(),
            Step::Stick(who, way) => self.crowd.proxies[who].stick(way),
            Step::Free(who) => self.crowd.proxies[who].free(),
            Step::Restart(who) => self.crowd.restart(who).await?,
        }
        Ok(())
    }

    async fn kill(&mut self, server: usize) {
        self.doors.set(server, None);
        self.servers[server].kill().await;
    }

    /// Starts a server that is down; clients come in once it is known what it remembers. Without room on the disk none can begin:
    /// it is started when there is.
    async fn start(&mut self, server: usize) -> Result<()> {
        if self.servers[server].address().is_some() || self.place.is_full() {
            return Ok(());
        }
        let address = self.servers[server].start().await?;
        let forgets = self.history == History::Memory;
        if forgets || self.epochs.is_empty() {
            for found in look(address, &self.rooms).await? {
                let before = self.epochs.get(&found.room).and_then(|known| known.last()).cloned();
                self.begins_anew(before.as_deref(), &found);
            }
        }
        self.doors.set(server, Some(address));
        Ok(())
    }

    /// There is a cause for a new epoch, which begins with what was found of the old one.
    fn begins_anew(&mut self, old: Option<&str>, found: &Found) {
        if let Some(old) = old {
            locked(&self.ledger).began_anew(&found.room, old, &found.epoch, found.last);
        }
        self.epochs.entry(found.room.clone()).or_default().push(found.epoch.clone());
    }

    async fn make_room(&mut self) -> Result<()> {
        if self.place.is_full() {
            self.place.make_room()?;
            self.start(0).await?;
        }
        Ok(())
    }

    /// Copies the history as it is now. Nobody copies while nothing fits on the disk.
    async fn copy(&mut self, how: Copying) -> Result<()> {
        if self.place.is_full() {
            return Ok(());
        }
        match how {
            // One that stands still in the middle of its work may keep others from reading.
            Copying::Export => self.servers[0].resume(),
            Copying::File => self.kill(0).await,
        }
        let present =
            self.epochs.iter().filter_map(|(room, known)| Some((room.clone(), known.last()?.clone())));
        let present = present.collect();
        if let Err(error) = self.place.copy(how, present).await {
            self.findings.push(format!("{error:#}"));
        }
        self.start(0).await
    }

    /// Puts the last copy back: what was said since is gone, and that is said aloud.
    async fn put_back(&mut self) -> Result<()> {
        if !self.place.has_copy() {
            return Ok(());
        }
        self.place.make_room()?;
        self.kill(0).await;
        let epochs = match self.place.put_back().await {
            Ok(epochs) => epochs,
            Err(error) => {
                self.findings.push(format!("{error:#}"));
                return self.start(0).await;
            }
        };
        let address = self.servers[0].start().await?;
        for found in look(address, &self.rooms).await? {
            let known = self.epochs.get(&found.room).map_or(&[][..], Vec::as_slice);
            if known.contains(&found.epoch) {
                self.findings.push(format!("{}: no new epoch after a copy was put back", found.room));
            } else {
                self.begins_anew(epochs.get(&found.room).map(String::as_str), &found);
            }
        }
        self.doors.set(0, Some(address));
        Ok(())
    }

    /// Everything works again, and nobody says anything new.
    pub(crate) async fn heal(&mut self) -> Result<()> {
        self.crowd.hush();
        self.place.make_room()?;
        self.place.continue_brokers();
        self.place.start_brokers().await?;
        for server in 0..self.servers.len() {
            self.servers[server].resume();
            self.start(server).await?;
        }
        self.crowd.proxies.iter().for_each(Proxy::free);
        Ok(())
    }
}

pub(crate) fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("nobody panics with the ledger in hand")
}
