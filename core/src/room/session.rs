use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::bucket::Bucket;
use super::gate::{Denied, Gate, Grant};
use super::talk::{FromHub, LineId, ToHub, weight};
use super::{Identity, SessionConfig};
use crate::close::code;
use crate::heartbeat::{Action, Heartbeat};
use crate::time::Instant;
use crate::wire::{ErrorCode, ServerMessage};

mod granted;
mod hear;
mod notice;
mod out;
mod speaking;

pub use notice::Notice;
pub use out::{Parcel, Transmit};
use speaking::Speaking;

/// One connection on `/chat`: keeps the client to the protocol, the line to its heartbeat, and the hub from both.
///
/// In: what the socket brought ([`handle_text`](Self::handle_text), [`handle_binary`](Self::handle_binary),
/// [`handle_inbound`](Self::handle_inbound) for each read of any bytes), what it took ([`handle_progress`](Self::handle_progress)
/// for any bytes, [`handle_sent`](Self::handle_sent) for a whole message), what the hub says, and time. Out, to be drained after
/// each of them: [`poll_transmit`](Self::poll_transmit), [`poll_hub`](Self::poll_hub); then the timer is armed. The shell reads
/// from the socket only while it [`wants_read`](Self::wants_read).
#[derive(Debug)]
pub struct Session {
    config: Arc<SessionConfig>,
    gate: Arc<dyn Gate>,
    id: LineId,
    state: State,
    /// What the handshake brought, until `hello` has been answered.
    bearer: Option<Bearer>,
    identity: Option<Identity>,
    /// What the client may do, once it has said `hello`.
    grant: Option<Arc<Grant>>,
    heartbeat: Option<Heartbeat>,
    /// Where in its first interval the first beat falls, 0 to 1.
    jitter: f64,
    messages: Bucket,
    says: Bucket,
    errors: Bucket,
    rooms: BTreeSet<Arc<str>>,
    /// The rooms in which something is underway or held.
    speaking: BTreeMap<Arc<str>, Speaking>,
    /// How many `say`s have no answer yet.
    in_flight: usize,
    /// A `history` is underway.
    asking: bool,
    /// What was given to the shell and has not been written, as [`weight`]s.
    unwritten: usize,
    /// Since when the kernel took nothing of it.
    stuck_since: Instant,
    report_every: usize,
    unreported: usize,
    out: VecDeque<Transmit>,
    hub: VecDeque<ToHub>,
    notices: VecDeque<Notice>,
}

/// Why a session wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTimer {
    /// No `hello` came.
    Hello,
    /// A beat is due, or an answer is overdue.
    Heartbeat,
    /// The kernel took no byte for too long.
    WriteStall,
    /// Answers have held up a close for long enough.
    Close,
    /// What the client may do ends with its token.
    TokenEnds,
}

/// A token on its way through: never shown.
struct Bearer(String);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

#[derive(Debug)]
enum State {
    /// Until then the client says `hello`.
    Expecting(Instant),
    /// The hub decides on the `hello`.
    Greeting,
    Live,
    /// As soon as what is underway is answered, and at that moment at the latest, the line is closed.
    Leaving {
        code: u16,
        reason: &'static str,
        until: Instant,
    },
    Closed,
}

impl Session {
    /// A session for a connection that has just opened. `gate` says what its client may do; the seed only gives the first beat its
    /// moment.
    pub fn new(config: Arc<SessionConfig>, gate: Arc<dyn Gate>, id: LineId, now: Instant, seed: u64) -> Self {
        let [messages, says, errors] =
            [config.message, config.say, config.errors].map(|rate| Bucket::new(rate, now));
        Self {
            id,
            state: State::Expecting(now + config.hello_within),
            gate,
            bearer: None,
            identity: None,
            grant: None,
            heartbeat: None,
            jitter: fastrand::Rng::with_seed(seed).f64(),
            messages,
            says,
            errors,
            rooms: BTreeSet::new(),
            speaking: BTreeMap::new(),
            in_flight: 0,
            asking: false,
            unwritten: 0,
            stuck_since: now,
            report_every: usize::MAX,
            unreported: 0,
            out: VecDeque::new(),
            hub: VecDeque::new(),
            notices: VecDeque::new(),
            config,
        }
    }

    /// The handshake brought a token (`Authorization: Bearer`). It counts where `hello` has none.
    pub fn handle_bearer(&mut self, token: String) {
        self.bearer = Some(Bearer(token));
    }

    /// A text message came.
    pub fn handle_text(&mut self, now: Instant, text: &str) {
        self.handle_inbound(now);
        if self.listens() {
            self.hear(now, text);
        }
    }

    /// A binary message came, which means nothing here.
    pub fn handle_binary(&mut self, now: Instant) {
        self.handle_inbound(now);
        if self.listens() {
            self.mistake(now, ErrorCode::Binary, "only text messages are spoken here".to_owned(), None);
        }
    }

    /// Bytes came, be it a part of a frame: the client lives.
    pub fn handle_inbound(&mut self, now: Instant) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.handle_inbound(now);
        }
    }

    /// The kernel took some bytes: the client reads, if slowly.
    pub fn handle_progress(&mut self, now: Instant) {
        self.stuck_since = now;
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.handle_written(now);
        }
    }

    /// A message has left the shell's queue.
    pub fn handle_sent(&mut self, now: Instant, parcel: &Parcel) {
        let weight = weight(&parcel.text);
        self.unwritten = self.unwritten.saturating_sub(weight);
        self.stuck_since = now;
        if parcel.from_hub {
            self.unreported += weight;
        }
        if self.unreported >= self.report_every {
            self.hub.push_back(ToHub::Drained(std::mem::take(&mut self.unreported)));
        }
    }

    /// The hub says something.
    pub fn handle_hub(&mut self, now: Instant, said: FromHub) {
        if matches!(self.state, State::Closed) {
            return;
        }
        match said {
            FromHub::Admitted { report_every } => self.admitted(now, report_every),
            FromHub::Deliver(text) => self.push(now, Parcel { text, from_hub: true }),
            FromHub::Outcome { room, id, outcome } => self.settle(now, &room, id, outcome),
            FromHub::HistoryTold => self.asking = false,
            // Who is replaced has a better line already; who must go because the server goes gets its answers first.
            FromHub::Close { code: code @ code::DRAINING, reason } => {
                let until = now + self.config.close_within;
                self.state = State::Leaving { code, reason, until };
                self.close_if_settled();
            }
            FromHub::Close { code, reason } => self.close(code, reason),
        }
    }

    /// The connection is at its end, whoever ended it.
    pub fn handle_closed(&mut self) {
        self.end();
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Expecting(until) if now >= until => {
                self.send(
                    now,
                    &ServerMessage::Error {
                        code: ErrorCode::HelloFirst,
                        why: "no hello came; say it first".to_owned(),
                        room: None,
                    },
                );
                // It may well be on its way, on a line that lost it: whoever said nothing said nothing wrong, and may come back.
                return self.close(code::HEARTBEAT_LOST, "no hello came");
            }
            State::Leaving { code, reason, until } if now >= until => return self.close(code, reason),
            State::Expecting(_) | State::Leaving { .. } | State::Greeting | State::Live => {}
            State::Closed => return,
        }
        if self.token_ends_at().is_some_and(|at| now >= at) {
            return self.close(code::TOKEN_EXPIRED, Denied::Expired.why());
        }
        if self.stalls_at().is_some_and(|at| now >= at) {
            return self.close(code::WRITE_STALLED, "the client took no byte for too long");
        }
        let deaf = !self.wants_read();
        while let Some(heartbeat) = &mut self.heartbeat {
            if deaf {
                // While we do not read, silence says nothing about the client; the write stall watches it.
                heartbeat.handle_inbound(now);
            }
            match heartbeat.handle_timeout(now) {
                Some(Action::Beat(n) | Action::Suspect(n) | Action::Probe(n)) => {
                    self.send(now, &ServerMessage::Ping { n });
                }
                Some(Action::Dead) => {
                    return self.close(code::HEARTBEAT_LOST, "no answer to the heartbeat");
                }
                None => return,
            }
        }
    }

    /// What the shell must do next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        pop(&mut self.out)
    }

    /// The next word for the hub.
    pub fn poll_hub(&mut self) -> Option<ToHub> {
        let said = self.hub.pop_front();
        if said.is_none() {
            // Who mostly listens keeps no room for words.
            self.hub.shrink_to_fit();
        }
        said
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, SessionTimer)> {
        let state = match self.state {
            State::Expecting(until) => Some((until, SessionTimer::Hello)),
            State::Leaving { until, .. } => Some((until, SessionTimer::Close)),
            State::Greeting | State::Live => None,
            State::Closed => return None,
        };
        let heartbeat = self.heartbeat.as_ref().and_then(Heartbeat::poll_timeout);
        let heartbeat = heartbeat.map(|at| (at, SessionTimer::Heartbeat));
        let stall = self.stalls_at().map(|at| (at, SessionTimer::WriteStall));
        let token = self.token_ends_at().map(|at| (at, SessionTimer::TokenEnds));
        [state, heartbeat, stall, token].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Whether the shell should read from the socket. Not while too much waits to be written: who asks must take the answers.
    pub fn wants_read(&self) -> bool {
        self.unwritten <= self.config.backlog && self.listens()
    }

    /// Whether the line has been ended from here.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Who the client is to others, once it has said `hello`.
    pub const fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// Whether what comes in is looked at.
    const fn listens(&self) -> bool {
        match self.state {
            State::Expecting(_) | State::Greeting | State::Live => true,
            State::Leaving { .. } | State::Closed => false,
        }
    }

    fn stalls_at(&self) -> Option<Instant> {
        (self.unwritten > 0).then(|| self.stuck_since + self.config.heartbeat.write_stall())
    }
}

/// Takes the first. A queue that was long once is let go of when it is empty: most lines are idle most of the time.
fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front();
    if first.is_none() && queue.capacity() > 4 {
        *queue = VecDeque::new();
    }
    first
}
