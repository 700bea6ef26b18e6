//! Random lives of a client that is closed and reopened at any moment, over lines that break, with a disk that takes its time.

use std::collections::{BTreeSet, VecDeque};

use heartline_core::chat::Keep;
use heartline_core::time::Instant;
use heartline_core::wire::ClientMessage;
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_keeping::{Disk, keeps};
use crate::chat_pair::{Event, Pair, Server};
use crate::chat_world::YOU;
use crate::fixed;

#[derive(Debug, Clone)]
enum Step {
    /// Something between client and server.
    Pair(Event),
    /// The disk does the oldest thing it was asked for.
    Store,
    /// The client is closed and opened again; only what is on disk is left.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let pair = prop_oneof![
        5 => Just(Event::Say),
        2 => Just(Event::OtherSays),
        12 => Just(Event::Up),
        12 => Just(Event::Down),
        1 => Just(Event::Cut),
        1 => Just(Event::Hold),
        2 => (0..3_000_u64).prop_map(Event::Pass),
    ];
    prop_oneof![20 => pair.prop_map(Step::Pair), 8 => Just(Step::Store), 2 => Just(Step::Reopen)]
}

proptest! {
    #![proptest_config(fixed(150))]

    #[test]
    fn what_was_stored_arrives_once_and_in_order(steps in prop::collection::vec(step(), 0..250)) {
        let mut life = Life::new();
        for step in steps {
            life.happen(step);
        }
        life.settle();
        life.check();
    }
}

struct Life {
    pair: Pair,
    disk: Disk,
    asked: VecDeque<Keep>,
    /// The numbers that were ever on disk.
    stored: BTreeSet<u64>,
    said: u64,
}

impl Life {
    fn new() -> Self {
        let disk = Disk { used: 1_000, ..Disk::default() };
        let world = disk.open_again(Instant::now()).enter();
        let (asked, stored) = (VecDeque::new(), BTreeSet::new());
        Self { pair: Pair::of(world, Server::default()), disk, asked, stored, said: 0 }
    }

    fn happen(&mut self, step: Step) {
        match step {
            // Each with words of its own, over all runs.
            Step::Pair(Event::Say) => {
                self.said += 1;
                self.pair.world.say(&format!("text {}", self.said));
                self.pair.collect();
            }
            Step::Pair(Event::Pass(millis)) => {
                // What a disk that takes seconds leads to has a test of its own.
                self.store_all();
                self.pair.happen(Event::Pass(millis));
            }
            Step::Pair(event) => self.pair.happen(event),
            Step::Store => self.store_one(),
            Step::Reopen => {
                let world = self.disk.open_again(self.pair.world.now).enter();
                self.pair = Pair::of(world, std::mem::take(&mut self.pair.server));
                self.asked.clear();
            }
        }
        self.asked.extend(keeps(&mut self.pair.world));
        for sent in self.pair.up() {
            if let ClientMessage::Say { id, .. } = sent {
                assert!(self.stored.contains(id), "{id} went out before it was stored");
            }
        }
        self.pair.world.assert_in_order();
    }

    fn store_one(&mut self) {
        let Some(keep) = self.asked.pop_front() else { return };
        if let Keep::Message(kept) = &keep {
            self.stored.insert(kept.id);
        }
        self.disk.store_one(&mut self.pair.world, keep);
        self.pair.collect();
    }

    fn store_all(&mut self) {
        while !self.asked.is_empty() {
            self.store_one();
            self.asked.extend(keeps(&mut self.pair.world));
        }
    }

    fn settle(&mut self) {
        self.store_all();
        self.pair.settle();
        self.asked.extend(keeps(&mut self.pair.world));
        self.store_all();
    }

    fn check(&self) {
        self.pair.check();
        let own = self.pair.server.log.iter().filter(|said| said.from == YOU);
        let arrived: Vec<u64> = own.clone().map(|said| said.id).collect();
        let stored: Vec<u64> = self.stored.iter().copied().collect();
        assert_eq!(arrived, stored, "what was stored arrives once, in the order of writing");
        let texts: Vec<u64> = own.map(|said| said.text["text ".len()..].parse().unwrap()).collect();
        assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
        assert!(self.disk.stored.is_empty(), "{:?}", self.disk.stored);
    }
}
