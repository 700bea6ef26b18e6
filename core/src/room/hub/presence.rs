use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::room::engine::{Roster, ServerId};
use crate::room::{HubConfig, Identity};
use crate::time::{Duration, Instant};
use crate::wire::{Member, ServerMessage};

mod elsewhere;

/// Who is in one room, here and at other servers, and what of it has been told.
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
    /// How many of them are here.
    here: usize,
    /// Who is here changed since [`take_roster`](Self::take_roster).
    changed: bool,
    /// Who is at other servers.
    rosters: BTreeMap<ServerId, Roster>,
    /// The total changed without a name.
    recounted: bool,
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
    /// Has a line here, or had one until just now.
    here: bool,
    leaves_at: Option<Instant>,
    /// At how many other servers it is.
    there: usize,
}

#[derive(Clone, Debug, Default)]
struct Telling {
    came: BTreeMap<Identity, Arc<str>>,
    went: BTreeMap<Identity, Arc<str>>,
    /// There are more or fewer whose names are not told.
    recounted: bool,
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
            here: 0,
            changed: false,
            rosters: BTreeMap::new(),
            recounted: false,
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
        let seat = self.seat(identity, name.clone());
        let was_here = std::mem::replace(&mut seat.here, true);
        let left_at = seat.leaves_at.take();
        let renamed = seat.name != name;
        if renamed {
            seat.name = name.clone();
            self.came.insert(identity, name);
        }
        self.here += usize::from(!was_here);
        self.changed |= renamed || !was_here;
        if let Some(at) = left_at {
            self.leaving.remove(&(at, identity));
        }
    }

    /// The seat of somebody who is there, or comes now.
    fn seat(&mut self, identity: Identity, name: Arc<str>) -> &mut Seat {
        self.members.entry(identity).or_insert_with(|| {
            // Whoever went and came back between two tellings was never away.
            let told = self.went.remove(&identity);
            if told.as_ref() != Some(&name) {
                self.came.insert(identity, name.clone());
            }
            Seat { name, told: told.is_some(), here: false, leaves_at: None, there: 0 }
        })
    }

    pub(super) fn lose(&mut self, now: Instant, identity: Identity) {
        let Some(seat) = self.members.get_mut(&identity).filter(|seat| seat.here) else { return };
        if self.leaving.len() >= self.leaving_at_most {
            self.depart(identity);
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
            self.depart(identity);
        }
        if !self.has_news() || now < self.next {
            return false;
        }
        self.next = now + self.every;
        self.missed = false;
        let recounted = std::mem::take(&mut self.recounted);
        if self.came.is_empty() && self.went.is_empty() && !recounted {
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
        let (came, went) = (std::mem::take(&mut self.came), std::mem::take(&mut self.went));
        // A large room's names are told to nobody; nothing is gained by keeping them.
        let large = self.is_large() || came.len() + went.len() > self.listed;
        let telling = Telling { came, went, recounted };
        self.tellings.push_back(if large { Telling { recounted, ..Telling::default() } } else { telling });
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
        self.members.len() as u64 + self.rosters.values().map(Roster::unnamed).sum::<u64>()
    }

    /// How many are here.
    pub(super) const fn here(&self) -> usize {
        self.here
    }

    /// Who is here, if that changed.
    pub(super) fn take_roster(&mut self) -> Option<Roster> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let most = if self.here > self.listed { LISTED_OF_MANY } else { self.listed };
        let here = self.members.iter().filter(|(_, seat)| seat.here);
        let members = here.map(|(identity, seat)| (*identity, seat.name.clone())).take(most).collect();
        Some(Roster { members, total: self.here as u64 })
    }

    /// For somebody who joins: itself and others, as they were told to those who are there, as far as there is room for them. Who came
    /// and went since is in the next telling; who went and comes back before it is not.
    pub(super) fn list(&self, own: Identity) -> Vec<Member> {
        let mut listed: Vec<Member> = Vec::new();
        if let Some(seat) = self.members.get(&own) {
            listed.push(member(&own, &seat.name));
        }
        // A list that is not whole and will not be kept up to date needs no length.
        let most = if self.is_large() { self.listed.min(LISTED_OF_MANY) } else { self.listed };
        let told =
            self.members.iter().filter(|(_, seat)| seat.told).map(|(identity, seat)| (identity, &seat.name));
        let others = told.chain(&self.went).filter(|(identity, _)| **identity != own);
        listed.extend(others.map(|(identity, name)| member(identity, name)).take(most.saturating_sub(1)));
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
            !telling.recounted
                && telling.went.is_empty()
                && telling.came.len() == 1
                && telling.came.contains_key(&identity)
        })
    }

    fn is_large(&self) -> bool {
        self.total() > self.listed as u64
    }

    fn has_news(&self) -> bool {
        self.missed || self.changed || self.recounted || !self.came.is_empty() || !self.went.is_empty()
    }

    /// Somebody is not here any more.
    fn depart(&mut self, identity: Identity) {
        let Some(seat) = self.members.get_mut(&identity) else { return };
        (seat.here, seat.leaves_at) = (false, None);
        (self.here, self.changed) = (self.here - 1, true);
        self.forget(identity);
    }

    /// Somebody went, unless it is somewhere still.
    fn forget(&mut self, identity: Identity) {
        if self.members.get(&identity).is_none_or(|seat| seat.here || seat.there > 0) {
            return;
        }
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
