//! Own messages that outlive the program: stored before they are sent, sent again by a later run.

use std::collections::BTreeMap;

use heartline_core::chat::{Delivery, Event, Keep, Kept, RoomEvent};
use heartline_core::close::Dialect;
use heartline_core::line::LineConfig;
use heartline_core::policy::{HeartbeatPolicy, OutboxPolicy, Policy, ReconnectPolicy};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{ClientMessage, Limits, RejectCode, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_world::{ROOM, World, YOU, accepted, joined, said_by};

#[test]
fn a_message_goes_out_once_it_is_stored() {
    let mut world = in_the_room();
    let id = world.say("hello");
    assert!(world.said_ids().is_empty());
    assert_eq!(world.deliveries(), [(id, Delivery::Queued)]);
    assert!(matches!(&keeps(&mut world)[..], [Keep::Message(kept)] if kept.id == id && kept.text == "hello"));
    world.chat.kept(world.now, ROOM, id);
    world.drain();
    assert_eq!(world.said_ids(), [id]);
}

#[test]
fn behind_one_that_is_not_stored_its_room_waits_and_no_other() {
    let mut world = in_the_room();
    let (first, second) = (world.say("one"), world.say("two"));
    world.chat.join(world.now, "elsewhere").unwrap();
    let (room, epoch) = ("elsewhere".to_owned(), "e".to_owned());
    world.server(ServerMessage::Joined { room, epoch, last: 0, members: vec![], total: 1 });
    let third = world.chat.say(world.now, "elsewhere", "three", None).unwrap();
    world.sent.clear();
    world.chat.kept(world.now, ROOM, second);
    world.chat.kept(world.now, "elsewhere", third);
    world.drain();
    assert_eq!(world.said_ids(), [third]);
    world.chat.kept(world.now, ROOM, first);
    world.drain();
    assert_eq!(world.said_ids(), [first, second]);
}

#[test]
fn what_cannot_be_stored_goes_out_all_the_same_and_that_is_told() {
    let mut world = in_the_room();
    let (refused, hanging) = (world.say("the disk is full"), world.say("the disk hangs"));
    world.chat.not_kept(world.now, ROOM, refused, "no space");
    world.drain();
    assert_eq!(world.said_ids(), [refused]);
    world.pass(Duration::from_secs(4));
    assert!(world.said_ids().is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.said_ids(), [hanging]);
    world.chat.kept(world.now, ROOM, hanging);
    world.drain();
    keeps(&mut world);
    world.server(accepted(refused, 1));
    world.server(accepted(hanging, 2));
    assert_eq!(forgotten(&mut world), [refused, hanging], "it may be stored all the same");
    let told: Vec<_> = world
        .room_events()
        .filter_map(|what| if let RoomEvent::NotKept { id, why } = what { Some((*id, &**why)) } else { None })
        .collect();
    assert_eq!(told, [(refused, "no space"), (hanging, "storing it took longer than 5 s")]);
}

#[test]
fn closed_at_any_moment_it_arrives_once_with_the_number_it_had() {
    #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
    enum Closed {
        Stored,
        Sent,
        Taken,
        Heard,
    }
    for closed in [Closed::Stored, Closed::Sent, Closed::Taken, Closed::Heard] {
        let mut disk = Disk::default();
        let mut world = if closed == Closed::Stored {
            World::opened(1_000, vec![], Instant::now()).enter()
        } else {
            in_the_room()
        };
        let id = world.say("hello");
        disk.store(&mut world);
        assert_eq!(world.said_ids().is_empty(), closed == Closed::Stored);
        if closed == Closed::Heard {
            world.server(accepted(id, 1));
            disk.store(&mut world);
        }
        let mut world = disk.open_again(world.now).enter();
        assert_eq!(world.deliveries().len(), usize::from(closed != Closed::Heard), "{closed:?}");
        let last = u64::from(closed >= Closed::Taken);
        be_let_in(&mut world, last);
        if closed >= Closed::Taken {
            world.server(said_by(YOU, id, 1, 0, "hello"));
            assert!(world.deliveries().is_empty(), "what stands in the room is settled: {closed:?}");
            assert_eq!(world.timeline(), ["1"]);
        } else {
            assert_eq!(world.said_ids(), [id], "{closed:?}");
            world.server(accepted(id, 1));
        }
        disk.store(&mut world);
        assert_eq!(disk.stored.len(), 0, "{closed:?}");
        assert!(world.say("next") > id, "{closed:?}");
    }
}

#[test]
fn what_was_kept_goes_first_and_in_its_order() {
    let (now, age) = (Instant::now(), Duration::from_secs(5));
    let kept = |id: u64| Kept { room: ROOM.to_owned(), id, text: id.to_string(), style: None, age };
    let mut world = World::opened(500, vec![kept(503), kept(501), kept(502), kept(501)], now).enter();
    let new = world.say("new");
    world.chat.kept(world.now, ROOM, new);
    be_let_in(&mut world, 0);
    assert_eq!(world.said_ids(), [501, 502, 503, new]);
    assert_eq!(new, 504);
}

#[test]
fn what_grew_too_old_meanwhile_comes_back_and_stays_stored_until_it_is_taken() {
    let (now, day) = (Instant::now(), Duration::from_secs(24 * 60 * 60));
    let minute = Duration::from_secs(60);
    let kept = |id, age| Kept { room: ROOM.to_owned(), id, text: "hello".to_owned(), style: None, age };
    let stored = vec![kept(501, day), kept(502, day - minute), kept(503, Duration::MAX)];
    let mut world = World::opened(600, stored, now).enter();
    assert!(
        matches!(&world.deliveries()[0], (501, Delivery::Rejected(back)) if back.code == RejectCode::Expired)
    );
    world.pass(minute - Duration::from_millis(1));
    assert_eq!(world.deliveries()[1].1, Delivery::Queued);
    world.pass(Duration::from_millis(1));
    assert!(
        world.deliveries().iter().all(|(_, delivery)| matches!(delivery, Delivery::Rejected(_))),
        "a wall clock that was set back does not make the third older than the second"
    );
    assert!(forgotten(&mut world).is_empty());
    world.chat.dismiss(ROOM, 501);
    world.drain();
    assert_eq!(forgotten(&mut world), [501]);
    be_let_in(&mut world, 0);
    assert!(world.said_ids().is_empty());
}

#[test]
fn what_the_server_rejects_is_forgotten_and_so_is_what_is_left_behind() {
    let mut world = in_the_room();
    let (rejected, left) = (world.say("no"), world.say("left"));
    for id in [rejected, left] {
        world.chat.kept(world.now, ROOM, id);
    }
    let (room, code) = (ROOM.to_owned(), RejectCode::IdReused);
    world.server(ServerMessage::Rejected { room, id: rejected, code, why: String::new() });
    assert_eq!(forgotten(&mut world), [rejected]);
    world.chat.leave(world.now, ROOM);
    world.drain();
    assert_eq!(forgotten(&mut world), [left]);
}

#[test]
fn a_room_nobody_asked_for_is_joined_for_what_was_kept_and_then_left() {
    let age = Duration::ZERO;
    let kept = Kept { room: "earlier".to_owned(), id: 7, text: "hello".to_owned(), style: None, age };
    let mut world = World::opened(10, vec![kept.clone()], Instant::now()).enter();
    assert!(world.chat.room("earlier").unwrap().is_errand() && !world.chat.room(ROOM).unwrap().is_errand());
    be_let_in(&mut world, 0);
    let (room, epoch) = ("earlier".to_owned(), "e".to_owned());
    world.server(ServerMessage::Joined { room: room.clone(), epoch, last: 0, members: vec![], total: 1 });
    assert_eq!(world.said_ids(), [7]);
    world.server(ServerMessage::Accepted { room: room.clone(), id: 7, seq: 1 });
    assert!(world.chat.room("earlier").is_none());
    assert!(world.sent.contains(&ClientMessage::Leave { room: room.clone() }));

    let mut world = World::opened(10, vec![kept], Instant::now()).enter();
    world.chat.join(world.now, "earlier").unwrap();
    be_let_in(&mut world, 0);
    world.server(ServerMessage::Accepted { room, id: 7, seq: 1 });
    assert!(world.chat.room("earlier").is_some(), "the user wants to be there");
}

#[test]
fn what_cannot_be_taken_back_goes_to_its_writer() {
    let outbox = OutboxPolicy::new(1, 1_000, Duration::from_secs(60)).unwrap();
    let policy = Policy::new(HeartbeatPolicy::default(), ReconnectPolicy::default(), outbox);
    let line = LineConfig { policy, ..LineConfig::new(Dialect::V1) };
    let mut world = World::apart(line, 10, Instant::now());
    let kept = |room: &str, id| {
        let (room, text, age) = (room.to_owned(), format!("text {id}"), Duration::ZERO);
        Kept { room, id, text, style: None, age }
    };
    let stored = vec![kept(ROOM, 0), kept(ROOM, 1), kept(ROOM, 2), kept("\u{7}", 3), kept(ROOM, u64::MAX)];
    world.chat.keep(world.now, stored);
    world.drain();
    let back: Vec<_> = world
        .own_events()
        .filter_map(|own| match &own.delivery {
            Delivery::Rejected(back) => Some((own.id, back.code.as_str())),
            Delivery::Queued | Delivery::Sent | Delivery::Held { .. } | Delivery::Accepted { .. } => None,
        })
        .collect();
    assert_eq!(back, [(0, "bad_id"), (2, "full"), (3, "bad_room"), (u64::MAX, "bad_id")]);
    assert_eq!(world.chat.unsettled(), 1);
}

#[test]
fn numbers_that_were_used_are_told() {
    let mut world = World::opened(1_000, vec![], Instant::now()).enter();
    world.open();
    assert_eq!(keeps(&mut world), [Keep::Used { number: 1_001 }]);
}

#[test]
fn who_keeps_nothing_is_asked_nothing() {
    let mut world = World::joined();
    let id = world.say("hello");
    world.server(accepted(id, 1));
    assert!(keeps(&mut world).is_empty());
}

/// What a shell stores, and what it answers.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) stored: BTreeMap<u64, (Kept, Instant)>,
    pub(crate) used: u64,
}

impl Disk {
    /// Does all that was asked of it.
    pub(crate) fn store(&mut self, world: &mut World) {
        for keep in keeps(world) {
            self.store_one(world, keep);
        }
    }

    pub(crate) fn store_one(&mut self, world: &mut World, keep: Keep) {
        match keep {
            Keep::Message(kept) => {
                let id = kept.id;
                self.used = self.used.max(id);
                self.stored.insert(id, (kept, world.now));
                world.chat.kept(world.now, ROOM, id);
                world.drain();
            }
            Keep::Forget { id, .. } => {
                self.stored.remove(&id);
            }
            Keep::Used { number } => self.used = self.used.max(number),
        }
    }

    /// The next run, which has nothing but this.
    pub(crate) fn open_again(&self, now: Instant) -> World {
        let aged = |(kept, since): &(Kept, Instant)| Kept { age: now - *since, ..kept.clone() };
        World::opened(self.used, self.stored.values().map(aged).collect(), now)
    }
}

/// What the shell was asked to store and did not look at yet.
pub(crate) fn keeps(world: &mut World) -> Vec<Keep> {
    let is_keep = |event: &mut Event| matches!(event, Event::Keep(_));
    let keeps = world.events.extract_if(.., is_keep);
    keeps.filter_map(|event| if let Event::Keep(keep) = event { Some(keep) } else { None }).collect()
}

fn forgotten(world: &mut World) -> Vec<u64> {
    let keeps = keeps(world).into_iter();
    keeps.filter_map(|keep| if let Keep::Forget { id, .. } = keep { Some(id) } else { None }).collect()
}

/// A client whose messages are stored, in an empty room.
fn in_the_room() -> World {
    let mut world = World::opened(1_000, vec![], Instant::now()).enter();
    be_let_in(&mut world, 0);
    world.sent.clear();
    keeps(&mut world);
    world
}

fn be_let_in(world: &mut World, last: u64) {
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", last));
}
