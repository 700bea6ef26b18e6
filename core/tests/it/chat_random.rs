//! Random lives of a chat client: with an honest server over lines that break at the worst moments, and with a server that lies.

use std::collections::{BTreeMap, VecDeque};

use heartline_core::chat::{Delivery, Entry, Timeline};
use heartline_core::line::Machine;
use heartline_core::time::Duration;
use heartline_core::wire::{
    Beat, ClientMessage, ErrorCode, HoldCode, Limits, Member, RejectCode, Resume, Said, ServerMessage,
};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_world::{ROOM, World, YOU};
use crate::fixed;

/// One thing that happens between a client and an honest server.
#[derive(Debug, Clone)]
enum Event {
    /// The user says something.
    Say,
    /// Somebody else does.
    OtherSays,
    /// The oldest message on its way to the server arrives, if there is one.
    Up,
    /// The oldest message on its way to the client arrives, if there is one.
    Down,
    /// The line breaks with everything on it.
    Cut,
    /// The server is killed with all it knows.
    Kill,
    /// The server lets go of its oldest messages.
    Trim,
    /// The server holds the next message.
    Hold,
    /// The user scrolls back.
    Page,
    /// Time goes on.
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Say),
        3 => Just(Event::OtherSays),
        12 => Just(Event::Up),
        16 => Just(Event::Down),
        1 => Just(Event::Cut),
        1 => Just(Event::Kill),
        1 => Just(Event::Trim),
        1 => Just(Event::Hold),
        1 => Just(Event::Page),
        2 => (0..3_000_u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(fixed(100))]

    #[test]
    fn with_an_honest_server_what_was_accepted_is_there_once(events in prop::collection::vec(event(), 0..200)) {
        let mut pair = Pair::new();
        for event in events {
            pair.happen(event);
            pair.world.assert_in_order();
        }
        pair.settle();
        pair.check();
    }

    #[test]
    fn a_lying_server_gets_nowhere(messages in prop::collection::vec(lie(), 0..150), says in 0..5_usize) {
        let mut world = World::joined();
        for (n, message) in messages.into_iter().enumerate() {
            if n < says {
                // A limit that lies may refuse it.
                let _ = world.chat.say(world.now, ROOM, "hello", None);
                world.drain();
            }
            world.sent.clear();
            world.server(message);
            prop_assert!(world.sent.len() <= 64 + 2, "one message made the client send {}", world.sent.len());
            world.assert_in_order();
            prop_assert!(world.chat.timeline(ROOM).unwrap().len() <= Timeline::MAX_ENTRIES);
            world.pass(Duration::from_millis(10));
            world.sent.clear();
            if world.chat.line().next_dial().is_some() {
                world.open();
            }
        }
        prop_assert!(world.chat.outbox(ROOM).len() <= says);
    }
}

/// A client and a server, and what is on its way between them.
struct Pair {
    world: World,
    up: VecDeque<ClientMessage>,
    down: VecDeque<ServerMessage>,
    server: Server,
}

/// The server's half in short: one room, order and dedupe, history that can be trimmed.
#[derive(Default)]
struct Server {
    epoch: u32,
    last: u64,
    log: VecDeque<Said>,
    /// The seq of each of the client's numbers, and whether the room is joined on this line.
    known: BTreeMap<u64, u64>,
    joined: bool,
    hold_next: bool,
    /// The first held number: nothing above it is taken before it comes again.
    held: Option<u64>,
    others: u64,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            world: World::new(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            server: Server::default(),
        };
        pair.world.open();
        pair.collect();
        pair
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Say => {
                let text = format!("text {}", self.world.own_events().count());
                self.world.say(&text);
            }
            Event::OtherSays => {
                self.server.others += 1;
                let said =
                    self.server.append("other", self.server.others, format!("other {}", self.server.others));
                self.push_live(said);
            }
            Event::Up => {
                if let Some(message) = self.up.pop_front() {
                    self.serve(message);
                }
            }
            Event::Down => {
                if let Some(message) = self.down.pop_front() {
                    self.world.server(message);
                }
            }
            Event::Cut => self.cut(),
            Event::Kill => {
                let epoch = self.server.epoch + 1;
                self.server = Server { epoch, others: self.server.others, ..Server::default() };
                self.cut();
            }
            Event::Trim => {
                self.server.log.pop_front();
            }
            Event::Hold => self.server.hold_next = true,
            Event::Page => {
                let _ = self.world.chat.history(self.world.now, ROOM, 5);
                self.world.drain();
            }
            Event::Pass(millis) => self.world.pass(Duration::from_millis(millis)),
        }
        self.collect();
    }

    fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        self.server.joined = false;
        self.server.held = None;
        self.world.cut();
        self.world.open();
    }

    fn collect(&mut self) {
        self.up.extend(self.world.sent.drain(..));
    }

    /// Everything on its way arrives, until nothing is.
    fn settle(&mut self) {
        self.server.hold_next = false;
        for _ in 0..10_000 {
            if !self.up.is_empty() {
                self.happen(Event::Up);
            } else if !self.down.is_empty() {
                self.happen(Event::Down);
            } else if self.world.chat.unsettled() > 0 {
                self.happen(Event::Pass(1_000));
            } else {
                return;
            }
        }
        panic!("it does not settle: {:?}", self.world.deliveries());
    }

    fn check(&self) {
        assert_eq!(self.world.odd(), Vec::<&str>::new());
        let timeline = self.world.chat.timeline(ROOM).unwrap();
        let own: Vec<&str> = timeline
            .iter()
            .filter_map(Entry::spoken)
            .filter(|it| it.own)
            .map(|it| it.text.as_str())
            .collect();
        for own_event in self.world.own_events() {
            let times = own.iter().filter(|text| **text == own_event.text).count();
            match own_event.delivery {
                // A kill may come between a message's place in one epoch and its repeat in the next: then both are shown.
                Delivery::Accepted { .. } => {
                    assert!(times >= 1, "{} is accepted and not there", own_event.text)
                }
                Delivery::Rejected(ref rejection) => panic!("nothing is rejected here: {rejection:?}"),
                Delivery::Queued | Delivery::Sent | Delivery::Held { .. } => {}
            }
            if self.server.epoch == 0 {
                assert!(times <= 1, "{} is there {times} times", own_event.text);
            }
        }
        // What the server still has, and was said after the client first came in, is all there, in its order.
        let newest = timeline.iter().rev().take_while(|entry| !matches!(entry, Entry::NewEpoch { .. }));
        let mut shown: Vec<u64> = newest.filter_map(Entry::spoken).map(|spoken| spoken.seq).collect();
        shown.reverse();
        let first = shown.first().copied().unwrap_or(u64::MAX);
        let kept: Vec<u64> =
            self.server.log.iter().map(|said| said.seq).filter(|seq| *seq >= first).collect();
        assert!(
            kept.iter().all(|seq| shown.contains(seq)),
            "the server has {kept:?}, the client shows {shown:?}"
        );
        if self.world.chat.room(ROOM).unwrap().is_in() && self.server.last > 0 && !self.server.log.is_empty()
        {
            assert_eq!(shown.last(), self.server.log.back().map(|said| &said.seq), "caught up");
        }
    }

    fn serve(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::Hello { resume, .. } => {
                let (session, you) = ("s".to_owned(), YOU.to_owned());
                let limits = Limits { in_flight: 4, ..Limits::default() };
                self.down.push_back(ServerMessage::Welcome {
                    session,
                    you,
                    heartbeat: Beat::default(),
                    limits,
                });
                for Resume { epoch, after, .. } in resume {
                    self.join(epoch, after);
                }
            }
            ClientMessage::Join { epoch, after, .. } => self.join(epoch, after),
            ClientMessage::Say { id, text, .. } => self.take(id, text),
            ClientMessage::History { before, limit, .. } => {
                let older = self.server.log.iter().filter(|said| said.seq < before);
                let skip = older.clone().count().saturating_sub(limit as usize);
                let page: Vec<_> = older.skip(skip).cloned().collect();
                match page.first() {
                    Some(_) => self.down.extend(page.into_iter().map(ServerMessage::Said)),
                    None => self.down.push_back(ServerMessage::Gap {
                        room: ROOM.to_owned(),
                        after: 0,
                        next: Some(before),
                    }),
                }
            }
            ClientMessage::Leave { .. } | ClientMessage::Token { .. } => {}
            ClientMessage::Ping { .. } | ClientMessage::Pong { .. } => {}
        }
    }

    fn join(&mut self, epoch: Option<String>, after: Option<u64>) {
        self.server.joined = true;
        let present = self.server.epoch.to_string();
        let (room, last) = (ROOM.to_owned(), self.server.last);
        self.down.push_back(ServerMessage::Joined {
            room,
            epoch: present.clone(),
            last,
            members: vec![],
            total: 1,
        });
        let after = after.filter(|_| epoch == Some(present));
        let from = after.unwrap_or_else(|| {
            let page = self.server.log.iter().rev().nth(3);
            page.map_or_else(
                || self.server.log.front().map_or(last, |said| said.seq - 1),
                |said| said.seq - 1,
            )
        });
        if let Some(first) =
            self.server.log.iter().find(|said| said.seq > from).filter(|first| first.prev > from)
        {
            let next = Some(first.seq);
            self.down.push_back(ServerMessage::Gap { room: ROOM.to_owned(), after: from, next });
        } else if from < last && self.server.log.iter().all(|said| said.seq <= from) {
            self.down.push_back(ServerMessage::Gap { room: ROOM.to_owned(), after: from, next: None });
        }
        let missed: Vec<_> = self.server.log.iter().filter(|said| said.seq > from).cloned().collect();
        self.down.extend(missed.into_iter().map(ServerMessage::Said));
    }

    fn take(&mut self, id: u64, text: String) {
        let room = ROOM.to_owned();
        if let Some(seq) = self.server.known.get(&id) {
            return self.down.push_back(ServerMessage::Accepted { room, id, seq: *seq });
        }
        if self.server.held.is_some_and(|held| id > held) {
            return;
        }
        if std::mem::take(&mut self.server.hold_next) {
            self.server.held = Some(id);
            return self.down.push_back(ServerMessage::Hold {
                room,
                from_id: id,
                code: HoldCode::TooFast,
                retry_ms: 500,
            });
        }
        self.server.held = None;
        assert!(self.server.known.keys().all(|known| *known < id), "{id} comes out of order");
        let said = self.server.append(YOU, id, text);
        self.server.known.insert(id, said.seq);
        // Either may be first.
        let accepted = ServerMessage::Accepted { room, id, seq: said.seq };
        if id.is_multiple_of(2) {
            self.down.push_back(accepted);
            self.push_live(said);
        } else {
            self.push_live(said);
            self.down.push_back(accepted);
        }
    }

    fn push_live(&mut self, said: Said) {
        if self.server.joined {
            self.down.push_back(ServerMessage::Said(said));
        }
    }
}

impl Server {
    fn append(&mut self, from: &str, id: u64, text: String) -> Said {
        let prev = self.last;
        self.last += 1;
        let (room, name) = (ROOM.to_owned(), from.to_uppercase());
        let said =
            Said { room, seq: self.last, prev, at: 1, from: from.to_owned(), name, id, text, style: None };
        self.log.push_back(said.clone());
        said
    }
}

/// A number that may mean anything: small ones meet, the largest are where sums overflow.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..12_u64, 2 => 995..1_010_u64, 1 => Just((1_u64 << 53) - 1), 1 => Just((1_u64 << 53) - 2)]
}

fn lie() -> impl Strategy<Value = ServerMessage> {
    let room = || prop_oneof![9 => Just(ROOM.to_owned()), 1 => Just("elsewhere".to_owned())];
    let from = prop_oneof![Just(YOU.to_owned()), Just("other".to_owned())];
    let said = (room(), number(), number(), from, number(), prop_oneof![Just("hello"), Just("hullo")]);
    prop_oneof![
        10 => said.prop_map(|(room, seq, prev, from, id, text)| {
            let (name, text) = (from.clone(), text.to_owned());
            ServerMessage::Said(Said { room, seq, prev, at: seq, from, name, id, text, style: None })
        }),
        3 => (room(), number(), prop::option::of(number())).prop_map(|(room, after, next)| ServerMessage::Gap { room, after, next }),
        3 => (room(), 0..3_u32, number()).prop_map(|(room, epoch, last)| {
            let members = vec![Member { from: "m".to_owned(), name: "m".to_owned() }];
            ServerMessage::Joined { room, epoch: epoch.to_string(), last, members, total: last }
        }),
        3 => (room(), number(), number()).prop_map(|(room, id, seq)| ServerMessage::Accepted { room, id, seq }),
        1 => (room(), number()).prop_map(|(room, id)| {
            ServerMessage::Rejected { room, id, code: RejectCode::Other("moon".to_owned()), why: String::new() }
        }),
        2 => (room(), number(), number()).prop_map(|(room, from_id, retry_ms)| {
            ServerMessage::Hold { room, from_id, code: HoldCode::Other("moon".to_owned()), retry_ms }
        }),
        1 => (room(), number()).prop_map(|(room, total)| ServerMessage::Members { room, joined: vec![], left: vec![], total }),
        2 => (number(), number()).prop_map(|(a, b)| {
            let limits = Limits { in_flight: a as u32, text_bytes: b as u32, outbox_age_s: a as u32, ..Limits::default() };
            let heartbeat = Beat { interval_ms: a, grace_ms: b };
            ServerMessage::Welcome { session: String::new(), you: YOU.to_owned(), heartbeat, limits }
        }),
        1 => (number(), prop::option::of(room())).prop_map(|(within_ms, room)| match room {
            Some(_) => ServerMessage::Error { code: ErrorCode::BadRoom, why: String::new(), room },
            None => ServerMessage::Draining { within_ms },
        }),
    ]
}
