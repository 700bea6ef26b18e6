//! One thing said, or one page read, by those who have no line.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use heartline_core::room::engine::{Draft, MemoryConfig};
use heartline_core::room::{Done, Errand, ErrandId, HubConfig, Identity, Piece, SessionConfig};
use heartline_core::time::Duration;
use heartline_core::wire::{RejectCode, ServerMessage};

use crate::room_world::{World, seqs};

#[test]
fn what_is_said_without_a_line_is_heard_by_all_who_are_there() {
    let mut world = World::new();
    let bob = world.member("bob", &["tea"]);
    world.got(bob);
    let Done::Said { seq: 1, epoch } = run(&mut world, say("one", "hi")) else { panic!("not said") };
    let got = world.got(bob);
    assert_eq!(seqs(&got), [1]);
    assert!(!got.iter().any(|message| matches!(message, ServerMessage::Members { .. })), "{got:?}");
    world.pass(Duration::from_secs(30));
    assert!(world.got(bob).is_empty(), "nobody came and nobody went");
    assert_eq!(run(&mut world, say("one", "hi")), Done::Said { epoch, seq: 1 });
    let Done::Rejected(code, _) = run(&mut world, say("one", "ho")) else { panic!("not rejected") };
    assert_eq!(code, RejectCode::IdReused);
    assert!(matches!(run(&mut world, say("two", "ho")), Done::Said { seq: 2, .. }));
}

#[test]
fn a_room_nobody_is_in_is_open_only_as_long_as_it_takes() {
    let mut world = World::new();
    assert!(matches!(run(&mut world, say("one", "hi")), Done::Said { seq: 1, .. }));
    assert_eq!((world.hub.rooms(), world.hub.underway()), (0, 0));
    assert_eq!(world.hub.poll_timeout(), None);
}

#[test]
fn pages_follow_each_other_to_the_end_and_tell_their_gaps() {
    let memory = MemoryConfig { messages_per_room: 50, ..MemoryConfig::default() };
    let mut world = World::with(SessionConfig::default(), HubConfig::default(), memory);
    for n in 1..=80 {
        assert!(matches!(run(&mut world, say(&n.to_string(), "hi")), Done::Said { .. }));
    }
    let first = piece(run(&mut world, read(None, 0, 30)));
    assert_eq!((first.messages.len(), first.next, first.more, first.last), (30, 60, true, 80));
    assert_eq!(first.gaps, [(0, Some(31))]);
    let second = piece(run(&mut world, read(Some(&first.epoch), first.next, 30)));
    assert_eq!((second.messages.len(), second.next, second.more), (20, 80, false));
    assert!(second.gaps.is_empty());
    let end = piece(run(&mut world, read(Some(&first.epoch), 80, 30)));
    assert_eq!((end.messages.len(), end.next, end.more, end.gaps.len()), (0, 80, false, 0));
    let beyond = piece(run(&mut world, read(Some(&first.epoch), 99, 30)));
    assert_eq!((beyond.next, beyond.gaps), (80, vec![(99, None)]));
    let other_epoch = piece(run(&mut world, read(Some("another"), 79, 10)));
    assert_eq!((other_epoch.next, other_epoch.messages.len()), (40, 10));
    assert_eq!(world.hub.tally().gaps, 3);
}

#[test]
fn an_engine_that_is_down_is_told_at_once_and_leaves_nothing_behind() {
    let mut world = World::new();
    world.history.down = true;
    assert_eq!(run(&mut world, say("one", "hi")), Done::Unavailable);
    assert_eq!(world.hub.rooms(), 0);
    assert_eq!(world.hub.poll_timeout(), None);
    world.history.down = false;
    let _bob = world.member("bob", &["tea"]);
    world.history.down = true;
    assert_eq!(run(&mut world, say("one", "hi")), Done::Unavailable);
    assert_eq!(run(&mut world, read(None, 0, 1)), Done::Unavailable);
    world.history.down = false;
    assert!(matches!(run(&mut world, say("one", "hi")), Done::Said { seq: 1, .. }));
}

#[test]
fn an_answer_of_another_epoch_is_not_passed_off_as_one_of_this() {
    let mut world = World::new();
    let _bob = world.member("bob", &["tea"]);
    world.slow = true;
    world.hub.handle_errand(world.now, ErrandId(7), say("one", "hi"));
    world.settle();
    world.lose_history("tea");
    world.slow = false;
    world.settle();
    assert_eq!(world.hub.poll_errand(), Some((ErrandId(7), Done::Unavailable)));
    assert!(matches!(run(&mut world, say("one", "hi")), Done::Said { seq: 1, .. }));
}

fn run(world: &mut World, errand: Errand) -> Done {
    world.hub.handle_errand(world.now, ErrandId(1), errand);
    world.settle();
    let (id, done) = world.hub.poll_errand().expect("it is done");
    assert_eq!((id, world.hub.poll_errand()), (ErrandId(1), None));
    done
}

fn say(key: &str, text: &str) -> Errand {
    let from = Identity::of(key, None);
    let draft = Draft { from, name: "a program".into(), id: 1, at: 1, text: text.to_owned(), style: None };
    Errand::Say { room: "tea".into(), draft }
}

fn read(epoch: Option<&str>, after: u64, limit: u32) -> Errand {
    Errand::Read { room: "tea".into(), epoch: epoch.map(str::to_owned), after, limit }
}

fn piece(done: Done) -> Piece {
    let Done::Read(piece) = done else { panic!("{done:?}") };
    piece
}
