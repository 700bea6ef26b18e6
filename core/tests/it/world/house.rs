//! One server of rooms: real sessions and a real hub, with its way to the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use heartline_core::line::Message;
use heartline_core::room::engine::{Reply, Request, Roster, ServerId};
use heartline_core::room::{
    Hub, HubConfig, LineId, OpenGate, Parcel, Session, SessionConfig, Transmit, weight,
};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::PROTOCOL;

use super::desk::{Desk, News};
use super::{ConnectionId, Packet, Store, Trouble};

/// One server.
#[derive(Debug)]
pub(super) struct House {
    pub(super) up: bool,
    hub: Hub,
    desk: Desk,
    guests: BTreeMap<ConnectionId, Guest>,
    connections: BTreeMap<LineId, ConnectionId>,
    session: Arc<SessionConfig>,
    config: HubConfig,
    lines: u64,
    random: fastrand::Rng,
    /// Who is here, in each room that is open.
    rosters: BTreeMap<Arc<str>, Roster>,
    /// In which rooms that changed, and was not told to other servers.
    changed: BTreeSet<Arc<str>>,
}

#[derive(Debug)]
struct Guest {
    line: LineId,
    session: Session,
    /// What the kernel has not taken.
    writing: VecDeque<Parcel>,
    /// What the session does not want to read yet.
    unread: VecDeque<String>,
}

impl House {
    pub(super) fn new(session: SessionConfig, config: HubConfig, delay: Duration, seed: u64) -> Self {
        Self {
            up: true,
            hub: Hub::new(config.clone(), fastrand::Rng::with_seed(seed)),
            desk: Desk::new(delay, seed),
            guests: BTreeMap::new(),
            connections: BTreeMap::new(),
            session: Arc::new(session),
            config,
            lines: 0,
            random: fastrand::Rng::with_seed(seed),
            rosters: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(super) fn receive(
        &mut self,
        now: Instant,
        from: ConnectionId,
        packet: Packet,
        out: &mut VecDeque<(ConnectionId, Packet)>,
    ) {
        match packet {
            Packet::Dial => {
                self.lines += 1;
                let line = LineId(self.lines);
                let session = Session::new(
                    Arc::clone(&self.session),
                    Arc::new(OpenGate),
                    line,
                    now,
                    self.random.u64(..),
                );
                let guest = Guest { line, session, writing: VecDeque::new(), unread: VecDeque::new() };
                self.guests.insert(from, guest);
                self.connections.insert(line, from);
                out.push_back((from, Packet::Accept { subprotocol: Some(PROTOCOL.to_owned()) }));
            }
            Packet::Message(Message::Text(text)) => {
                if let Some(guest) = self.guests.get_mut(&from) {
                    guest.unread.push_back(text);
                } else {
                    out.push_back((from, Packet::Reset));
                }
            }
            Packet::Message(Message::Binary(_)) => panic!("heartline.v1 has no binary"),
            Packet::Close { .. } | Packet::Fin | Packet::Reset => self.part(now, from),
            Packet::Accept { .. } | Packet::Refuse { .. } | Packet::Ping(_) | Packet::Pong(_) => {}
        }
    }

    pub(super) fn taken(&mut self, now: Instant, to: ConnectionId, messages: usize) {
        let Some(guest) = self.guests.get_mut(&to) else { return };
        guest.session.handle_progress(now);
        for parcel in guest.writing.drain(..messages.min(guest.writing.len())).collect::<Vec<_>>() {
            guest.session.handle_sent(now, &parcel);
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        for guest in self.guests.values_mut() {
            if guest.session.poll_timeout().is_some_and(|(at, _)| at <= now) {
                guest.session.handle_timeout(now);
                let again = guest.session.poll_timeout();
                assert!(again.is_none_or(|(at, _)| at > now), "{again:?} would be busy");
            }
        }
        self.hub.handle_timeout(now);
        assert!(self.hub.poll_timeout().is_none_or(|(at, _)| at > now), "the hub would be busy");
    }

    pub(super) fn hear(&mut self, now: Instant, news: &News) {
        if self.up {
            self.desk.hear(now, news.clone());
        }
    }

    pub(super) fn commit(&mut self, now: Instant, store: &mut Store, trouble: Trouble) -> Vec<News> {
        self.desk.commit(now, store, trouble)
    }

    /// Loses everything but what the store has. Returns its connections, and what became durable in the last moment.
    pub(super) fn die(&mut self, store: &mut Store) -> (Vec<ConnectionId>, Vec<News>) {
        self.up = false;
        let news = self.desk.die(store);
        self.hub = Hub::new(self.config.clone(), fastrand::Rng::with_seed(self.random.u64(..)));
        self.connections.clear();
        self.changed.extend(std::mem::take(&mut self.rosters).into_keys());
        (std::mem::take(&mut self.guests).into_keys().collect(), news)
    }

    /// The rooms in which it changed who is here.
    pub(super) fn take_changed(&mut self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.changed)
    }

    /// Who is here in a room; nobody in one that is not open.
    pub(super) fn roster(&self, room: &str) -> Roster {
        self.rosters.get(room).cloned().unwrap_or_default()
    }

    /// Another server says who is there.
    pub(super) fn hear_roster(&mut self, now: Instant, room: &Arc<str>, server: usize, roster: Roster) {
        self.hub
            .handle_reply(now, Reply::There { room: room.clone(), server: ServerId(server as u64), roster });
    }

    pub(super) fn drain(&mut self, now: Instant, within: Duration) {
        self.hub.drain(now, within);
    }

    pub(super) fn next_tick(&self) -> Option<Instant> {
        let sessions = self.guests.values().filter_map(|guest| guest.session.poll_timeout());
        let hub = self.hub.poll_timeout().map(|(at, _)| at);
        sessions.map(|(at, _)| at).chain(hub).chain(self.desk.poll_timeout()).min()
    }

    /// Carries what sessions, hub and desk have for each other, until they have nothing more.
    pub(super) fn settle(&mut self, now: Instant, unix_ms: u64, out: &mut VecDeque<(ConnectionId, Packet)>) {
        while self.step(now, unix_ms, out) {}
    }

    /// The most that waits to be written to one line, in bytes.
    pub(super) fn longest_queue(&self) -> usize {
        let queued = |guest: &Guest| guest.writing.iter().map(|parcel| weight(&parcel.text)).sum();
        self.guests.values().map(queued).max().unwrap_or(0)
    }

    fn step(&mut self, now: Instant, unix_ms: u64, out: &mut VecDeque<(ConnectionId, Packet)>) -> bool {
        let mut moved = false;
        let mut gone = Vec::new();
        for (&id, guest) in &mut self.guests {
            while guest.session.wants_read()
                && let Some(text) = guest.unread.pop_front()
            {
                guest.session.handle_text(now, &text);
                moved = true;
            }
            while let Some(said) = guest.session.poll_hub() {
                self.hub.handle(now, unix_ms, guest.line, said);
                moved = true;
            }
            while let Some(transmit) = guest.session.poll_transmit() {
                moved = true;
                match transmit {
                    Transmit::Send(parcel) => {
                        out.push_back((id, Packet::Message(Message::Text(parcel.text.to_string()))));
                        guest.writing.push_back(parcel);
                    }
                    Transmit::Close { code, reason } => {
                        out.push_back((id, Packet::Close { code, reason: reason.to_owned() }));
                        gone.push(id);
                    }
                }
            }
        }
        gone.into_iter().for_each(|id| self.part(now, id));
        while let Some(request) = self.hub.poll_request() {
            moved = true;
            match request {
                Request::Here { room, roster } => {
                    self.changed.insert(room.clone());
                    self.rosters.insert(room, roster);
                }
                Request::Close { room } => {
                    if self.rosters.remove(&room).is_some() {
                        self.changed.insert(room.clone());
                    }
                    self.desk.ask(now, Request::Close { room });
                }
                request @ (Request::Open { .. }
                | Request::Append { .. }
                | Request::ReadAfter { .. }
                | Request::ReadBefore { .. }) => self.desk.ask(now, request),
            }
        }
        while let Some(reply) = self.desk.poll_reply(now) {
            moved = true;
            self.hub.handle_reply(now, reply);
        }
        while let Some((line, said)) = self.hub.poll_transmit() {
            moved = true;
            let guest = self.connections.get(&line).and_then(|id| self.guests.get_mut(id));
            if let Some(guest) = guest {
                guest.session.handle_hub(now, said);
            }
        }
        moved
    }

    /// A connection is over.
    fn part(&mut self, now: Instant, id: ConnectionId) {
        let Some(mut guest) = self.guests.remove(&id) else { return };
        self.connections.remove(&guest.line);
        guest.session.handle_closed();
        while let Some(said) = guest.session.poll_hub() {
            self.hub.handle(now, 0, guest.line, said);
        }
    }
}
