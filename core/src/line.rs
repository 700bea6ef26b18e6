//! The client connection: states, generations, liveness, reconnect. It deals in opaque messages.
//!
//! ```text
//! Idle ──connect──▶ Connecting ──opened──▶ Open ◀──a sign of life── Suspect
//!                     ▲   │                 │ └──deadline passed──────▶ │
//!                     │   └──failed──┐      └──────ended──┐ ┌──no answer┘
//!                     └──due──── Waiting ◀────────────────┴─┘
//!                                    └──or, if nothing may follow──▶ Closed
//! ```
//!
//! **Generations.** Each dial has a number. A dead line is *abandoned*: the next dial waits for nothing that the old
//! socket might still say, and whatever it says is ignored. On a dead link Chrome takes 60 s to report a close and
//! Firefox 20 s. No liveness, sample or deadline of one generation lives on in the next.

mod config;
mod end;
mod fate;
mod io;
mod transitions;
mod v1;

use std::collections::VecDeque;

pub use config::{LineConfig, Proof, Reconnect};
pub use end::{Cause, LineEnd, Reason};
pub use io::{Ended, Input, LineEvent, Machine, Message, Signal, Timer, Transmit};

pub use crate::heartbeat::Liveness;
pub use crate::outbox::{MessageId, Refused};

use crate::backoff::Backoff;
use crate::close::Dialect;
use crate::heartbeat::{Action, Heartbeat};
use crate::outbox::Outbox;
use crate::policy::Policy;
use crate::rtt::Rtt;
use crate::time::{Duration, Instant};
use crate::wire::ClientMessage;
use fate::Fate;

/// How many messages of a plain line the shell is given before it must report some as [`Input::Written`]. Small, so that
/// little is of unknown fate when the line dies; large enough to keep a fast line busy.
pub const WINDOW: usize = 32;

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Never asked to connect.
    Idle,
    /// A dial is under way.
    Connecting {
        /// When it is given up.
        until: Instant,
    },
    /// Open. Whether it is known to be alive is another question: see [`Line::liveness`].
    Open,
    /// A deadline passed; a probe is out.
    Suspect,
    /// Between two dials.
    Waiting {
        /// When the next one is due.
        until: Instant,
    },
    /// No further dial until [`Line::connect`].
    Closed(Reason),
}

/// There is no open `heartline.v1` line to post on. Keep the message and post it after the next `Opened`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no open heartline.v1 line at the moment")]
pub struct NotOpen;

/// One client connection over all its dials.
#[derive(Debug)]
pub struct Line {
    config: LineConfig,
    state: State,
    generation: u64,
    backoff: Backoff,
    outbox: Outbox<Message>,
    fate: Fate,
    present: Option<Present>,
    ever_opened: bool,
    hidden: bool,
    frozen: bool,
    /// The dial under way was begun while the page was hidden, when browsers may hold it up.
    dialled_hidden: bool,
    last_dial: Option<Instant>,
    /// The last end was about the token; a second in a row is final.
    unauthorized: bool,
    last_end: Option<LineEnd>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<LineEvent>,
}

/// What belongs to one open line and dies with it.
#[derive(Debug)]
struct Present {
    opened_at: Instant,
    dialect: Dialect,
    heartbeat: Heartbeat,
    rtt: Rtt,
    /// When to give up waiting for `welcome`; `None` once it came, and on plain lines.
    welcome_by: Option<Instant>,
    /// When to forget earlier failures; `None` once done, and on `heartline.v1` lines before `welcome`.
    stable_at: Option<Instant>,
    /// The server said that it is about to leave, and within which time to come back.
    draining: Option<Duration>,
}

impl Line {
    /// An idle line. The same seed draws the same jitter; give each client another.
    #[must_use]
    pub fn new(config: LineConfig, seed: u64) -> Self {
        Self {
            outbox: Outbox::new(config.policy.outbox().clone()),
            config,
            state: State::Idle,
            generation: 0,
            backoff: Backoff::new(seed),
            fate: Fate::default(),
            present: None,
            ever_opened: false,
            hidden: false,
            frozen: false,
            dialled_hidden: false,
            last_dial: None,
            unauthorized: false,
            last_end: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Dials, unless a dial or a line is there already.
    pub fn connect(&mut self, now: Instant) {
        match self.state {
            State::Idle | State::Closed(_) | State::Waiting { .. } => self.begin(now),
            State::Connecting { .. } | State::Open | State::Suspect => {}
        }
    }

    /// Dials at once, giving up whatever is there: the "now" button.
    pub fn redial(&mut self, now: Instant) {
        match self.state {
            State::Idle | State::Closed(_) | State::Waiting { .. } => self.begin(now),
            State::Connecting { .. } | State::Open | State::Suspect => self.end(now, Cause::Redialled),
        }
    }

    /// Closes with `code` and `reason` (cut to 123 bytes) and stays away until [`connect`](Self::connect).
    ///
    /// A page may send only 1000 and 3000 to 4999, and no endpoint may send 1005, 1006 or 1015.
    pub fn disconnect(&mut self, now: Instant, code: u16, reason: &str) {
        self.hang_up(now, code, reason);
    }

    /// Takes a message for a plain line: sent at once if there is a line, else when there is one.
    ///
    /// # Errors
    /// [`Refused`] if the outbox is full. The message is still the caller's.
    pub fn send(&mut self, now: Instant, message: Message) -> Result<MessageId, Refused> {
        let id = self.outbox.push(now, message.len(), message)?;
        self.pump(now);
        Ok(id)
    }

    /// Sends a `heartline.v1` message at once or not at all: applications on it keep an outbox of their own.
    ///
    /// # Errors
    /// [`NotOpen`] if there is no such line at the moment.
    pub fn post(&mut self, message: &ClientMessage) -> Result<(), NotOpen> {
        match &self.present {
            Some(Present { dialect: Dialect::V1, .. }) => {
                let message = Message::Text(message.encode());
                self.transmits.push_back(Transmit::Send { generation: self.generation, message });
                Ok(())
            }
            Some(Present { dialect: Dialect::Plain, .. }) | None => Err(NotOpen),
        }
    }

    /// The handshake succeeded.
    pub fn handle_opened(&mut self, now: Instant, generation: u64, subprotocol: Option<String>) {
        if generation == self.generation && matches!(self.state, State::Connecting { .. }) {
            self.open(now, subprotocol);
        }
    }

    /// A whole message came in.
    pub fn handle_message(&mut self, now: Instant, generation: u64, message: Message) {
        let Some(dialect) = self.dialect_of(generation) else { return };
        self.sign_of_life(now);
        match dialect {
            Dialect::V1 => self.handle_v1(now, message),
            Dialect::Plain => match self.answers_beat(&message) {
                Some(n) => self.answered(now, n),
                None => self.events.push_back(LineEvent::Message(message)),
            },
        }
    }

    /// Bytes came in below the frame layer.
    pub fn handle_bytes(&mut self, now: Instant, generation: u64) {
        if self.dialect_of(generation).is_some() {
            self.sign_of_life(now);
        }
    }

    /// The network took bytes, and `messages` whole messages are gone.
    pub fn handle_written(&mut self, now: Instant, generation: u64, messages: usize) {
        let Some(dialect) = self.dialect_of(generation) else { return };
        if let Some(present) = &mut self.present
            && self.fate.waited(now).is_some_and(|waited| waited >= stuck_after(&self.config.policy))
        {
            // The kernel had no room, and now it has: the peer read something. Bytes that are taken at once say
            // nothing, for the kernel of a machine on a dead line takes plenty.
            present.heartbeat.handle_written(now);
        }
        if dialect == Dialect::Plain {
            for id in self.fate.written(messages) {
                self.outbox.settle(id);
                self.events.push_back(LineEvent::Sent(id));
            }
            self.pump(now);
        }
    }

    /// A pong frame came in.
    pub fn handle_pong(&mut self, now: Instant, generation: u64, payload: &[u8]) {
        if self.dialect_of(generation).is_none() {
            return;
        }
        match <[u8; 8]>::try_from(payload) {
            Ok(number) => self.answered(now, u64::from_be_bytes(number)),
            // Not one of ours: an unsolicited pong is a sign of life, and no proof (RFC 6455 section 5.5.3).
            Err(_) => self.sign_of_life(now),
        }
    }

    /// The line ended or the dial failed.
    pub fn handle_closed(&mut self, now: Instant, generation: u64, ended: Ended) {
        let active = matches!(self.state, State::Connecting { .. } | State::Open | State::Suspect);
        if generation == self.generation && active {
            self.end(now, ended.into_cause());
        }
    }

    /// The world around changed.
    pub fn handle_signal(&mut self, now: Instant, signal: Signal) {
        self.signal(now, signal);
    }

    /// Time has passed. Input that waits in the shell must have been handed over before.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
    }

    /// Where the line is.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What is known about the present line; [`Liveness::Unknown`] while there is none.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.present.as_ref().map_or(Liveness::Unknown, |present| present.heartbeat.liveness())
    }

    /// When the last byte came in on the present line.
    #[must_use]
    pub fn last_sign(&self) -> Option<Instant> {
        self.present.as_ref().map(|present| present.heartbeat.last_sign())
    }

    /// The heartbeat of the present line: who beats, by which numbers.
    #[must_use]
    pub fn heartbeat(&self) -> Option<&Heartbeat> {
        self.present.as_ref().map(|present| &present.heartbeat)
    }

    /// Round trips of the present line.
    #[must_use]
    pub fn rtt(&self) -> Option<&Rtt> {
        self.present.as_ref().map(|present| &present.rtt)
    }

    /// When the present line was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<Instant> {
        self.present.as_ref().map(|present| present.opened_at)
    }

    /// When the next dial is due, if one is.
    #[must_use]
    pub const fn next_dial(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Idle | State::Connecting { .. } | State::Open | State::Suspect | State::Closed(_) => None,
        }
    }

    /// The number of the latest dial; 0 before the first.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Why the latest ended line ended.
    #[must_use]
    pub const fn last_end(&self) -> Option<&LineEnd> {
        self.last_end.as_ref()
    }

    /// What waits to be sent on a plain line.
    #[must_use]
    pub const fn outbox(&self) -> &Outbox<Message> {
        &self.outbox
    }

    /// What the line was told when it was made.
    #[must_use]
    pub const fn config(&self) -> &LineConfig {
        &self.config
    }

    /// The dialect of the open line, if `generation` is the present one: the gate that keeps old generations out.
    fn dialect_of(&self, generation: u64) -> Option<Dialect> {
        self.present.as_ref().filter(|_| generation == self.generation).map(|present| present.dialect)
    }

    /// If `message` is what the user said answers a beat: the beat it answers.
    fn answers_beat(&self, message: &Message) -> Option<u64> {
        match (&self.config.proof, message) {
            (Proof::Text { expect, .. }, Message::Text(text)) if expect == text => {
                self.present.as_ref()?.heartbeat.oldest_unanswered()
            }
            (Proof::Auto | Proof::Text { .. }, Message::Text(_) | Message::Binary(_)) => None,
        }
    }

    /// Hands queued messages of a plain line to the shell, as many as the window allows.
    fn pump(&mut self, now: Instant) {
        if !matches!(self.present, Some(Present { dialect: Dialect::Plain, .. })) {
            return;
        }
        let expired = self.outbox.take_expired(now);
        if !expired.is_empty() {
            let expired = expired.into_iter().map(|entry| (entry.id, entry.item)).collect();
            self.events.push_back(LineEvent::Expired(expired));
        }
        while self.fate.in_flight() < WINDOW {
            let Some(entry) = self.outbox.next_queued() else { return };
            let (id, message) = (entry.id, entry.item.clone());
            self.outbox.mark_sent(id);
            self.fate.handed(now, Some(id));
            self.transmits.push_back(Transmit::Send { generation: self.generation, message });
        }
    }

    /// Does what the heartbeat asks for.
    fn act(&mut self, now: Instant, action: Action) {
        match action {
            Action::Beat(n) | Action::Probe(n) => self.beat(now, n),
            Action::Suspect(n) => {
                self.suspect();
                self.beat(now, n);
            }
            Action::Dead => {
                let silent_for =
                    self.last_sign().map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
                self.end(now, Cause::HeartbeatLost { silent_for });
            }
        }
    }

    /// Sends beat `n` in the way that this line has.
    fn beat(&mut self, now: Instant, n: u64) {
        let Some(present) = &self.present else { return };
        let generation = self.generation;
        let transmit = match (present.dialect, &self.config.proof) {
            (Dialect::V1, Proof::Auto | Proof::Text { .. }) => {
                let message = Message::Text(ClientMessage::Ping { n }.encode());
                Transmit::Send { generation, message }
            }
            // A socket that takes nothing is not given more and more; the beat counts as unanswered all the same.
            (Dialect::Plain, Proof::Text { .. }) if self.fate.in_flight() > WINDOW => return,
            (Dialect::Plain, Proof::Text { send, .. }) => {
                self.fate.handed(now, None);
                Transmit::Send { generation, message: Message::Text(send.clone()) }
            }
            (Dialect::Plain, Proof::Auto) => Transmit::Ping { generation, payload: n.to_be_bytes().to_vec() },
        };
        self.fate.beat(n);
        self.transmits.push_back(transmit);
    }

    /// Beat `n` was answered.
    fn answered(&mut self, now: Instant, n: u64) {
        let Some(present) = &mut self.present else { return };
        if let Some(round_trip) = present.heartbeat.handle_answer(now, n) {
            present.rtt.record(round_trip);
            self.events.push_back(LineEvent::RoundTrip(round_trip));
            if let Some(through) = self.fate.answered(n) {
                self.events.push_back(LineEvent::Arrived { through });
            }
        }
        self.recover();
    }

    fn sign_of_life(&mut self, now: Instant) {
        if let Some(present) = &mut self.present {
            present.heartbeat.handle_inbound(now);
            self.recover();
        }
    }
}

/// How long a message must have waited for the network before bytes taken are a sign that the peer reads slowly.
fn stuck_after(policy: &Policy) -> Duration {
    (policy.heartbeat().grace() / 2).min(Duration::from_secs(1))
}

impl Machine for Line {
    type Event = LineEvent;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Opened { generation, subprotocol } => self.handle_opened(now, generation, subprotocol),
            Input::Message { generation, message } => self.handle_message(now, generation, message),
            Input::Bytes { generation } => self.handle_bytes(now, generation),
            Input::Written { generation, messages } => self.handle_written(now, generation, messages),
            Input::Pong { generation, payload } => self.handle_pong(now, generation, &payload),
            Input::Closed { generation, ended } => self.handle_closed(now, generation, ended),
            Input::Signal(signal) => self.handle_signal(now, signal),
            // Whom a token proves is the application's matter.
            Input::Token { .. } => {}
            Input::Timeout => self.handle_timeout(now),
        }
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    fn poll_event(&mut self) -> Option<LineEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let present = self.present.as_ref();
        [
            (self.dial_deadline(), Timer::Dial),
            (present.and_then(|present| present.welcome_by), Timer::Welcome),
            (present.and_then(|present| present.heartbeat.poll_timeout()), Timer::Heartbeat),
            (present.and_then(|present| present.stable_at), Timer::Stable),
            (self.next_dial().filter(|_| !self.frozen), Timer::Redial),
        ]
        .into_iter()
        .filter_map(|(at, timer)| at.map(|at| (at, timer)))
        .min()
    }

    fn line(&self) -> &Line {
        self
    }
}
