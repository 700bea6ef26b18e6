//! What is wrong when all was healed.

use std::time::Duration;

use anyhow::{Context, Result};
use heartline_core::wire::Said;
use heartline_ledger::{Sighting, Totals};
use tokio::time::{Instant, sleep};

use crate::crowd::Heads;
use crate::history::History;
use crate::life::{Life, locked};
use crate::look::{Found, look};

/// The longest a healed world may take until everybody has everything, on a machine that is busy. Reached only when something hangs.
const HEALED: Duration = Duration::from_secs(90);
/// Between two looks at the history while what was on its way at the last word still arrives.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// So many looks at what was noted are awaited of each server: the first may have begun before all was healed.
const CHECKS: u64 = 2;

/// More findings than this are only counted: one cause has many.
const TOLD: usize = 30;

/// What came of a life.
#[derive(Debug)]
pub struct Verdict {
    /// What is wrong; nothing, if all is well.
    pub findings: Vec<String>,
    /// How much was promised and seen.
    pub totals: Totals,
    /// What should be known all the same: what this machine does not let us try, and what brokers lost and servers told.
    pub notes: Vec<String>,
    /// The servers' logs, for whoever looks for the cause.
    pub logs: Vec<String>,
}

impl Life {
    /// Asks the ledger, when everybody stands where the history ends.
    pub(crate) async fn end(mut self) -> Result<Verdict> {
        let mut found = self.settle().await?;
        if self.history == History::Cluster && self.broker_failed {
            self.until_told().await;
            found = self.settle().await?;
        }
        self.crowd.finish().await?;
        let totals = self.judge(&found);
        if !self.findings.is_empty() && self.history == History::Cluster && self.broker_failed {
            self.excuse().await;
        }
        let logs = (0..self.servers.len()).map(|n| {
            let log = self.folder.path().join(format!("server-{n}.log"));
            std::fs::read_to_string(log).unwrap_or_default()
        });
        let (notes, logs) = (self.place.notes.clone(), logs.collect());
        Ok(Verdict { findings: self.findings, totals, notes, logs })
    }

    /// Until servers have found out what the brokers lost: when all can work again, and have found nothing more to be missing.
    async fn until_told(&mut self) {
        let until = Instant::now() + HEALED;
        for (n, server) in self.servers.iter().enumerate() {
            let mut enough = None;
            let is_told = loop {
                if let (true, Some(checks)) = (server.is_ready().await, server.checks().await)
                    && checks >= *enough.get_or_insert(checks + CHECKS)
                {
                    break true;
                }
                if Instant::now() >= until {
                    break false;
                }
                sleep(BETWEEN_LOOKS).await;
            };
            if !is_told {
                self.findings.push(format!("server {n} does not come to check the history"));
            }
        }
    }

    /// Brokers that keep different histories, or lost what they had, are at fault themselves, and nothing can be asked of what members
    /// saw of it.
    async fn excuse(&mut self) {
        let Some(fault) = self.place.disagreement().await else { return };
        let count = self.findings.len();
        let first = self.findings.first().map(String::as_str).unwrap_or_default();
        self.place.notes.push(format!(
            "the brokers are at fault: {fault}. {count} findings follow from it, such as: {first}"
        ));
        self.findings.clear();
    }

    /// What the ledger says to all this.
    fn judge(&mut self, found: &[Found]) -> Totals {
        let mut ledger = locked(&self.ledger);
        for Found { room, epoch, last, said } in found {
            if self.history == History::Trimmed {
                // What was let go of at any time is so now.
                let trimmed = said.first().map_or(*last, |first| first.prev);
                ledger.may_lack(room, epoch, 1..=trimmed);
            }
            let there: Vec<Sighting<'_>> = said.iter().map(sighting).collect();
            ledger.kept(room, epoch, there.iter().copied());
            let known = self.epochs.get(room).map_or(&[][..], Vec::as_slice);
            let surprises: Vec<String> = ledger
                .epochs(room)
                .filter(|epoch| !known.iter().any(|known| known == epoch))
                .map(str::to_owned)
                .collect();
            match (&surprises[..], known) {
                ([], _) => {}
                // Three brokers lose nothing when one dies, it is said. Should they all the same, it is told.
                ([anew], [.., old])
                    if self.history == History::Cluster && self.broker_failed && anew == epoch =>
                {
                    let kept = ledger.lost_end(room, old, anew, &there);
                    self.place.notes.push(match kept {
                        Some(kept) => {
                            format!("{room}: the brokers lost what they had taken above {kept}, and a new epoch says so")
                        }
                        None => format!("{room}: a new epoch began, and all that anybody was told of is in it"),
                    });
                }
                (surprises, _) => {
                    let what = format!("{room}: epochs began without a cause: {}", surprises.join(", "));
                    self.findings.push(what);
                }
            }
        }
        self.findings.extend(ledger.check().iter().map(ToString::to_string));
        if let Some(more) = self.findings.len().checked_sub(TOLD).filter(|more| *more > 0) {
            self.findings.truncate(TOLD);
            self.findings.push(format!("and {more} more"));
        }
        ledger.totals()
    }

    /// Waits until everybody stands where the history ends. Returns what is in it.
    async fn settle(&mut self) -> Result<Vec<Found>> {
        let until = Instant::now() + HEALED;
        let server =
            self.servers[0].address().context("the first server is down after everything was healed")?;
        loop {
            let mut agreed = self.crowd.agree(until).await;
            let found = look(server, &self.rooms).await;
            match &found {
                Ok(found) if agreed.is_ok() => {
                    let heads = found.iter().map(|at| (at.room.clone(), (at.epoch.clone(), at.last)));
                    agreed = self.crowd.reach(&heads.collect::<Heads>(), BETWEEN_LOOKS).await;
                }
                Ok(_) => {}
                // A server that has just come back may hang up once more.
                Err(_) => sleep(BETWEEN_LOOKS).await,
            }
            let late = Instant::now() >= until;
            match (found, agreed) {
                (Ok(found), Ok(())) => return Ok(found),
                (found, Err(standings)) if late => {
                    let most = HEALED.as_secs();
                    let what = format!("{most} s after all was healed not everybody is there:\n{standings}");
                    self.findings.push(what);
                    return Ok(found.unwrap_or_default());
                }
                (Err(error), Ok(())) if late => {
                    self.findings.push(format!("the history cannot be read: {error:#}"));
                    return Ok(Vec::new());
                }
                (Ok(_) | Err(_), Ok(()) | Err(_)) => {}
            }
        }
    }
}

fn sighting(said: &Said) -> Sighting<'_> {
    Sighting { seq: said.seq, prev: said.prev, from: &said.from, id: said.id, text: &said.text, newest: true }
}
