//! Any WebSocket server: says back what it hears, as far as it is allowed to.

use std::collections::{BTreeSet, VecDeque};

use heartline_core::line::Message;
use heartline_core::time::{Duration, Instant};

use super::{ConnectionId, Packet, Server};

/// What a dial meets.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// 101.
    Open,
    /// Nobody listens.
    Shut,
    /// The connection stands, and nobody says a word.
    Mute,
    /// Another HTTP answer.
    Refuses { status: u16, retry_after: Option<Duration> },
}

/// A plain server and its faults.
pub(crate) struct Echo {
    pub(crate) door: Door,
    pub(crate) answers_pings: bool,
    pub(crate) echoes: bool,
    /// When it was dialled.
    pub(crate) dials: Vec<Instant>,
    /// When ping frames came in.
    pub(crate) pings: Vec<Instant>,
    /// What came in.
    pub(crate) heard: Vec<Message>,
    /// What clients closed with.
    pub(crate) closes: Vec<(u16, String)>,
    open: BTreeSet<ConnectionId>,
    out: VecDeque<(ConnectionId, Packet)>,
}

impl Default for Echo {
    fn default() -> Self {
        Self {
            door: Door::Open,
            answers_pings: true,
            echoes: true,
            dials: Vec::new(),
            pings: Vec::new(),
            heard: Vec::new(),
            closes: Vec::new(),
            open: BTreeSet::new(),
            out: VecDeque::new(),
        }
    }
}

impl Echo {
    /// One behind this door, from the first dial on.
    pub(crate) fn behind(door: Door) -> Self {
        Self { door, ..Self::default() }
    }

    /// Says something to everybody. It sets out with the next thing that happens to the server.
    pub(crate) fn say(&mut self, message: &Message) {
        self.out.extend(self.open.iter().map(|id| (*id, Packet::Message(message.clone()))));
    }

    /// Closes every line with this code.
    pub(crate) fn close(&mut self, code: u16) {
        for id in std::mem::take(&mut self.open) {
            self.out.push_back((id, Packet::Close { code, reason: String::new() }));
        }
    }

    /// Dies: every connection ends without a close frame.
    pub(crate) fn die(&mut self) {
        self.out.extend(std::mem::take(&mut self.open).into_iter().map(|id| (id, Packet::Fin)));
    }
}

impl Server for Echo {
    fn receive(&mut self, now: Instant, from: ConnectionId, packet: Packet) {
        match packet {
            Packet::Dial => {
                self.dials.push(now);
                let answer = match self.door {
                    Door::Open => {
                        self.open.insert(from);
                        Packet::Accept { subprotocol: None }
                    }
                    Door::Shut => Packet::Reset,
                    Door::Mute => return,
                    Door::Refuses { status, retry_after } => Packet::Refuse { status, retry_after },
                };
                self.out.push_back((from, answer));
            }
            Packet::Message(message) => {
                self.heard.push(message.clone());
                if self.echoes && self.open.contains(&from) {
                    self.out.push_back((from, Packet::Message(message)));
                }
            }
            Packet::Ping(payload) => {
                self.pings.push(now);
                if self.answers_pings && self.open.contains(&from) {
                    self.out.push_back((from, Packet::Pong(payload)));
                }
            }
            Packet::Close { code, reason } => {
                self.closes.push((code, reason.clone()));
                if self.open.remove(&from) {
                    self.out.push_back((from, Packet::Close { code, reason }));
                }
            }
            Packet::Fin | Packet::Reset => {
                self.open.remove(&from);
            }
            Packet::Accept { .. } | Packet::Refuse { .. } | Packet::Pong(_) => {}
        }
    }

    fn tick(&mut self, _now: Instant) {}

    fn next_tick(&self) -> Option<Instant> {
        None
    }

    fn poll_send(&mut self) -> Option<(ConnectionId, Packet)> {
        self.out.pop_front()
    }
}
