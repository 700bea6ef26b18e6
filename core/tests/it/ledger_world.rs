//! The whole path in one world: real clients, a network that fails, real sessions and hubs, and a store that outlives them.

use std::sync::{Arc, Mutex};

use heartline_core::close::Dialect;
use heartline_core::line::{Ended, LineConfig, Machine, Signal};
use heartline_core::room::{HubConfig, SessionConfig};
use heartline_ledger::{Finding, Ledger, Sighting, Talker, Totals};

use crate::ledger_schedule::{PEOPLE, ROOMS, Schedule, Step};
use crate::world::{Death, Flow, Lost, Shell, Timers, Town, Trouble, Way, World, secs, talker};

/// Small, so that a slow reader is set back by a few messages.
const WINDOW: usize = 4096;
const FIRST_PAGE: u32 = 10;

/// The longest a healed world may take until everybody has everything: dead lines are found, waits for a dial end, outboxes drain.
const HEALED: u64 = 300;

/// A world, people in it, and the ledger of what they were told.
pub(crate) struct Life {
    pub(crate) world: World<Talker, Town>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    /// The client that is each person's present run.
    pub(crate) people: Vec<Person>,
    up: Vec<bool>,
    seed: u64,
    written: usize,
}

pub(crate) struct Person {
    pub(crate) client: usize,
    run: u64,
}

impl Life {
    pub(crate) fn new(schedule: &Schedule) -> Self {
        let session = SessionConfig::default();
        let hub = HubConfig { window: WINDOW, first_page: FIRST_PAGE, ..HubConfig::default() };
        Self::with(schedule, PEOPLE, &ROOMS, &session, &hub)
    }

    pub(crate) fn with(
        schedule: &Schedule,
        people: usize,
        rooms: &[&str],
        session: &SessionConfig,
        hub: &HubConfig,
    ) -> Self {
        let Schedule { seed, houses, delay, .. } = *schedule;
        let world = World::new(seed, Town::new(houses, session, hub, delay, seed));
        let ledger = Arc::<Mutex<Ledger>>::default();
        let mut life = Self { world, ledger, people: Vec::new(), up: vec![true; houses], seed, written: 0 };
        for who in 0..people {
            let client = life.begin(who, 0, rooms);
            life.people.push(Person { client, run: 0 });
        }
        life
    }

    pub(crate) fn happen(&mut self, step: &Step) {
        match *step {
            Step::Say { who, room, messages, bytes } => {
                for _ in 0..messages {
                    self.say(who, ROOMS[room], bytes);
                }
            }
            Step::Pass(how_long) => self.world.run_for(how_long),
            Step::Cut { who } => self.world.cut(self.people[who].client, &Ended::Eof),
            Step::Flow { who, way, flow } => self.world.flow(self.people[who].client, way, flow),
            Step::Bandwidth { who, bandwidth } => {
                self.world.path(self.people[who].client).bandwidth = bandwidth;
            }
            Step::Sleep { who, how_long, clock } => {
                self.world.sleep(self.people[who].client, how_long, clock);
            }
            Step::Hidden { who, hidden } => {
                let client = self.people[who].client;
                self.world.throttle(client, if hidden { Timers::OnceAMinute } else { Timers::Prompt });
                self.world.signal(client, if hidden { Signal::Hidden } else { Signal::Visible });
            }
            Step::Restart { who } => self.restart(who),
            Step::Leave { who, room } => self.world.act(self.people[who].client, |talker, now| {
                talker.chat.leave(now, ROOMS[room]);
                talker.chat.join(now, ROOMS[room]).unwrap();
            }),
            Step::Kill { house, death } => self.kill(house, death),
            Step::Start { house, skip } => self.start(house, skip),
            Step::Drain { house, within } => {
                let now = self.world.now;
                self.world.serve(|town| town.drain(now, house, within));
                self.world.run_for(within);
                self.kill(house, Death::Process);
            }
            Step::Stopped(true) => self.world.stop_server(),
            Step::Stopped(false) => self.world.continue_server(false),
            Step::Trouble(trouble) => self.world.server.trouble = trouble,
            Step::Trim { room, leave } => self.trim(ROOMS[room], leave),
            Step::LoseTail { room, messages, anew } => {
                self.world.continue_server(false);
                (0..self.up.len()).for_each(|house| self.kill(house, Death::Machine));
                let lost = self.world.server.store.lose_tail(ROOMS[room], messages, anew);
                self.note_lost(ROOMS[room], lost);
                (0..self.up.len()).for_each(|house| self.start(house, 0));
            }
        }
    }

    pub(crate) fn say(&mut self, who: usize, room: &str, bytes: usize) -> u64 {
        self.written += 1;
        let text = format!("{who} says {} {}", self.written, "x".repeat(bytes));
        self.world
            .act(self.people[who].client, |talker, now| talker.chat.say(now, room, &text, None))
            .unwrap()
    }

    /// The store lets go of the oldest messages of a room but so many.
    pub(crate) fn trim(&mut self, room: &str, leave: usize) {
        let lost = self.world.server.store.trim(room, leave);
        self.note_lost(room, lost);
    }

    /// The same client runs once more, somewhere else. Returns which one it is.
    pub(crate) fn second_run(&mut self, who: usize, rooms: &[&str]) -> usize {
        self.begin(who, 1, rooms)
    }

    /// Everything works again for a while: then everybody has everything that is left.
    pub(crate) fn heal(&mut self) {
        self.world.server.trouble = Trouble::None;
        (0..self.up.len()).for_each(|house| self.start(house, 0));
        self.world.continue_server(false);
        for who in 0..self.people.len() {
            let client = self.people[who].client;
            self.world.path(client).bandwidth = None;
            for way in [Way::Up, Way::Down] {
                self.world.flow(client, way, Flow::Moving);
            }
            self.happen(&Step::Hidden { who, hidden: false });
        }
        self.world.run_for(secs(HEALED));
    }

    /// What is wrong, now that everything is well.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut ledger = self.ledger.lock().unwrap();
        let store = &self.world.server.store;
        for person in &self.people {
            let talker = &self.world.clients[person.client].machine;
            for room in talker.chat.rooms() {
                let name = room.name();
                assert!(
                    room.is_caught_up(),
                    "person {} is not in {name}: {:?}",
                    person.client,
                    talker.chat.line()
                );
                assert_eq!(room.epoch(), store.epoch(name));
                let there =
                    |person: &&Person| self.world.clients[person.client].machine.chat.room(name).is_some();
                let members = self.people.iter().filter(there).count();
                assert_eq!(room.members().total(), members as u64, "as person {} sees {name}", person.client);
                assert_eq!(room.members().iter().count(), members, "as person {} sees {name}", person.client);
            }
            talker.witness.finish(&mut ledger, &talker.chat);
        }
        for (room, epoch) in store.rooms() {
            let kept = store.kept(room).map(|(entry, draft)| (entry, draft, draft.from.to_string()));
            let kept: Vec<_> = kept.collect();
            ledger.kept(
                room,
                epoch,
                kept.iter().map(|(entry, draft, from)| Sighting {
                    seq: entry.seq,
                    prev: entry.prev,
                    from,
                    id: draft.id,
                    text: &draft.text,
                    newest: true,
                }),
            );
        }
        ledger.check()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.ledger.lock().unwrap().totals()
    }

    fn begin(&mut self, who: usize, run: u64, rooms: &[&str]) -> usize {
        let shell = if self.seed.is_multiple_of(2) { Shell::Page } else { Shell::Native };
        let seed = self.seed.wrapping_add(who as u64 * 100 + run);
        let talker = talker(&self.ledger, LineConfig::new(Dialect::V1), who, run, seed);
        let client = self.world.add(talker, shell);
        self.world.path(client).server_kernel = 2 * WINDOW;
        self.world.act(client, |talker, now| {
            rooms.iter().for_each(|room| talker.chat.join(now, room).unwrap());
            talker.chat.connect(now);
        });
        client
    }

    fn restart(&mut self, who: usize) {
        let Person { client, run } = self.people[who];
        let rooms: Vec<String> =
            self.world.clients[client].machine.chat.rooms().map(|room| room.name().to_owned()).collect();
        let talker = &self.world.clients[client].machine;
        talker.witness.end(&mut self.ledger.lock().unwrap(), &talker.chat);
        self.world.act(client, |talker, now| talker.chat.disconnect(now, 1000, "bye"));
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        let run = run + 1;
        self.people[who] = Person { client: self.begin(who, run, &rooms), run };
    }

    fn kill(&mut self, house: usize, death: Death) {
        self.up[house] = false;
        let now = self.world.now;
        self.world.serve(|town| town.kill(now, house, death));
    }

    fn start(&mut self, house: usize, skip: u64) {
        if std::mem::replace(&mut self.up[house], true) {
            return;
        }
        self.world.serve(|town| {
            town.store.skip(skip);
            town.start(house);
        });
    }

    fn note_lost(&mut self, room: &str, lost: Option<(String, Lost)>) {
        let mut ledger = self.ledger.lock().unwrap();
        match lost {
            Some((epoch, Lost::Seqs(seqs))) => ledger.may_lack(room, &epoch, seqs),
            Some((old, Lost::Epoch { new, kept })) => ledger.began_anew(room, &old, &new, kept),
            None => {}
        }
    }
}
