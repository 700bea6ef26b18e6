//! Many messages, and a kill in the middle of them.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::crowd::Talk;
use crate::history::History;
use crate::life::{Life, Setup};
use crate::plan::Step;
use crate::verdict::Verdict;

/// A server takes some twenty a second of each client: so it takes that many clients to say much.
const CLIENTS: u64 = 100;
/// Where one room is to be shared by all: each hears everything.
const CLIENTS_OF_ONE_ROOM: u64 = 10;
/// How long it takes to say one message, on a machine that is busy. Bounds the wait, and is never reached unless something hangs.
const EACH: Duration = Duration::from_millis(20);

/// So many messages, and what happens in the middle of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long {
    /// Where the history lies. One that ends with its server is none for this.
    pub history: History,
    /// How many messages are said, at least.
    pub messages: u64,
    /// What the clients' words and pauses are drawn from.
    pub seed: u64,
}

impl Long {
    /// Lives it: with one server, that is killed in the middle and started again; with several, first the broker that leads is
    /// killed in the middle, and then one of the servers, and all of them serve one room.
    ///
    /// # Errors
    /// As [`live`](crate::live); nothing is to outlive anything in this history.
    pub async fn live(self, setup: &Setup) -> Result<Verdict> {
        let steps = match self.history {
            History::Sqlite => &[(50, Step::Kill(0)), (50, Step::Start(0))][..],
            History::Nats | History::Cluster => {
                &[(40, Step::KillBroker), (50, Step::StartBrokers), (60, Step::Kill(0)), (70, Step::Start(0))]
            }
            History::Memory | History::Trimmed => {
                bail!("what {} lets go of cannot be told from what is lost", self.history)
            }
        };
        let talk = self.talk();
        let (all, most) = (talk.words.unwrap_or_default() * talk.clients as u64, self.most());
        let mut life = Life::begin(setup, self.history, talk, false).await?;
        let end = (100, None);
        for (percent, step) in steps.iter().map(|(percent, step)| (*percent, Some(*step))).chain([end]) {
            if let Err(standings) = life.crowd.have_said(all * percent / 100, most).await {
                life.findings.push(format!("not even {percent} % was said within {most:?}:\n{standings}"));
                break;
            }
            if let Some(step) = step {
                life.happen(step).await?;
            }
        }
        life.heal().await?;
        life.end().await
    }

    fn talk(self) -> Talk {
        let (clients, rooms) = if self.history.servers() == 1 {
            (CLIENTS, CLIENTS as usize / 2)
        } else {
            (CLIENTS_OF_ONE_ROOM, 1)
        };
        let words = Some(self.messages.div_ceil(clients));
        Talk { clients: clients as usize, rooms, words, seed: self.seed }
    }

    fn most(self) -> Duration {
        Duration::from_secs(120) + EACH.mul_f64(self.messages as f64)
    }
}
