//! Members who talk as fast as they are answered, and how long that took.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::member::{Heard, Member};

/// Who talks, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) rooms: usize,
    /// In each room.
    pub(crate) members: usize,
    /// How many of them talk.
    pub(crate) writers: usize,
    /// Of each writer; a server takes a hundred at once and some twenty a second from there on.
    pub(crate) messages: usize,
    /// Of each writer, said and not yet accepted.
    pub(crate) in_flight: usize,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) accepted: usize,
    pub(crate) delivered: usize,
    pub(crate) took: Duration,
    /// From saying it to hearing that it is durable, sorted.
    pub(crate) until_accepted: Vec<Duration>,
    /// From saying it to the moment when the last member has it, sorted.
    pub(crate) until_last: Vec<Duration>,
}

/// One message on its way.
struct Underway {
    said_at: AtomicU64,
    missing: AtomicU32,
}

/// Lets everybody come in, talk, hear everything, and go.
pub(crate) async fn talk(address: SocketAddr, prefix: &str, load: Load) -> Outcome {
    let mut members = Vec::new();
    for room in 0..load.rooms {
        for place in 0..load.members {
            let name = format!("{prefix} {room}");
            let (member, last) = Member::join(address, &name, None).await;
            let writes = if place < load.writers { load.messages } else { 0 };
            members.push((member, name, room, place, writes, last));
        }
    }
    let of_room = load.writers * load.messages;
    let underway: Arc<Vec<Underway>> = (0..load.rooms * of_room)
        .map(|_| Underway { said_at: AtomicU64::new(0), missing: AtomicU32::new(load.members as u32) })
        .collect::<Vec<_>>()
        .into();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (member, name, room, place, writes, last) in members {
        let first = room * of_room + place * load.messages;
        let underway = Arc::clone(&underway);
        tasks.spawn(async move {
            Talker {
                member,
                name,
                first,
                writes,
                last,
                of_room,
                underway,
                started,
                outcome: Outcome::default(),
            }
            .run(load.in_flight)
            .await
        });
    }
    let mut whole = Outcome::default();
    let mut lines = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (one, line) = done.unwrap();
        whole.accepted += one.accepted;
        whole.delivered += one.delivered;
        whole.until_accepted.extend(one.until_accepted);
        whole.until_last.extend(one.until_last);
        // Nobody hangs up before all are done: goodbyes are no part of the load.
        lines.push(line);
    }
    whole.took = started.elapsed();
    whole.until_accepted.sort();
    whole.until_last.sort();
    whole
}

struct Talker {
    member: Member,
    name: String,
    /// The number of its first message.
    first: usize,
    writes: usize,
    /// Messages up to here are of earlier.
    last: u64,
    of_room: usize,
    underway: Arc<Vec<Underway>>,
    started: Instant,
    outcome: Outcome,
}

impl Talker {
    async fn run(mut self, in_flight: usize) -> (Outcome, Member) {
        let mut said = 0;
        while self.outcome.delivered < self.of_room || self.outcome.accepted < self.writes {
            while said < self.writes && said - self.outcome.accepted < in_flight {
                let number = self.first + said;
                self.underway[number].said_at.store(self.now(), Ordering::Relaxed);
                said += 1;
                self.member.say(&self.name, said as u64, number).await;
            }
            match self.member.hear().await {
                Heard::Said { number, seq } if seq > self.last => {
                    self.outcome.delivered += 1;
                    let underway = &self.underway[number];
                    if underway.missing.fetch_sub(1, Ordering::Relaxed) == 1 {
                        let took = self.now() - underway.said_at.load(Ordering::Relaxed);
                        self.outcome.until_last.push(Duration::from_nanos(took));
                    }
                }
                Heard::Accepted { id } => {
                    self.outcome.accepted += 1;
                    let said_at = &self.underway[self.first + id as usize - 1].said_at;
                    let took = self.now() - said_at.load(Ordering::Relaxed);
                    self.outcome.until_accepted.push(Duration::from_nanos(took));
                }
                Heard::Said { .. } | Heard::Joined { .. } | Heard::Other => {}
            }
        }
        (self.outcome, self.member)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).expect("a run is shorter than five hundred years")
    }
}

/// The value below which so many hundredths of them are. They are sorted.
pub(crate) fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    sorted
        .get((sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
