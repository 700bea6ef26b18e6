//! Random lives of a whole server: whatever happens, what was accepted reaches everybody once and in order, or there is a gap.

use std::collections::{BTreeMap, BTreeSet};

use heartline_core::room::engine::{Engine, MemoryConfig};
use heartline_core::room::{HubConfig, LineId, SessionConfig};
use heartline_core::time::Duration;
use heartline_core::wire::{ClientMessage, Resume, Said, ServerMessage};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;
use crate::room_world::{World, hello};

const ROOMS: [&str; 2] = ["tea", "coffee"];
const WINDOW: usize = 4096;
const KEPT: usize = 40;

#[derive(Clone, Debug)]
enum Act {
    Say { who: usize, room: usize, bytes: usize },
    Repeat { who: usize, room: usize, back: u64 },
    Cut { who: usize },
    Join { who: usize, room: usize },
    Leave { who: usize, room: usize },
    History { who: usize, room: usize, before: u64 },
    Stick { who: usize, stuck: bool },
    Engine { down: bool, slow: bool },
    Pass { millis: u64 },
    Nonsense { who: usize, text: String },
}

proptest! {
    #![proptest_config(fixed(150))]

    #[test]
    fn everybody_gets_everything_once_and_in_order_or_hears_of_a_gap(acts in prop::collection::vec(act(), 1..120)) {
        let mut life = Life::new();
        for act in acts {
            life.act(act);
            life.check();
        }
        life.end();
    }
}

/// A server, and people who remember what they saw.
struct Life {
    world: World,
    people: Vec<Person>,
    /// Which seq every message got, told by anybody. One message has one seq, and one seq one message.
    places: BTreeMap<(usize, u64), (String, u64)>,
    accepted: BTreeSet<(usize, u64)>,
}

struct Person {
    name: String,
    dial: u64,
    line: LineId,
    rooms: [Option<Seen>; 2],
    next_id: [u64; 2],
    texts: [BTreeMap<u64, String>; 2],
}

/// What a person knows of a room it is in.
#[derive(Clone, Debug, Default)]
struct Seen {
    epoch: Option<String>,
    last: Option<u64>,
    /// Not joined yet: what is there comes with `joined`.
    fresh: bool,
    gap: bool,
}

impl Life {
    fn new() -> Self {
        let hub = HubConfig { window: WINDOW, first_page: 10, ..HubConfig::default() };
        let memory = MemoryConfig { messages_per_room: KEPT, ..MemoryConfig::default() };
        let mut world = World::with(SessionConfig::default(), hub, memory);
        let people = (0..3)
            .map(|who| {
                let name = format!("person {who}");
                let line = world.open();
                world.tell(line, &hello(&name, 1, vec![]));
                let texts = [BTreeMap::new(), BTreeMap::new()];
                Person { name, dial: 1, line, rooms: [None, None], next_id: [1, 1], texts }
            })
            .collect();
        Self { world, people, places: BTreeMap::new(), accepted: BTreeSet::new() }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Say { who, room, bytes } => {
                let person = &mut self.people[who];
                let id = person.next_id[room];
                person.next_id[room] += 1;
                let text = format!("{who} {id} {}", "x".repeat(bytes));
                person.texts[room].insert(id, text.clone());
                self.world.say(person.line, ROOMS[room], id, &text);
            }
            Act::Repeat { who, room, back } => {
                let person = &self.people[who];
                let id = person.next_id[room].saturating_sub(back);
                if let Some(text) = person.texts[room].get(&id) {
                    self.world.say(person.line, ROOMS[room], id, text);
                }
            }
            Act::Cut { who } => self.redial(who),
            Act::Join { who, room } => {
                let person = &mut self.people[who];
                let seen = person.rooms[room].get_or_insert_default();
                seen.fresh = true;
                let Resume { room, epoch, after } = seen.resume(room);
                self.world.tell(person.line, &ClientMessage::Join { room, epoch, after });
            }
            Act::Leave { who, room } => {
                self.people[who].rooms[room] = None;
                self.world.tell(self.people[who].line, &ClientMessage::Leave { room: ROOMS[room].into() });
            }
            Act::History { who, room, before } => {
                let room = ROOMS[room].into();
                self.world.tell(self.people[who].line, &ClientMessage::History { room, before, limit: 0 });
            }
            Act::Stick { who, stuck } => self.world.stick(self.people[who].line, stuck),
            Act::Engine { down, slow } => {
                (self.world.history.down, self.world.slow) = (down, slow);
                self.world.settle();
            }
            Act::Pass { millis } => self.world.pass(Duration::from_millis(millis)),
            Act::Nonsense { who, text } => self.world.text(self.people[who].line, &text),
        }
        for who in 0..self.people.len() {
            self.hear(who);
            if self.world.closed(self.people[who].line).is_some() {
                self.redial(who);
            }
        }
    }

    /// A new line, which goes on where the old one ended. What was written to the old one and not read is lost.
    fn redial(&mut self, who: usize) {
        let person = &mut self.people[who];
        self.world.cut(person.line);
        person.dial += 1;
        let resume = person
            .rooms
            .iter_mut()
            .enumerate()
            .filter_map(|(room, seen)| {
                let seen = seen.as_mut()?;
                seen.fresh = true;
                Some(seen.resume(room))
            })
            .collect();
        person.line = self.world.open();
        self.world.tell(person.line, &hello(&person.name, person.dial, resume));
        self.hear(who);
    }

    fn hear(&mut self, who: usize) {
        let got = self.world.got(self.people[who].line);
        for message in got {
            match message {
                ServerMessage::Joined { room, epoch, .. } => {
                    if let Some(seen) = self.seen(who, &room) {
                        seen.fresh = false;
                        if seen.epoch.as_ref() != Some(&epoch) {
                            seen.last = None;
                        }
                        seen.epoch = Some(epoch);
                    }
                }
                ServerMessage::Gap { room, after, next } => {
                    let next = next.expect("nothing is lost at the end of a room");
                    let head = self.world.history.memory.open(&room).unwrap().last;
                    assert!(
                        after < next && next + KEPT as u64 <= head + 1,
                        "{after} to {next} of {head} is kept"
                    );
                    if let Some(seen) = self.seen(who, &room)
                        && !seen.fresh
                        && after >= seen.last.unwrap_or(0)
                    {
                        seen.gap = true;
                    }
                }
                ServerMessage::Said(said) => self.said(who, said),
                ServerMessage::Accepted { room, id, seq } => {
                    let room = room_of(&room);
                    self.place(room, seq, self.people[who].name.clone(), id);
                    self.accepted.insert((room, seq));
                }
                ServerMessage::Welcome { .. }
                | ServerMessage::Rejected { .. }
                | ServerMessage::Hold { .. }
                | ServerMessage::Members { .. }
                | ServerMessage::Draining { .. }
                | ServerMessage::Token { .. }
                | ServerMessage::Error { .. }
                | ServerMessage::Ping { .. }
                | ServerMessage::Pong { .. } => {}
            }
        }
    }

    fn said(&mut self, who: usize, said: Said) {
        let room = room_of(&said.room);
        self.place(room, said.seq, said.name.clone(), said.id);
        let Some(seen) = self.seen(who, &said.room) else { return };
        if seen.fresh {
            return;
        }
        match seen.last {
            // An older page, asked for.
            Some(last) if said.seq <= last => return,
            Some(last) => assert!(
                said.prev == last || seen.gap,
                "after {last} came {} with prev {} and without a gap",
                said.seq,
                said.prev
            ),
            None => {}
        }
        seen.last = Some(said.seq);
        seen.gap = false;
    }

    fn seen(&mut self, who: usize, room: &str) -> Option<&mut Seen> {
        self.people[who].rooms[room_of(room)].as_mut()
    }

    fn place(&mut self, room: usize, seq: u64, name: String, id: u64) {
        let before = self.places.insert((room, seq), (name.clone(), id));
        assert!(before.is_none_or(|before| before == (name, id)), "two messages have seq {seq}");
    }

    fn check(&self) {
        for person in &self.people {
            let unwritten = self.world.hub.unwritten(person.line);
            assert!(unwritten <= 4 * WINDOW + 32 * 1024, "{unwritten} bytes for one line");
        }
    }

    /// Everything works again for a while: then everybody has everything that is left.
    fn end(&mut self) {
        self.act(Act::Engine { down: false, slow: false });
        for who in 0..self.people.len() {
            self.act(Act::Stick { who, stuck: false });
            for room in 0..ROOMS.len() {
                self.act(Act::Join { who, room });
            }
        }
        self.act(Act::Pass { millis: 20_000 });
        for (room, name) in ROOMS.iter().enumerate() {
            let last = self.places.keys().filter(|(of, _)| *of == room).map(|(_, seq)| *seq).max();
            for person in &self.people {
                let seen = person.rooms[room].as_ref().expect("everybody is everywhere");
                assert_eq!(seen.last.unwrap_or(0), last.unwrap_or(0), "{} in {}", person.name, name);
            }
            let of_room: Vec<_> = self.places.iter().filter(|((of, _), _)| *of == room).collect();
            let mut highest = BTreeMap::new();
            for ((_, _), (name, id)) in of_room {
                let before = highest.insert(name, id);
                assert!(before.is_none_or(|before| before < id), "{name}'s ids do not rise");
            }
        }
    }
}

impl Seen {
    fn resume(&self, room: usize) -> Resume {
        let epoch = self.last.and_then(|_| self.epoch.clone());
        Resume { room: ROOMS[room].into(), epoch, after: Some(self.last.unwrap_or(0)) }
    }
}

fn room_of(room: &str) -> usize {
    ROOMS.iter().position(|of| *of == room).expect("a room of this life")
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0..3usize;
    let room = 0..2usize;
    prop_oneof![
        12 => (who.clone(), room.clone(), 0..900usize).prop_map(|(who, room, bytes)| Act::Say { who, room, bytes }),
        2 => (who.clone(), room.clone(), 1..9u64).prop_map(|(who, room, back)| Act::Repeat { who, room, back }),
        2 => who.clone().prop_map(|who| Act::Cut { who }),
        4 => (who.clone(), room.clone()).prop_map(|(who, room)| Act::Join { who, room }),
        1 => (who.clone(), room.clone()).prop_map(|(who, room)| Act::Leave { who, room }),
        1 => (who.clone(), room, 0..60u64).prop_map(|(who, room, before)| Act::History { who, room, before }),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, stuck)| Act::Stick { who, stuck }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(down, slow)| Act::Engine { down, slow }),
        3 => (0..15_000u64).prop_map(|millis| Act::Pass { millis }),
        1 => (who, ".{0,40}").prop_map(|(who, text)| Act::Nonsense { who, text }),
    ]
}
