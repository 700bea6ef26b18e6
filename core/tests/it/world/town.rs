//! Servers of rooms over one store, behind one address.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use heartline_core::room::engine::{Appended, Draft};
use heartline_core::room::{HubConfig, SessionConfig};
use heartline_core::time::{Duration, Instant};

use super::house::House;
use super::{ConnectionId, Packet, Server, Store, Trouble};

/// The servers, the store and their faults.
pub(crate) struct Town {
    houses: Vec<House>,
    pub(crate) store: Store,
    pub(crate) trouble: Trouble,
    /// Which server a connection came to.
    doors: BTreeMap<ConnectionId, usize>,
    out: VecDeque<(ConnectionId, Packet)>,
    random: fastrand::Rng,
    /// When the first word came.
    epoch: Option<Instant>,
    /// The most that ever waited to be written to one line, in bytes.
    pub(crate) longest_queue: usize,
}

/// How the connections of a server that dies end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Its kernel closes them.
    Process,
    /// Nobody says a word any more; what still comes is reset once the machine is up again.
    Machine,
}

impl Town {
    pub(crate) fn new(
        houses: usize,
        session: &SessionConfig,
        hub: &HubConfig,
        delay: Duration,
        seed: u64,
    ) -> Self {
        let house = |n| House::new(session.clone(), hub.clone(), delay, seed.wrapping_add(n as u64));
        Self {
            houses: (0..houses).map(house).collect(),
            store: Store::default(),
            trouble: Trouble::None,
            doors: BTreeMap::new(),
            out: VecDeque::new(),
            random: fastrand::Rng::with_seed(seed),
            epoch: None,
            longest_queue: 0,
        }
    }

    /// A server is killed.
    pub(crate) fn kill(&mut self, now: Instant, house: usize, death: Death) {
        let (connections, news) = self.houses[house].die(&mut self.store);
        for id in connections {
            self.doors.remove(&id);
            match death {
                Death::Process => self.out.push_back((id, Packet::Reset)),
                Death::Machine => {}
            }
        }
        self.tell(now, &news);
    }

    /// A server is started again.
    pub(crate) fn start(&mut self, house: usize) {
        self.houses[house].up = true;
    }

    /// A server says that it leaves. It has to be killed when the time is over.
    pub(crate) fn drain(&mut self, now: Instant, house: usize, within: Duration) {
        self.houses[house].drain(now, within);
        self.settle(now);
    }

    /// A message comes into the store by a server that is not of this town. Returns its seq.
    pub(crate) fn bring(&mut self, now: Instant, room: &Arc<str>, draft: Draft) -> u64 {
        let Ok(Appended::New(entry)) = self.store.append(room, draft) else { panic!("it is not new") };
        let seq = entry.seq;
        self.tell(now, &[(room.clone(), entry)]);
        seq
    }

    fn tell(&mut self, now: Instant, news: &[super::desk::News]) {
        for news in news {
            self.houses.iter_mut().for_each(|house| house.hear(now, news));
        }
    }

    fn settle(&mut self, now: Instant) {
        let unix_ms =
            1_000_000 + u64::try_from((now - *self.epoch.get_or_insert(now)).as_millis()).unwrap_or_default();
        loop {
            for house in &mut self.houses {
                house.settle(now, unix_ms, &mut self.out);
                self.longest_queue = self.longest_queue.max(house.longest_queue());
            }
            if !self.tell_rosters(now) {
                return;
            }
        }
    }

    /// Lets the servers know who is at the others. Returns whether there was news.
    fn tell_rosters(&mut self, now: Instant) -> bool {
        let mut news = false;
        for from in 0..self.houses.len() {
            for room in self.houses[from].take_changed() {
                news = true;
                for to in (0..self.houses.len()).filter(|to| *to != from) {
                    // Each hears the other: one of the two may have opened the room just now.
                    let (here, there) = (self.houses[from].roster(&room), self.houses[to].roster(&room));
                    self.houses[to].hear_roster(now, &room, from, here);
                    self.houses[from].hear_roster(now, &room, to, there);
                }
            }
        }
        news
    }
}

impl Server for Town {
    fn receive(&mut self, now: Instant, from: ConnectionId, packet: Packet) {
        if matches!(packet, Packet::Dial) {
            let up: Vec<usize> = (0..self.houses.len()).filter(|house| self.houses[*house].up).collect();
            let Some(&house) = self.random.choice(&up) else {
                return self.out.push_back((from, Packet::Reset));
            };
            self.doors.insert(from, house);
        }
        let Some(&house) = self.doors.get(&from) else {
            if !matches!(packet, Packet::Fin | Packet::Reset | Packet::Close { .. }) {
                self.out.push_back((from, Packet::Reset));
            }
            return;
        };
        self.houses[house].receive(now, from, packet, &mut self.out);
        self.settle(now);
    }

    fn taken(&mut self, now: Instant, to: ConnectionId, messages: usize) {
        if let Some(&house) = self.doors.get(&to) {
            self.houses[house].taken(now, to, messages);
            self.settle(now);
        }
    }

    fn tick(&mut self, now: Instant) {
        for n in 0..self.houses.len() {
            self.houses[n].tick(now);
            let news = self.houses[n].commit(now, &mut self.store, self.trouble);
            self.tell(now, &news);
        }
        self.settle(now);
    }

    fn next_tick(&self) -> Option<Instant> {
        self.houses.iter().filter_map(House::next_tick).min()
    }

    fn poll_send(&mut self) -> Option<(ConnectionId, Packet)> {
        self.out.pop_front()
    }
}
