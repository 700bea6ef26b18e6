//! A client and an honest server over a line that breaks at the worst moments.

use std::collections::{BTreeMap, VecDeque};

use heartline_core::chat::{Delivery, Entry};
use heartline_core::time::Duration;
use heartline_core::wire::{Beat, ClientMessage, HoldCode, Limits, Resume, Said, ServerMessage};

use crate::chat_world::{ROOM, World, YOU};

/// One thing that happens between a client and an honest server.
#[derive(Debug, Clone)]
pub(crate) enum Event {
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

/// A client and a server, and what is on its way between them.
pub(crate) struct Pair {
    pub(crate) world: World,
    up: VecDeque<ClientMessage>,
    down: VecDeque<ServerMessage>,
    pub(crate) server: Server,
}

/// The server's half in short: one room, order and dedupe, history that can be trimmed.
#[derive(Default)]
pub(crate) struct Server {
    epoch: u32,
    last: u64,
    pub(crate) log: VecDeque<Said>,
    /// The seq of each of the client's numbers, and whether the room is joined on this line.
    known: BTreeMap<u64, u64>,
    joined: bool,
    hold_next: bool,
    /// The first held number: nothing above it is taken before it comes again.
    held: Option<u64>,
    others: u64,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::of(World::new(), Server::default())
    }

    /// A client that has been told to connect, and a server with what it knows of earlier lines.
    pub(crate) fn of(world: World, server: Server) -> Self {
        let (up, down) = (VecDeque::new(), VecDeque::new());
        let mut pair = Self { world, up, down, server: Server { joined: false, held: None, ..server } };
        pair.world.open();
        pair.collect();
        pair
    }

    pub(crate) fn happen(&mut self, event: Event) {
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

    pub(crate) fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        self.server.joined = false;
        self.server.held = None;
        self.world.cut();
        self.world.open();
    }

    /// What is on its way to the server.
    pub(crate) fn up(&self) -> impl Iterator<Item = &ClientMessage> {
        self.up.iter()
    }

    pub(crate) fn collect(&mut self) {
        self.up.extend(self.world.sent.drain(..));
    }

    /// Everything on its way arrives, until nothing is.
    pub(crate) fn settle(&mut self) {
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

    pub(crate) fn check(&self) {
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
        let newest: Vec<_> = newest.filter_map(Entry::spoken).collect();
        let shown: Vec<u64> = newest.iter().rev().map(|spoken| spoken.seq).collect();
        // An own copy of what was accepted may lie further back than all that was asked for.
        let first =
            newest.iter().rev().find(|spoken| spoken.at.is_some()).map_or(u64::MAX, |spoken| spoken.seq);
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
