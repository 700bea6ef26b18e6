use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::room::{HubConfig, Identity};
use crate::time::{Duration, Instant};
use crate::wire::{Member, ServerMessage};

/// Who is in one room, and what of it has been told.
///
/// Somebody who loses the line counts as present for a while, so that a reconnect is no news. What changed is told at most once in
/// so often, to all with the same bytes. The last tellings are kept, for lines that could take none when it was their turn.
#[derive(Debug)]
pub(super) struct Presence {
    listed: usize,
    every: Duration,
    leave_after: Duration,
    leaving_at_most: usize,
    members: BTreeMap<Identity, Seat>,
    leaving: BTreeSet<(Instant, Identity)>,
    /// Not told yet. Who is in one is not in the other.
    came: BTreeMap<Identity, Arc<str>>,
    went: BTreeMap<Identity, Arc<str>>,
    tellings: VecDeque<Telling>,
    /// How many tellings there were.
    version: u64,
    next: Instant,
    /// A line could not take the last one.
    missed: bool,
}

#[derive(Debug)]
struct Seat {
    name: Arc<str>,
    told: bool,
    leaves_at: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
struct Telling {
    came: BTreeMap<Identity, Arc<str>>,
    went: BTreeMap<Identity, Arc<str>>,
}

/// How many members of a large room somebody who joins is told by name.
const LISTED_OF_MANY: usize = 20;

/// How many tellings are kept for lines that missed some.
const KEPT_TELLINGS: usize = 8;

impl Presence {
    pub(super) const fn new(config: &HubConfig, now: Instant) -> Self {
        Self {
            listed: config.members,
            every: config.presence_every,
            leave_after: config.leave_after,
            leaving_at_most: config.leaving,
            members: BTreeMap::new(),
            leaving: BTreeSet::new(),
            came: BTreeMap::new(),
            went: BTreeMap::new(),
            tellings: VecDeque::new(),
            version: 0,
            next: now,
            missed: false,
        }
    }

    pub(super) fn arrive(&mut self, identity: Identity, name: Arc<str>) {
        if let Some(seat) = self.members.get_mut(&identity) {
            if let Some(at) = seat.leaves_at.take() {
                self.leaving.remove(&(at, identity));
            }
            if seat.name == name {
                return;
            }
            seat.name = name.clone();
        } else {
            // Whoever went and came back between two tellings was never away.
            let told = self.went.remove(&identity);
            let same = told.as_ref() == Some(&name);
            let seat = Seat { name: name.clone(), told: told.is_some(), leaves_at: None };
            self.members.insert(identity, seat);
            if same {
                return;
            }
        }
        self.came.insert(identity, name);
    }

    pub(super) fn lose(&mut self, now: Instant, identity: Identity) {
        let Some(seat) = self.members.get_mut(&identity) else { return };
        if self.leaving.len() >= self.leaving_at_most {
            self.remove(identity);
            return;
        }
        let at = now + self.leave_after;
        seat.leaves_at = Some(at);
        self.leaving.insert((at, identity));
    }

    /// Lets time pass. Returns whether there is something to tell now: then [`version`](Self::version) names the latest telling.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        while let Some(&(at, identity)) = self.leaving.first()
            && at <= now
        {
            self.leaving.pop_first();
            self.remove(identity);
        }
        if !self.has_news() || now < self.next {
            return false;
        }
        self.next = now + self.every;
        self.missed = false;
        if self.came.is_empty() && self.went.is_empty() {
            return true;
        }
        for identity in self.came.keys() {
            if let Some(seat) = self.members.get_mut(identity) {
                seat.told = true;
            }
        }
        self.version += 1;
        if self.tellings.len() == KEPT_TELLINGS {
            self.tellings.pop_front();
        }
        let telling = Telling { came: std::mem::take(&mut self.came), went: std::mem::take(&mut self.went) };
        // A large room's names are told to nobody; nothing is gained by keeping them.
        let large = self.members.len() > self.listed || telling.came.len() + telling.went.len() > self.listed;
        self.tellings.push_back(if large { Telling::default() } else { telling });
        true
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let leave = self.leaving.first().map(|(at, _)| *at);
        let tell = self.has_news().then_some(self.next);
        [leave, tell].into_iter().flatten().min()
    }

    /// Some line could not take the telling; there will be another.
    pub(super) const fn set_missed(&mut self, missed: bool) {
        self.missed = missed;
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn total(&self) -> u64 {
        self.members.len() as u64
    }

    /// For somebody who joins: itself and others, as far as there is room for them. Who has not been told of yet comes in the next telling.
    pub(super) fn list(&self, own: Identity) -> Vec<Member> {
        let mut listed: Vec<Member> = Vec::new();
        if let Some(seat) = self.members.get(&own) {
            listed.push(member(&own, &seat.name));
        }
        // A list that is not whole and will not be kept up to date needs no length.
        let most =
            if self.members.len() > self.listed { self.listed.min(LISTED_OF_MANY) } else { self.listed };
        let others = self.members.iter().filter(|(identity, seat)| seat.told && **identity != own);
        listed
            .extend(others.map(|(identity, seat)| member(identity, &seat.name)).take(most.saturating_sub(1)));
        listed
    }

    /// What changed since a telling, or only the total where that is too long ago or too much.
    pub(super) fn news_since(&self, room: &str, told: u64) -> Option<ServerMessage> {
        let missed = usize::try_from(self.version.checked_sub(told)?).ok()?;
        let mut net = Telling::default();
        if let Some(from) = self.tellings.len().checked_sub(missed) {
            for telling in self.tellings.range(from..) {
                net.add(telling);
            }
        }
        if net.came.len() + net.went.len() > self.listed {
            net = Telling::default();
        }
        Some(ServerMessage::Members {
            room: room.to_owned(),
            joined: net.came.iter().map(|(identity, name)| member(identity, name)).collect(),
            left: net.went.iter().map(|(identity, name)| member(identity, name)).collect(),
            total: self.total(),
        })
    }

    /// Whether the latest telling says nothing but that this one came, which it knows from its own `joined`.
    pub(super) fn is_own_arrival(&self, identity: Identity) -> bool {
        self.tellings.back().is_some_and(|telling| {
            telling.went.is_empty() && telling.came.len() == 1 && telling.came.contains_key(&identity)
        })
    }

    fn has_news(&self) -> bool {
        self.missed || !self.came.is_empty() || !self.went.is_empty()
    }

    fn remove(&mut self, identity: Identity) {
        let Some(seat) = self.members.remove(&identity) else { return };
        self.came.remove(&identity);
        if seat.told {
            self.went.insert(identity, seat.name);
        }
    }
}

impl Telling {
    /// This and what came after it, as one.
    fn add(&mut self, later: &Self) {
        for (identity, name) in &later.came {
            self.went.remove(identity);
            self.came.insert(*identity, name.clone());
        }
        for (identity, name) in &later.went {
            self.came.remove(identity);
            self.went.insert(*identity, name.clone());
        }
    }
}

fn member(identity: &Identity, name: &str) -> Member {
    Member { from: identity.to_string(), name: name.to_owned() }
}
