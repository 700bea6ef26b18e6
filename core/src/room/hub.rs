use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::engine::{Draft, Refusal, Reply, Request, Ticket};
use super::talk::{Enter, FromHub, LineId, Outcome, ToHub, encoded, weight};
use super::{HubConfig, Identity};
use crate::close::code;
use crate::time::{Duration, Instant};
use crate::wire::{HoldCode, RejectCode, ServerMessage};

mod catch_up;
mod errand;
mod fan_out;
mod place;
mod presence;
mod tally;

pub use errand::{Done, Errand, ErrandId, Piece};
use place::Place;
pub use tally::Tally;

/// All rooms and all who are in them.
///
/// In: [`handle`](Self::handle) what sessions say, [`handle_reply`](Self::handle_reply) what the engine says,
/// [`handle_timeout`](Self::handle_timeout). Out, to be drained after each of them: [`poll_transmit`](Self::poll_transmit) for
/// sessions, [`poll_request`](Self::poll_request) for the engine, [`poll_errand`](Self::poll_errand) for those who have no line and
/// came by [`handle_errand`](Self::handle_errand); then the timer of [`poll_timeout`](Self::poll_timeout) is armed.
///
/// What it keeps is bounded by the lines there are: each is in at most `limits.rooms` rooms, has one `say` per room, one read
/// and one `history` underway, and at most [`HubConfig::window`] and one page waiting for it. Whoever is behind has no queue at all,
/// only a position in the history.
#[derive(Debug)]
pub struct Hub {
    config: HubConfig,
    rng: fastrand::Rng,
    lines: BTreeMap<LineId, Line>,
    clients: BTreeMap<Identity, LineId>,
    places: BTreeMap<Arc<str>, Place>,
    /// What the engine has been asked.
    waiting: BTreeMap<Ticket, Waiting>,
    tickets: u64,
    timers: BTreeSet<(Instant, Timer)>,
    /// The server is leaving; until then all lines are closed.
    draining: Option<Instant>,
    tally: Tally,
    out: VecDeque<(LineId, FromHub)>,
    requests: VecDeque<Request>,
    /// Errands that are done.
    done: VecDeque<(ErrandId, Done)>,
}

/// Why the hub wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Ask the engine once more to open this room.
    Open(Arc<str>),
    /// Read on for this line, which the engine could not do before.
    Read(LineId),
    /// Tell who came and went in this room, or stop waiting for somebody who lost the line.
    Presence(Arc<str>),
    /// The server leaves: it is this line's turn.
    Drain(LineId),
}

/// One connection whose client has said who it is.
#[derive(Debug)]
struct Line {
    identity: Identity,
    dial: u64,
    name: Arc<str>,
    rooms: BTreeSet<Arc<str>>,
    /// What was handed to the session and is not known to have left it.
    unwritten: usize,
    /// The rooms it is behind in, whose turn it is first.
    behind: VecDeque<Arc<str>>,
    /// A piece of history for it is underway.
    reading: bool,
}

#[derive(Debug)]
enum Waiting {
    Say { line: LineId, room: Arc<str>, id: u64 },
    Read { line: LineId, room: Arc<str>, visit: u64 },
    History { line: LineId, room: Arc<str>, before: u64 },
    Errand(errand::Underway),
}

impl Hub {
    /// A hub without rooms. The seed only spreads what should not happen all at once.
    pub const fn new(config: HubConfig, rng: fastrand::Rng) -> Self {
        Self {
            config,
            rng,
            lines: BTreeMap::new(),
            clients: BTreeMap::new(),
            places: BTreeMap::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            timers: BTreeSet::new(),
            draining: None,
            tally: Tally { resumes: 0, set_back: 0, gaps: 0 },
            out: VecDeque::new(),
            requests: VecDeque::new(),
            done: VecDeque::new(),
        }
    }

    /// A session says something. `unix_ms` is the time of day, in milliseconds since 1970 UTC; it only goes into `said.at`.
    pub fn handle(&mut self, now: Instant, unix_ms: u64, line: LineId, said: ToHub) {
        match said {
            ToHub::Hello { identity, dial, name, enter } => {
                self.hello(now, line, identity, dial, name, enter)
            }
            ToHub::Enter(enter) => self.enter(now, line, enter),
            ToHub::Leave(room) => self.leave(now, line, &room),
            ToHub::Say { room, id, text, style } => {
                let Some(Line { identity, name, .. }) = self.lines.get(&line) else { return };
                let draft = Draft { from: *identity, name: name.clone(), id, at: unix_ms, text, style };
                let ticket = self.ticket(Waiting::Say { line, room: room.clone(), id });
                self.requests.push_back(Request::Append { ticket, room, draft });
            }
            ToHub::History { room, before, limit } => self.history(line, room, before, limit),
            ToHub::Drained(bytes) => self.drained(line, bytes),
            ToHub::Gone => self.depart(now, line),
        }
    }

    /// The engine says something.
    pub fn handle_reply(&mut self, now: Instant, reply: Reply) {
        match reply {
            Reply::Opened { room, head } => self.opened(now, &room, head),
            Reply::Appended { ticket, seq } => self.appended(now, ticket, seq),
            Reply::Page { ticket, page } => self.page(now, ticket, page),
            Reply::There { room, server, roster } => {
                if let Some(place) = self.places.get_mut(&room) {
                    place.presence.set_roster(server, roster);
                    self.presence_due(now, &room);
                }
            }
            Reply::Followed { room, entry } => self.fan_out(&room, &entry),
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let Some((_, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::Open(room) => self.open(&room),
                Timer::Read(line) => {
                    if let Some(line) = self.lines.get_mut(&line) {
                        line.reading = false;
                    }
                    self.read_on(line);
                }
                Timer::Presence(room) => self.presence_due(now, &room),
                Timer::Drain(line) => {
                    if self.lines.contains_key(&line) {
                        self.close(line, code::DRAINING, "the server is leaving; come back");
                    }
                }
            }
        }
    }

    /// The server leaves within this time: every line is told, and closed with 4002 at a moment of its own. A line that comes now
    /// is told and closed too.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        self.draining = Some(now + within);
        let lines: Vec<LineId> = self.lines.keys().copied().collect();
        for line in lines {
            self.drain_line(now, line);
        }
    }

    /// The next word for a session.
    pub fn poll_transmit(&mut self) -> Option<(LineId, FromHub)> {
        self.out.pop_front()
    }

    /// The next request to the engine.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.timers.first().cloned()
    }

    /// How many lines there are whose clients said who they are.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Whether this line's client has said who it is.
    pub fn knows(&self, line: LineId) -> bool {
        self.lines.contains_key(&line)
    }

    /// How many rooms somebody is in, or was until just now.
    pub fn rooms(&self) -> usize {
        self.places.len()
    }

    /// How many requests the engine has not answered, those to open rooms aside.
    pub fn underway(&self) -> usize {
        self.waiting.len()
    }

    /// What has happened so far.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// What waits to be written to this line, in bytes, as far as the hub knows.
    pub fn unwritten(&self, line: LineId) -> usize {
        self.lines.get(&line).map_or(0, |line| line.unwritten)
    }

    fn hello(
        &mut self,
        now: Instant,
        line: LineId,
        identity: Identity,
        dial: u64,
        name: Arc<str>,
        enter: Vec<Enter>,
    ) {
        if self.lines.contains_key(&line) {
            return;
        }
        if let Some(&other) = self.clients.get(&identity) {
            // By dial and never by arrival: an old dial may have been stuck on its way while a newer one came through.
            if self.lines.get(&other).is_some_and(|other| other.dial >= dial) {
                self.close(line, code::OLDER_DIAL, "this client has a newer line");
                return;
            }
            self.close(other, code::REPLACED, "this client has dialled anew");
            self.depart(now, other);
        }
        self.clients.insert(identity, line);
        let rooms = BTreeSet::new();
        let behind = VecDeque::new();
        self.lines.insert(line, Line { identity, dial, name, rooms, unwritten: 0, behind, reading: false });
        self.out.push_back((line, FromHub::Admitted { report_every: self.config.window / 4 }));
        for enter in enter {
            self.enter(now, line, enter);
        }
        if self.draining.is_some() {
            self.drain_line(now, line);
        }
    }

    fn depart(&mut self, now: Instant, id: LineId) {
        let Some(line) = self.lines.get(&id) else { return };
        let (identity, rooms) = (line.identity, line.rooms.clone());
        for room in rooms {
            self.leave(now, id, &room);
        }
        self.lines.remove(&id);
        if self.clients.get(&identity) == Some(&id) {
            self.clients.remove(&identity);
        }
    }

    fn appended(&mut self, now: Instant, ticket: Ticket, seq: Result<u64, Refusal>) {
        let (line, room, id) = match self.waiting.remove(&ticket) {
            Some(Waiting::Say { line, room, id }) => (line, room, id),
            Some(Waiting::Errand(underway)) => return self.errand_said(now, &underway, seq),
            Some(Waiting::Read { .. } | Waiting::History { .. }) | None => return,
        };
        let outcome = match seq {
            Ok(seq) => Outcome::Accepted(seq),
            Err(refusal @ Refusal::IdReused) => Outcome::Rejected(RejectCode::IdReused, refusal.to_string()),
            Err(refusal @ Refusal::Expired) => Outcome::Rejected(RejectCode::Expired, refusal.to_string()),
            Err(Refusal::Unavailable(_)) => Outcome::Held(HoldCode::Unavailable),
        };
        if self.lines.contains_key(&line) {
            self.out.push_back((line, FromHub::Outcome { room, id, outcome }));
        }
    }

    fn drain_line(&mut self, now: Instant, line: LineId) {
        let Some(until) = self.draining else { return };
        let left = until.saturating_duration_since(now);
        let within_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        self.deliver(line, encoded(&ServerMessage::Draining { within_ms }));
        let at = now + left.mul_f64(self.rng.f64());
        self.timers.insert((at, Timer::Drain(line)));
    }

    fn close(&mut self, line: LineId, code: u16, reason: &'static str) {
        self.out.push_back((line, FromHub::Close { code, reason }));
    }

    /// Hands a message to a line, whatever its window says: for answers, which its own requests bound.
    fn deliver(&mut self, id: LineId, message: Arc<str>) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.unwritten += weight(&message);
            self.out.push_back((id, FromHub::Deliver(message)));
        }
    }

    fn ticket(&mut self, waiting: Waiting) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.insert(ticket, waiting);
        ticket
    }
}
