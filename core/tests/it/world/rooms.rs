//! A `heartline.v1` server without rooms: hello and welcome, the beat, the dial-number rule, leaving in good order.

use std::collections::{BTreeMap, VecDeque};

use heartline_core::close::code;
use heartline_core::heartbeat::{Action, Heartbeat};
use heartline_core::line::Message;
use heartline_core::policy::HeartbeatPolicy;
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{self, Beat, ClientMessage, Limits, ServerMessage};

use super::{ConnectionId, Packet, Server};

/// The server and its faults.
pub(crate) struct Rooms {
    pub(crate) listening: bool,
    /// What it chooses of the subprotocols it is offered.
    pub(crate) subprotocol: Option<&'static str>,
    pub(crate) welcomes: bool,
    /// Whether it beats; one that does not has announced that it would.
    pub(crate) beats: bool,
    /// Whether it answers a client's ping.
    pub(crate) answers: bool,
    /// What `welcome` announces, instead of what it does.
    pub(crate) announces: Option<Beat>,
    /// A close code for whoever says hello, instead of `welcome`.
    pub(crate) hello_meets: Option<u16>,
    /// When it was dialled.
    pub(crate) dials: Vec<Instant>,
    /// Every hello: who, with which dial number.
    pub(crate) hellos: Vec<(String, u64)>,
    /// What it closed lines with.
    pub(crate) closed: Vec<(ConnectionId, u16)>,
    beat: HeartbeatPolicy,
    guests: BTreeMap<ConnectionId, Guest>,
    /// The highest dial number of each client, and where it came in.
    newest: BTreeMap<String, (u64, ConnectionId)>,
    /// No beat is due before this.
    next_tick: Option<Instant>,
    out: VecDeque<(ConnectionId, Packet)>,
    random: fastrand::Rng,
}

#[derive(Default)]
struct Guest {
    heartbeat: Option<Heartbeat>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            listening: true,
            subprotocol: Some(wire::PROTOCOL),
            welcomes: true,
            beats: true,
            answers: true,
            announces: None,
            hello_meets: None,
            dials: Vec::new(),
            hellos: Vec::new(),
            closed: Vec::new(),
            beat: HeartbeatPolicy::default(),
            guests: BTreeMap::new(),
            newest: BTreeMap::new(),
            next_tick: None,
            out: VecDeque::new(),
            random: fastrand::Rng::with_seed(7),
        }
    }
}

impl Rooms {
    /// Says something to everybody.
    pub(crate) fn tell(&mut self, message: &ServerMessage) {
        let text = message.encode();
        let all = self.guests.keys().map(|id| (*id, Packet::Message(Message::Text(text.clone()))));
        self.out.extend(all);
    }

    /// Closes every line with this code.
    pub(crate) fn close(&mut self, code: u16) {
        for id in self.guests.keys().copied().collect::<Vec<_>>() {
            self.close_one(id, code);
        }
    }

    /// Dies: every connection ends without a close frame, and nobody listens.
    pub(crate) fn die(&mut self) {
        self.listening = false;
        self.out.extend(std::mem::take(&mut self.guests).into_keys().map(|id| (id, Packet::Fin)));
    }

    /// How many lines it has.
    pub(crate) fn guests(&self) -> usize {
        self.guests.len()
    }

    fn say(&mut self, to: ConnectionId, message: &ServerMessage) {
        self.out.push_back((to, Packet::Message(Message::Text(message.encode()))));
    }

    fn close_one(&mut self, id: ConnectionId, code: u16) {
        if self.guests.remove(&id).is_some() {
            self.closed.push((id, code));
            self.out.push_back((id, Packet::Close { code, reason: String::new() }));
        }
    }

    fn greet(&mut self, now: Instant, from: ConnectionId, client: String, dial: u64) {
        self.hellos.push((client.clone(), dial));
        if let Some(code) = self.hello_meets {
            return self.close_one(from, code);
        }
        let before = self.newest.get(&client).copied();
        if before.is_some_and(|(newest, _)| dial < newest) {
            return self.close_one(from, code::OLDER_DIAL);
        }
        self.newest.insert(client, (dial, from));
        if let Some((_, older)) = before.filter(|(_, older)| *older != from) {
            self.close_one(older, code::REPLACED);
        }
        if !self.welcomes {
            return;
        }
        let own = Beat {
            interval_ms: self.beat.interval().as_millis() as u64,
            grace_ms: self.beat.grace().as_millis() as u64,
        };
        let welcome = ServerMessage::Welcome {
            session: format!("{}-{}", from.0, from.1),
            you: "you".to_owned(),
            heartbeat: self.announces.unwrap_or(own),
            limits: Limits::default(),
        };
        self.say(from, &welcome);
        let heartbeat = Heartbeat::driver(self.beat.clone(), now, self.random.f64(), true);
        if let Some(guest) = self.guests.get_mut(&from).filter(|_| self.beats) {
            self.next_tick = [self.next_tick, heartbeat.poll_timeout()].into_iter().flatten().min();
            guest.heartbeat = Some(heartbeat);
        }
    }

    fn hear(&mut self, now: Instant, from: ConnectionId, message: ClientMessage) {
        let Some(guest) = self.guests.get_mut(&from) else { return };
        if let Some(heartbeat) = &mut guest.heartbeat {
            heartbeat.handle_inbound(now);
        }
        match message {
            ClientMessage::Hello { client, dial, .. } => self.greet(now, from, client, dial),
            ClientMessage::Ping { n } if self.answers => self.say(from, &ServerMessage::Pong { n }),
            ClientMessage::Pong { n } => {
                if let Some(heartbeat) = &mut guest.heartbeat {
                    heartbeat.handle_answer(now, n);
                }
            }
            ClientMessage::Ping { .. }
            | ClientMessage::Join { .. }
            | ClientMessage::Leave { .. }
            | ClientMessage::History { .. }
            | ClientMessage::Token { .. }
            | ClientMessage::Say { .. } => {}
        }
    }
}

impl Server for Rooms {
    fn receive(&mut self, now: Instant, from: ConnectionId, packet: Packet) {
        match packet {
            Packet::Dial => {
                self.dials.push(now);
                if !self.listening {
                    return self.out.push_back((from, Packet::Reset));
                }
                self.guests.insert(from, Guest::default());
                let subprotocol = self.subprotocol.map(str::to_owned);
                self.out.push_back((from, Packet::Accept { subprotocol }));
            }
            Packet::Message(Message::Text(text)) => {
                let message = ClientMessage::decode(&text).expect("a client speaks the language");
                self.hear(now, from, message);
            }
            Packet::Message(Message::Binary(_)) => panic!("heartline.v1 has no binary"),
            Packet::Close { .. } | Packet::Fin | Packet::Reset => {
                self.guests.remove(&from);
            }
            Packet::Accept { .. } | Packet::Refuse { .. } | Packet::Ping(_) | Packet::Pong(_) => {}
        }
    }

    fn tick(&mut self, now: Instant) {
        for id in self.guests.keys().copied().collect::<Vec<_>>() {
            let act = |guest: &mut Guest| guest.heartbeat.as_mut()?.handle_timeout(now);
            while let Some(action) = self.guests.get_mut(&id).and_then(act) {
                match action {
                    Action::Beat(n) | Action::Suspect(n) | Action::Probe(n) => {
                        self.say(id, &ServerMessage::Ping { n });
                    }
                    Action::Dead => self.close_one(id, code::HEARTBEAT_LOST),
                }
            }
        }
        let due = |guest: &Guest| guest.heartbeat.as_ref()?.poll_timeout();
        self.next_tick = self.guests.values().filter_map(due).min();
    }

    fn next_tick(&self) -> Option<Instant> {
        self.next_tick
    }

    fn poll_send(&mut self) -> Option<(ConnectionId, Packet)> {
        self.out.pop_front()
    }
}

/// A draining server says so first.
pub(crate) fn draining(within: Duration) -> ServerMessage {
    ServerMessage::Draining { within_ms: within.as_millis() as u64 }
}
