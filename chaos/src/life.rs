//! Lives a plan to its end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};
use heartline_ledger::{Ledger, Sighting, Totals};
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until};

use crate::crowd::{Crowd, Heads, ROOMS};
use crate::look::{Found, look};
use crate::plan::{History, Plan, Step};
use crate::proxy::Doors;
use crate::server::Server;

/// The longest a healed world may take until everybody has everything, on a machine that is busy. Reached only when something hangs.
const HEALED: Duration = Duration::from_secs(90);
/// Between two looks at the history while what was on its way at the last word still arrives.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// What a life needs of the outside.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program `heartline`.
    pub binary: PathBuf,
}

/// What came of a life.
#[derive(Debug)]
pub struct Verdict {
    /// What is wrong; nothing, if all is well.
    pub findings: Vec<String>,
    /// How much was promised and seen.
    pub totals: Totals,
    /// The ends of the servers' logs, for whoever looks for the cause.
    pub logs: Vec<String>,
}

/// Lives it.
///
/// # Errors
/// The world could not be set up: a program is missing, a file cannot be written. What a server does wrong is a finding.
pub async fn live(setup: &Setup, plan: &Plan) -> Result<Verdict> {
    let mut life = Life::begin(setup, plan).await?;
    let begun = Instant::now();
    for (at, step) in &plan.steps {
        sleep_until(begun + *at).await;
        life.happen(*step).await?;
    }
    sleep_until(begun + plan.length).await;
    life.heal().await?;
    life.end().await
}

struct Life {
    folder: TempDir,
    history: History,
    servers: Vec<Server>,
    doors: Doors,
    crowd: Crowd,
    ledger: Arc<Mutex<Ledger>>,
    /// The epochs of each room, as far as there was a cause for them; the last is the present one.
    epochs: BTreeMap<String, Vec<String>>,
    findings: Vec<String>,
}

impl Life {
    async fn begin(setup: &Setup, plan: &Plan) -> Result<Self> {
        let folder = TempDir::new().context("no folder for what is temporary")?;
        let mut flags = ["--interval", "2s", "--grace", "1s", "--drain", "1s"].map(str::to_owned).to_vec();
        let place = match plan.history {
            History::Memory => "memory".to_owned(),
            History::Sqlite => format!("sqlite:{}", folder.path().join("history.sqlite3").display()),
        };
        flags.extend(["--history".to_owned(), place]);
        let servers = (0..plan.servers).map(|n| {
            let log = folder.path().join(format!("server-{n}.log"));
            Server::new(&setup.binary, flags.clone(), &log)
        });
        let servers = servers.collect::<Result<Vec<_>>>()?;
        let ledger = Arc::<Mutex<Ledger>>::default();
        let doors = Doors::closed(plan.servers);
        let crowd = Crowd::gather(plan.clients, &doors, &ledger, plan.seed).await?;
        let (epochs, findings) = (BTreeMap::new(), Vec::new());
        let mut life =
            Self { folder, history: plan.history, servers, doors, crowd, ledger, epochs, findings };
        for server in 0..plan.servers {
            life.start(server).await?;
        }
        Ok(life)
    }

    async fn happen(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Kill(server) => {
                self.doors.set(server, None);
                self.servers[server].kill().await;
            }
            Step::Drain(server) => {
                self.doors.set(server, None);
                if let Err(error) = self.servers[server].drain().await {
                    self.findings.push(format!("{error:#}"));
                }
            }
            Step::Start(server) => self.start(server).await?,
            Step::Stop(server) => self.servers[server].stop(),
            Step::Continue(server) => self.servers[server].resume(),
            Step::Cut(who) => self.crowd.proxies[who].cut(),
            Step::Stick(who, way) => self.crowd.proxies[who].stick(way),
            Step::Free(who) => self.crowd.proxies[who].free(),
            Step::Restart(who) => self.crowd.restart(who).await?,
        }
        Ok(())
    }

    /// Starts a server that is down; clients come in once it is known what it remembers.
    async fn start(&mut self, server: usize) -> Result<()> {
        if self.servers[server].address().is_some() {
            return Ok(());
        }
        let address = self.servers[server].start().await?;
        match self.history {
            History::Memory => {
                for found in look(address, &ROOMS).await? {
                    self.begins_anew(&found);
                }
            }
            History::Sqlite => {
                // Only the first has a cause.
                for Found { room, epoch, .. } in look(address, &ROOMS).await? {
                    self.epochs.entry(room).or_insert_with(|| vec![epoch]);
                }
            }
        }
        self.doors.set(server, Some(address));
        Ok(())
    }

    /// There is a cause for a new epoch, which begins with what was found.
    fn begins_anew(&mut self, found: &Found) {
        let known = self.epochs.entry(found.room.clone()).or_default();
        if let Some(old) = known.last() {
            locked(&self.ledger).began_anew(&found.room, old, &found.epoch, found.last);
        }
        known.push(found.epoch.clone());
    }

    /// Everything works again, and nobody says anything new.
    async fn heal(&mut self) -> Result<()> {
        self.crowd.hush();
        for server in 0..self.servers.len() {
            self.servers[server].resume();
            self.start(server).await?;
        }
        self.crowd.proxies.iter().for_each(crate::proxy::Proxy::free);
        Ok(())
    }

    async fn end(mut self) -> Result<Verdict> {
        let found = self.settle().await?;
        self.crowd.finish().await?;
        let mut ledger = locked(&self.ledger);
        for Found { room, epoch, said, .. } in &found {
            ledger.kept(
                room,
                epoch,
                said.iter().map(|said| Sighting {
                    seq: said.seq,
                    prev: said.prev,
                    from: &said.from,
                    id: said.id,
                    text: &said.text,
                    newest: true,
                }),
            );
        }
        for room in ROOMS {
            let known = self.epochs.get(room).map_or(&[][..], Vec::as_slice);
            let surprises = ledger.epochs(room).filter(|epoch| !known.iter().any(|known| known == epoch));
            self.findings
                .extend(surprises.map(|epoch| format!("{room}: epoch {epoch} began without a cause")));
        }
        self.findings.extend(ledger.check().iter().map(ToString::to_string));
        let logs = (0..self.servers.len()).map(|n| {
            let log = self.folder.path().join(format!("server-{n}.log"));
            std::fs::read_to_string(log).unwrap_or_default()
        });
        let logs = if self.findings.is_empty() { Vec::new() } else { logs.collect() };
        Ok(Verdict { findings: self.findings, totals: ledger.totals(), logs })
    }

    /// Waits until everybody stands where the history ends. Returns what is in it.
    async fn settle(&mut self) -> Result<Vec<Found>> {
        let until = Instant::now() + HEALED;
        let server =
            self.servers[0].address().context("the first server is down after everything was healed")?;
        let mut agreed = self.crowd.agree(until).await;
        loop {
            let found = look(server, &ROOMS).await?;
            let heads: Heads =
                found.iter().map(|found| (found.room.clone(), (found.epoch.clone(), found.last))).collect();
            if agreed.is_ok() {
                agreed = self.crowd.reach(&heads, BETWEEN_LOOKS).await;
            }
            match agreed {
                Ok(()) => return Ok(found),
                Err(standings) if Instant::now() >= until => {
                    let most = HEALED.as_secs();
                    self.findings
                        .push(format!("{most} s after all was healed not everybody is there:\n{standings}"));
                    return Ok(found);
                }
                Err(_) => agreed = self.crowd.agree(until).await,
            }
        }
    }
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("nobody panics with the ledger in hand")
}
