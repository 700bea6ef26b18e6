//! A chat client in the hands of a test: what it sends is kept, what a server says is handed to it.

use std::collections::VecDeque;

use heartline_core::chat::{
    Chat, ChatConfig, ClientSecret, Delivery, Entry, Event, Identity, Kept, OwnMessage, RoomEvent,
};
use heartline_core::close::Dialect;
use heartline_core::line::{Ended, Input, LineConfig, Machine, Message, Transmit};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{Beat, ClientMessage, HoldCode, Limits, PROTOCOL, Said, ServerMessage};

pub(crate) const ROOM: &str = "lobby";
pub(crate) const YOU: &str = "you";

pub(crate) struct World {
    pub(crate) chat: Chat,
    pub(crate) now: Instant,
    /// What the client sent on the present line and nobody looked at yet, without beats.
    pub(crate) sent: VecDeque<ClientMessage>,
    pub(crate) events: Vec<Event>,
    dialled: Option<u64>,
}

impl World {
    /// A client that wants to be in [`ROOM`] and has been told to connect.
    pub(crate) fn new() -> Self {
        Self::with(LineConfig::new(Dialect::V1))
    }

    pub(crate) fn with(line: LineConfig) -> Self {
        Self::apart(line, 1_000, Instant::now()).enter()
    }

    /// A client whose messages are stored, opened with what was stored before; the numbers up to `used` are used.
    pub(crate) fn opened(used: u64, stored: Vec<Kept>, now: Instant) -> Self {
        let mut world = Self::apart(LineConfig::new(Dialect::V1), used, now);
        world.chat.keep(now, stored);
        world
    }

    /// A client that has not begun.
    pub(crate) fn apart(line: LineConfig, used: u64, now: Instant) -> Self {
        let identity = Identity::new(ClientSecret::from_random(&[7; 16]).unwrap(), used);
        let config = ChatConfig { line, identity, name: "Ada".to_owned(), token: None };
        let chat = Chat::new(config, 7).unwrap();
        Self { chat, now, sent: VecDeque::new(), events: Vec::new(), dialled: None }
    }

    /// Wants to be in [`ROOM`], and connects.
    pub(crate) fn enter(self) -> Self {
        let mut world = self;
        world.chat.join(world.now, ROOM).unwrap();
        world.chat.connect(world.now);
        world.drain();
        world
    }

    /// A client that is in an empty room.
    pub(crate) fn joined() -> Self {
        let mut world = Self::new();
        world.open();
        world.welcome(Limits::default());
        world.server(joined("e1", 0));
        world.sent.clear();
        world
    }

    /// The dial under way succeeds.
    pub(crate) fn open(&mut self) {
        while self.dialled.is_none() {
            self.wake();
        }
        let generation = self.dialled.take().unwrap();
        self.input(Input::Opened { generation, subprotocol: Some(PROTOCOL.to_owned()) });
    }

    /// The line breaks; what was on its way is lost.
    pub(crate) fn cut(&mut self) {
        self.sent.clear();
        let generation = self.chat.line().generation();
        self.input(Input::Closed { generation, ended: Ended::Eof });
    }

    /// The line breaks, comes back, and the room is joined again at `last` of `epoch`.
    pub(crate) fn come_back(&mut self, epoch: &str, last: u64) {
        self.cut();
        self.open();
        self.welcome(Limits::default());
        self.server(joined(epoch, last));
    }

    pub(crate) fn welcome(&mut self, limits: Limits) {
        let (session, you) = ("s".to_owned(), YOU.to_owned());
        self.server(ServerMessage::Welcome { session, you, heartbeat: Beat::default(), limits });
    }

    pub(crate) fn server(&mut self, message: ServerMessage) {
        let generation = self.chat.line().generation();
        self.input(Input::Message { generation, message: Message::Text(message.encode()) });
    }

    pub(crate) fn say(&mut self, text: &str) -> u64 {
        let id = self.chat.say(self.now, ROOM, text, None).unwrap();
        self.drain();
        id
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.chat.handle(self.now, input);
        self.drain();
    }

    /// Time goes on to the next thing the client wants to do.
    pub(crate) fn wake(&mut self) {
        let (at, _) = self.chat.poll_timeout().expect("the client waits for something");
        self.now = self.now.max(at);
        self.input(Input::Timeout);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((at, _)) = self.chat.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
            let next = self.chat.poll_timeout();
            assert!(next.is_none_or(|(at, _)| at > self.now), "{next:?} lies in the past");
        }
        self.now = until;
    }

    pub(crate) fn drain(&mut self) {
        while let Some(transmit) = self.chat.poll_transmit() {
            match transmit {
                Transmit::Dial { generation } => {
                    self.dialled = Some(generation);
                    self.sent.clear();
                }
                Transmit::Send { message: Message::Text(text), .. } => {
                    let message = ClientMessage::decode(&text).unwrap();
                    if !matches!(message, ClientMessage::Ping { .. } | ClientMessage::Pong { .. }) {
                        self.sent.push_back(message);
                    }
                }
                Transmit::Send { .. } | Transmit::Ping { .. } => panic!("not on heartline.v1: {transmit:?}"),
                Transmit::Close { .. } | Transmit::Abandon { .. } => {}
            }
        }
        while let Some(event) = self.chat.poll_event() {
            self.events.push(event);
        }
    }

    /// The numbers of the `say`s that were sent and not looked at yet.
    pub(crate) fn said_ids(&mut self) -> Vec<u64> {
        let ids = self
            .sent
            .iter()
            .filter_map(|message| if let ClientMessage::Say { id, .. } = message { Some(*id) } else { None });
        let ids = ids.collect();
        self.sent.clear();
        ids
    }

    /// The timeline in short: seqs, `gap`, `epoch`.
    pub(crate) fn timeline(&self) -> Vec<String> {
        let short = |entry: &Entry| match entry {
            Entry::Spoken(spoken) => spoken.seq.to_string(),
            Entry::Gap(gap) => {
                format!("gap {}..{}", gap.after, gap.next.map(|next| next.to_string()).unwrap_or_default())
            }
            Entry::NewEpoch { .. } => "epoch".to_owned(),
        };
        self.chat.timeline(ROOM).unwrap().iter().map(short).collect()
    }

    pub(crate) fn deliveries(&self) -> Vec<(u64, Delivery)> {
        self.chat.outbox(ROOM).into_iter().map(|own| (own.id, own.delivery)).collect()
    }

    pub(crate) fn room_events(&self) -> impl Iterator<Item = &RoomEvent> {
        self.events.iter().filter_map(|event| match event {
            Event::Room { what, .. } => Some(what),
            Event::Line(_)
            | Event::Welcome { .. }
            | Event::Draining { .. }
            | Event::TokenEnds { .. }
            | Event::ServerError { .. }
            | Event::Keep(_)
            | Event::Odd { .. } => None,
        })
    }

    pub(crate) fn own_events(&self) -> impl Iterator<Item = &OwnMessage> {
        self.room_events().filter_map(|what| if let RoomEvent::Own(own) = what { Some(own) } else { None })
    }

    pub(crate) fn odd(&self) -> Vec<&str> {
        let odd = self.events.iter().filter(|event| matches!(event, Event::Odd { .. }));
        odd.map(|event| if let Event::Odd { what, .. } = event { what.as_str() } else { "" }).collect()
    }

    pub(crate) fn assert_in_order(&self) {
        for room in self.chat.rooms() {
            let keys: Vec<_> = room.timeline().iter().map(Entry::key).collect();
            assert!(keys.is_sorted_by(|a, b| a < b), "{:?}", self.timeline());
        }
    }
}

pub(crate) fn joined(epoch: &str, last: u64) -> ServerMessage {
    ServerMessage::Joined { room: ROOM.to_owned(), epoch: epoch.to_owned(), last, members: vec![], total: 1 }
}

pub(crate) fn said(seq: u64, prev: u64) -> ServerMessage {
    said_by("other", seq, seq, prev, "hello")
}

pub(crate) fn said_by(from: &str, id: u64, seq: u64, prev: u64, text: &str) -> ServerMessage {
    let (from, name, text) = (from.to_owned(), from.to_uppercase(), text.to_owned());
    ServerMessage::Said(Said { room: ROOM.to_owned(), seq, prev, at: 1, from, name, id, text, style: None })
}

pub(crate) fn gap(after: u64, next: Option<u64>) -> ServerMessage {
    ServerMessage::Gap { room: ROOM.to_owned(), after, next }
}

pub(crate) fn accepted(id: u64, seq: u64) -> ServerMessage {
    ServerMessage::Accepted { room: ROOM.to_owned(), id, seq }
}

pub(crate) fn hold(from_id: u64, retry_ms: u64) -> ServerMessage {
    ServerMessage::Hold { room: ROOM.to_owned(), from_id, code: HoldCode::TooFast, retry_ms }
}
