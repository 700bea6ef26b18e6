//! All clients of a life, each with a way of its own to the servers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use heartline_ledger::Ledger;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::client::{self, End, Person, Standing, Standings};
use crate::proxy::{Doors, Proxy};

/// Where people meet first.
const NAMES: [&str; 3] = ["tea", "coffee", ">*.  ☕"];

/// Where a room stands: its epoch and its newest seq.
pub(crate) type Heads = BTreeMap<String, (String, u64)>;

/// Who talks, where, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    pub(crate) clients: usize,
    /// Each client is in two of them, if there are two.
    pub(crate) rooms: usize,
    /// How much each has to say; else each goes on until it is told to be silent.
    pub(crate) words: Option<u64>,
    pub(crate) seed: u64,
}

/// The clients, and the proxies they dial.
#[derive(Debug)]
pub(crate) struct Crowd {
    talk: Talk,
    people: Vec<Member>,
    pub(crate) proxies: Vec<Proxy>,
    ledger: Arc<Mutex<Ledger>>,
    standings: Arc<Standings>,
    talks: watch::Sender<bool>,
}

#[derive(Debug)]
struct Member {
    run: u64,
    end: oneshot::Sender<End>,
    task: JoinHandle<Result<()>>,
}

impl Crowd {
    /// So many clients, who begin to talk at once.
    pub(crate) async fn gather(talk: Talk, doors: &Doors, ledger: &Arc<Mutex<Ledger>>) -> Result<Self> {
        let mut crowd = Self {
            talk,
            people: Vec::new(),
            proxies: Vec::new(),
            ledger: Arc::clone(ledger),
            standings: Arc::new(watch::Sender::new(BTreeMap::new())),
            talks: watch::Sender::new(true),
        };
        for who in 0..talk.clients {
            crowd.proxies.push(Proxy::open(doors.clone(), talk.seed.wrapping_add(who as u64)).await?);
            let member = crowd.begin(who, 0);
            crowd.people.push(member);
        }
        Ok(crowd)
    }

    /// Somebody's program is gone, and runs once more.
    pub(crate) async fn restart(&mut self, who: usize) -> Result<()> {
        let run = self.people[who].run + 1;
        let next = self.begin(who, run);
        std::mem::replace(&mut self.people[who], next).ends(End::Gone).await
    }

    /// Nobody says anything new.
    pub(crate) fn hush(&self) {
        self.talks.send_replace(false);
    }

    /// Waits until so much was said by all together, at most so long.
    ///
    /// # Errors
    /// It was not; who stands where, in words.
    pub(crate) async fn have_said(&self, words: u64, most: Duration) -> Result<(), String> {
        let mut standings = self.standings.subscribe();
        let enough = |all: &BTreeMap<usize, Standing>| all.values().map(|one| one.said).sum::<u64>() >= words;
        let said = timeout_at(Instant::now() + most, standings.wait_for(enough)).await.is_ok();
        if said { Ok(()) } else { Err(describe(&self.standings.borrow())) }
    }

    /// Waits until everybody has everything that all others have.
    ///
    /// # Errors
    /// Who does not, in words.
    pub(crate) async fn agree(&self, until: Instant) -> Result<(), String> {
        let mut standings = self.standings.subscribe();
        let agreed = timeout_at(until, standings.wait_for(|all| agree(all, None))).await.is_ok();
        if agreed { Ok(()) } else { Err(describe(&self.standings.borrow())) }
    }

    /// Waits until everybody stands at these heads, at most so long.
    ///
    /// # Errors
    /// Who does not, in words.
    pub(crate) async fn reach(&self, heads: &Heads, most: Duration) -> Result<(), String> {
        let mut standings = self.standings.subscribe();
        let agreed = timeout_at(Instant::now() + most, standings.wait_for(|all| agree(all, Some(heads))))
            .await
            .is_ok();
        if agreed { Ok(()) } else { Err(describe(&self.standings.borrow())) }
    }

    /// Everybody goes home.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        for member in self.people.drain(..) {
            member.ends(End::Finish).await?;
        }
        Ok(())
    }

    fn begin(&self, who: usize, run: u64) -> Member {
        let Talk { rooms, words, seed, .. } = self.talk;
        let mut rooms = vec![room(who % rooms), room((who + 1) % rooms)];
        rooms.dedup();
        let person = Person { who, run, rooms, words, seed: seed.wrapping_add(1000 * run + who as u64) };
        let (end, ends) = oneshot::channel();
        let task = tokio::spawn(client::run(
            person,
            self.proxies[who].address,
            Arc::clone(&self.ledger),
            Arc::clone(&self.standings),
            self.talks.subscribe(),
            ends,
        ));
        Member { run, end, task }
    }
}

impl Member {
    async fn ends(self, how: End) -> Result<()> {
        // One that ended by itself has an error to tell.
        let _ = self.end.send(how);
        self.task.await.context("a client panicked")?
    }
}

impl Talk {
    /// The names of all rooms.
    pub(crate) fn rooms(&self) -> Vec<String> {
        (0..self.rooms).map(room).collect()
    }
}

fn room(index: usize) -> String {
    NAMES.get(index).map_or_else(|| format!("room {index}"), |name| (*name).to_owned())
}

fn agree(all: &BTreeMap<usize, Standing>, heads: Option<&Heads>) -> bool {
    let mut known = heads.cloned().unwrap_or_default();
    all.values().all(|standing| {
        standing.unsettled == 0
            && standing.rooms.iter().all(|(room, stand)| {
                let Some(epoch) = stand.epoch.clone().filter(|_| stand.complete) else { return false };
                let here = (epoch, stand.newest);
                *known.entry(room.clone()).or_insert_with(|| here.clone()) == here
            })
    })
}

fn describe(all: &BTreeMap<usize, Standing>) -> String {
    let lines = all.iter().map(|(who, standing)| format!("  person {who}: {standing:?}"));
    lines.collect::<Vec<_>>().join("\n")
}
