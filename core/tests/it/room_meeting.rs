//! Both halves of the chat together: real clients, real sessions, a real hub, and a network between them that cuts, delays and dies.

use std::collections::{BTreeSet, VecDeque};

use heartline_core::chat::{Chat, ChatConfig, ClientSecret, Entry, Identity};
use heartline_core::close::Dialect;
use heartline_core::line::{Ended, Input, LineConfig, Machine, Message, Transmit};
use heartline_core::room::engine::MemoryConfig;
use heartline_core::room::{HubConfig, LineId, SessionConfig};
use heartline_core::time::Duration;
use heartline_core::wire::PROTOCOL;
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;
use crate::room_world::World;

const ROOM: &str = "lobby";

#[derive(Clone, Debug)]
enum Act {
    Say {
        who: usize,
    },
    /// Some of what is on its way arrives.
    Deliver {
        who: usize,
        up: usize,
        down: usize,
    },
    Cut {
        who: usize,
    },
    Kill,
    Engine {
        down: bool,
        slow: bool,
    },
    Pass {
        millis: u64,
    },
}

proptest! {
    #![proptest_config(fixed(100))]

    #[test]
    fn what_was_typed_arrives_once_and_all_timelines_are_equal(acts in prop::collection::vec(act(), 1..80)) {
        let mut meeting = Meeting::new();
        for act in acts {
            meeting.act(act);
        }
        meeting.end();
    }
}

#[test]
fn a_server_killed_while_messages_are_on_their_way_loses_and_doubles_nothing() {
    let mut meeting = Meeting::new();
    meeting.act(Act::Pass { millis: 1000 });
    for round in 0..20 {
        for who in 0..3 {
            for _ in 0..round % 7 {
                meeting.act(Act::Say { who });
            }
            meeting.act(Act::Deliver { who, up: round % 5, down: round % 3 });
        }
        meeting.act(Act::Kill);
        meeting.act(Act::Pass { millis: round as u64 * 700 });
    }
    meeting.end();
}

/// A server and three clients in one room.
struct Meeting {
    world: World,
    people: Vec<Person>,
    texts: BTreeSet<String>,
}

struct Person {
    chat: Chat,
    dialling: Option<u64>,
    line: Option<(LineId, u64)>,
    up: VecDeque<String>,
    down: VecDeque<String>,
}

impl Meeting {
    fn new() -> Self {
        let hub = HubConfig { window: 4096, ..HubConfig::default() };
        let world = World::with(SessionConfig::default(), hub, MemoryConfig::default());
        let people = (0..3_u8).map(|who| Person::new(who, &world)).collect();
        let mut meeting = Self { world, people, texts: BTreeSet::new() };
        meeting.deliver_all();
        meeting
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Say { who } => {
                let text = format!("{who}: {}", self.texts.len());
                let now = self.world.now;
                self.people[who].chat.say(now, ROOM, &text, None).unwrap();
                self.texts.insert(text);
            }
            Act::Deliver { who, up, down } => self.deliver(who, up, down),
            Act::Cut { who } => self.cut(who),
            Act::Kill => {
                self.world.restart();
                for who in 0..self.people.len() {
                    if self.people[who].line.is_some() {
                        self.cut(who);
                    }
                }
            }
            Act::Engine { down, slow } => {
                (self.world.history.down, self.world.slow) = (down, slow);
                self.world.settle();
            }
            Act::Pass { millis } => self.pass(Duration::from_millis(millis)),
        }
        for who in 0..self.people.len() {
            self.drain(who);
        }
    }

    fn end(&mut self) {
        self.act(Act::Engine { down: false, slow: false });
        self.act(Act::Pass { millis: 180_000 });
        let mut all = Vec::new();
        for person in &self.people {
            assert_eq!(person.chat.unsettled(), 0, "{:?}", person.chat.outbox(ROOM));
            let timeline = person.chat.timeline(ROOM).unwrap();
            let spoken: Vec<_> = timeline
                .iter()
                .map(|entry| {
                    let Entry::Spoken(spoken) = entry else { panic!("{entry:?}, though all is kept") };
                    (spoken.seq, spoken.text.clone())
                })
                .collect();
            all.push(spoken);
        }
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
        let texts: Vec<_> = all[0].iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(texts.len(), self.texts.len(), "something came twice or never");
        assert_eq!(texts.into_iter().collect::<BTreeSet<_>>(), self.texts);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.world.now + time;
        loop {
            self.deliver_all();
            let clients = self.people.iter().filter_map(|person| person.chat.poll_timeout());
            let next = clients.map(|(at, _)| at).chain(self.world.next_wakeup()).min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.world.pass(at.saturating_duration_since(self.world.now));
            let now = self.world.now;
            for person in &mut self.people {
                if person.chat.poll_timeout().is_some_and(|(at, _)| at <= now) {
                    person.chat.handle(now, Input::Timeout);
                }
            }
        }
        self.world.pass(end.saturating_duration_since(self.world.now));
    }

    fn deliver_all(&mut self) {
        for _ in 0..10_000 {
            let mut moved = false;
            for who in 0..self.people.len() {
                self.drain(who);
                let before = self.people[who].up.len() + self.people[who].down.len();
                moved |= before > 0 || self.people[who].dialling.is_some();
                self.deliver(who, usize::MAX, usize::MAX);
            }
            if !moved {
                return;
            }
        }
        panic!("they talk for ever");
    }

    fn deliver(&mut self, who: usize, up: usize, down: usize) {
        let now = self.world.now;
        if let Some(generation) = self.people[who].dialling.take() {
            let id = self.world.open();
            self.world.stick(id, true);
            self.people[who].line = Some((id, generation));
            let subprotocol = Some(PROTOCOL.to_owned());
            self.people[who].chat.handle(now, Input::Opened { generation, subprotocol });
            self.drain(who);
        }
        for _ in 0..up {
            let Some((id, _)) = self.people[who].line else { return };
            let Some(text) = self.people[who].up.pop_front() else { break };
            self.world.text(id, &text);
            self.drain_all();
        }
        for _ in 0..down {
            let Some((_, generation)) = self.people[who].line else { return };
            let Some(text) = self.people[who].down.pop_front() else { break };
            self.people[who].chat.handle(now, Input::Message { generation, message: Message::Text(text) });
            self.drain(who);
        }
    }

    fn drain_all(&mut self) {
        for who in 0..self.people.len() {
            self.drain(who);
        }
    }

    /// Takes over what client and server want to send.
    fn drain(&mut self, who: usize) {
        while let Some(transmit) = self.people[who].chat.poll_transmit() {
            match transmit {
                Transmit::Dial { generation } => {
                    self.hang_up(who);
                    self.people[who].dialling = Some(generation);
                }
                Transmit::Send { message: Message::Text(text), .. } => self.people[who].up.push_back(text),
                Transmit::Close { .. } | Transmit::Abandon { .. } => self.hang_up(who),
                Transmit::Send { .. } | Transmit::Ping { .. } => panic!("not on heartline.v1: {transmit:?}"),
            }
        }
        while self.people[who].chat.poll_event().is_some() {}
        let Some((id, generation)) = self.people[who].line else { return };
        let now = self.world.now;
        let Some(client) = self.world.clients.get_mut(&id) else { return };
        while let Some(parcel) = client.queue.pop_front() {
            client.session.handle_progress(now);
            client.session.handle_sent(now, &parcel);
            self.people[who].down.push_back(parcel.text.to_string());
        }
        if let Some(code) = client.closed {
            // What came before the close frame comes before it here too.
            let down: Vec<_> = self.people[who].down.drain(..).collect();
            for text in down {
                let message = Message::Text(text);
                self.people[who].chat.handle(now, Input::Message { generation, message });
            }
            self.hang_up(who);
            let ended = Ended::Code { code, reason: String::new() };
            self.people[who].chat.handle(now, Input::Closed { generation, ended });
            return self.drain(who);
        }
        self.world.settle();
    }

    /// The line breaks; what was on its way is lost.
    fn cut(&mut self, who: usize) {
        let Some((_, generation)) = self.people[who].line else { return };
        self.hang_up(who);
        self.people[who].chat.handle(self.world.now, Input::Closed { generation, ended: Ended::Eof });
    }

    fn hang_up(&mut self, who: usize) {
        let person = &mut self.people[who];
        person.up.clear();
        person.down.clear();
        if let Some((id, _)) = person.line.take()
            && self.world.clients.contains_key(&id)
        {
            self.world.cut(id);
        }
    }
}

impl Person {
    fn new(who: u8, world: &World) -> Self {
        let identity = Identity::new(ClientSecret::from_random(&[who; 16]).unwrap(), 1_000);
        let line = LineConfig::new(Dialect::V1);
        let config = ChatConfig { line, identity, name: format!("person {who}"), token: None };
        let mut chat = Chat::new(config, u64::from(who)).unwrap();
        chat.join(world.now, ROOM).unwrap();
        chat.connect(world.now);
        Self { chat, dialling: None, line: None, up: VecDeque::new(), down: VecDeque::new() }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0..3usize;
    prop_oneof![
        8 => who.clone().prop_map(|who| Act::Say { who }),
        6 => (who.clone(), 0..6usize, 0..6usize).prop_map(|(who, up, down)| Act::Deliver { who, up, down }),
        2 => who.prop_map(|who| Act::Cut { who }),
        1 => Just(Act::Kill),
        2 => (prop::bool::weighted(0.3), prop::bool::weighted(0.3)).prop_map(|(down, slow)| Act::Engine { down, slow }),
        4 => (0..20_000u64).prop_map(|millis| Act::Pass { millis }),
    ]
}
