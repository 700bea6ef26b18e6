//! Rooms over lines that come and go: resuming, holes, gaps, epochs, older pages, members.

use heartline_core::chat::{Event, HistoryError, JoinError, Joining, RoomEvent, Timeline};
use heartline_core::line::{Machine, State};
use heartline_core::time::Duration;
use heartline_core::wire::{ClientMessage, ErrorCode, Limits, Member, NameFault, Resume, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_world::{ROOM, World, gap, joined, said};

#[test]
fn hello_comes_first_and_joins_the_rooms() {
    let mut world = World::new();
    world.open();
    let Some(ClientMessage::Hello { client, dial, name, token, resume }) = world.sent.pop_front() else {
        panic!("hello comes first")
    };
    assert!(client.len() >= 22 && dial == 1_001 && name == "Ada" && token.is_none());
    assert_eq!(resume, [Resume { room: ROOM.to_owned(), epoch: None, after: None }]);
    assert!(world.sent.is_empty(), "nothing else before welcome");
}

#[test]
fn numbers_used_before_leaving_a_room_are_not_used_again() {
    let mut world = World::joined();
    let last = (0..5).map(|_| world.say("hello")).last().unwrap();
    world.chat.leave(world.now, ROOM);
    world.chat.join(world.now, ROOM).unwrap();
    world.drain();
    world.server(joined("e1", 5));
    assert_eq!(world.say("hello again"), last + 1);
}

#[test]
fn of_a_room_where_nothing_was_said_nothing_older_is_asked_for() {
    let mut world = World::joined();
    assert!(world.chat.room(ROOM).unwrap().timeline().is_from_the_beginning());
    assert_eq!(world.chat.history(world.now, ROOM, 10), Err(HistoryError::FromTheBeginning));
    // Nor is it in an epoch that has just begun.
    world.server(said(1, 0));
    world.come_back("e2", 0);
    assert!(world.chat.room(ROOM).unwrap().timeline().is_from_the_beginning());
    world.come_back("e3", 7);
    assert!(!world.chat.room(ROOM).unwrap().timeline().is_from_the_beginning());
}

#[test]
fn the_next_line_resumes_where_the_last_one_left_off() {
    let mut world = World::joined();
    world.server(said(1, 0));
    world.server(said(2, 1));
    world.cut();
    world.open();
    let Some(ClientMessage::Hello { dial, resume, .. }) = world.sent.pop_front() else {
        panic!("hello comes first")
    };
    assert_eq!(dial, 1_002, "it rises with every dial");
    assert_eq!(resume, [Resume { room: ROOM.to_owned(), epoch: Some("e1".to_owned()), after: Some(2) }]);
    world.welcome(Limits::default());
    world.server(joined("e1", 4));
    world.server(said(2, 1));
    world.server(said(3, 2));
    world.server(said(4, 3));
    assert_eq!(world.timeline(), ["1", "2", "3", "4"]);
    assert!(
        world.room_events().any(|what| matches!(what, RoomEvent::Joined { how: Joining::Resumed, last: 4 }))
    );
    assert!(world.chat.room(ROOM).unwrap().is_caught_up());
}

#[test]
fn a_hole_is_told_and_healed_by_joining_again() {
    let mut world = World::joined();
    world.server(said(1, 0));
    world.server(said(4, 3));
    world.server(said(5, 4));
    assert!(world.room_events().any(|what| matches!(what, RoomEvent::Healing { after: 1, seen: 4 })));
    let again = ClientMessage::Join { room: ROOM.to_owned(), epoch: Some("e1".to_owned()), after: Some(1) };
    assert_eq!(world.sent, [again], "once, though two messages lay behind the hole");
    world.server(joined("e1", 5));
    (2..=5).for_each(|seq| world.server(said(seq, seq - 1)));
    assert_eq!(world.timeline(), ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_hole_that_cannot_be_healed_becomes_a_visible_gap() {
    let mut world = World::joined();
    world.server(said(1, 0));
    for _ in 0..10 {
        world.server(said(4, 3));
        world.server(joined("e1", 4));
    }
    assert_eq!(world.timeline(), ["1", "gap 1..4", "4"]);
    assert!(world.sent.len() <= 3, "it is not asked for forever: {:?}", world.sent);
}

#[test]
fn announced_gaps_are_visible_once() {
    let mut world = World::joined();
    world.server(said(1, 0));
    world.server(gap(1, Some(10)));
    world.come_back("e1", 11);
    world.server(gap(1, Some(10)));
    world.server(said(10, 9));
    world.server(said(11, 10));
    world.server(gap(11, None));
    assert_eq!(world.timeline(), ["1", "gap 1..10", "10", "11", "gap 11.."]);
}

#[test]
fn a_new_epoch_starts_anew_below_a_mark() {
    let mut world = World::joined();
    (1..=3).for_each(|seq| world.server(said(seq, seq - 1)));
    world.come_back("e2", 2);
    world.server(said(1, 0));
    world.server(said(2, 1));
    assert_eq!(world.timeline(), ["1", "2", "3", "epoch", "1", "2"]);
    world.assert_in_order();
    assert!(world.room_events().any(|what| matches!(what, RoomEvent::Joined { how: Joining::NewEpoch, .. })));
}

#[test]
fn a_line_that_ends_before_the_first_word_of_a_new_epoch_costs_none_of_it() {
    let mut world = World::joined();
    (1..=3).for_each(|seq| world.server(said(seq, seq - 1)));
    world.come_back("e2", 200);
    world.cut();
    world.open();
    let Some(ClientMessage::Hello { resume, .. }) = world.sent.pop_front() else {
        panic!("hello comes first")
    };
    assert_eq!(resume, [Resume { room: ROOM.to_owned(), epoch: Some("e2".to_owned()), after: Some(0) }]);
}

#[test]
fn who_saw_nothing_of_an_epoch_begins_with_the_last_page_of_the_next() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 12));
    world.come_back("e2", 200);
    assert!(
        world.room_events().all(|what| !matches!(what, RoomEvent::Joined { how: Joining::NewEpoch, .. }))
    );
    world.server(said(101, 100));
    assert_eq!(world.timeline(), ["101"]);
}

#[test]
fn older_pages_come_in_front() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 12));
    (10..=12).for_each(|seq| world.server(said(seq, seq - 1)));
    world.sent.clear();
    world.chat.history(world.now, ROOM, 5).unwrap();
    world.drain();
    assert_eq!(world.sent, [ClientMessage::History { room: ROOM.to_owned(), before: 10, limit: 5 }]);
    assert_eq!(world.chat.history(world.now, ROOM, 5), Err(HistoryError::Underway));
    world.server(said(5, 4));
    world.server(said(13, 12));
    (6..=9).for_each(|seq| world.server(said(seq, seq - 1)));
    assert_eq!(world.timeline(), ["5", "6", "7", "8", "9", "10", "11", "12", "13"]);
    assert!(
        world
            .room_events()
            .any(|what| matches!(what, RoomEvent::Page { added: 5, from_the_beginning: false }))
    );
    world.chat.history(world.now, ROOM, 100).unwrap();
    world.server(gap(0, Some(5)));
    assert!(
        world
            .room_events()
            .any(|what| matches!(what, RoomEvent::Page { added: 0, from_the_beginning: true }))
    );
    assert_eq!(world.timeline()[0], "gap 0..5", "what was trimmed is told");
    assert_eq!(world.chat.history(world.now, ROOM, 5), Err(HistoryError::FromTheBeginning));
}

#[test]
fn a_page_that_never_comes_does_not_block_the_next() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 10));
    world.server(said(10, 9));
    world.chat.history(world.now, ROOM, 5).unwrap();
    world.drain();
    world.pass(Duration::from_secs(10));
    assert!(world.room_events().any(|what| matches!(what, RoomEvent::Page { added: 0, .. })));
    world.chat.history(world.now, ROOM, 5).unwrap();
}

#[test]
fn the_timeline_keeps_the_newest() {
    let mut world = World::joined();
    let last = Timeline::MAX_ENTRIES as u64 + 50;
    (1..=last).for_each(|seq| world.server(said(seq, seq - 1)));
    let timeline = world.chat.timeline(ROOM).unwrap();
    assert_eq!((timeline.len(), timeline.newest().unwrap().seq), (Timeline::MAX_ENTRIES, last));
    assert_eq!(world.chat.history(world.now, ROOM, 5), Err(HistoryError::Full));
}

#[test]
fn members_come_and_go() {
    let mut world = World::joined();
    let member = |from: &str| Member { from: from.to_owned(), name: from.to_uppercase() };
    let room = || ROOM.to_owned();
    world.server(ServerMessage::Members {
        room: room(),
        joined: vec![member("a"), member("b")],
        left: vec![],
        total: 3,
    });
    world.server(ServerMessage::Members { room: room(), joined: vec![], left: vec![member("a")], total: 2 });
    let members = world.chat.members(ROOM).unwrap();
    assert_eq!((members.total(), members.name("a"), members.name("b")), (2, None, Some("B")));
}

#[test]
fn rooms_are_checked_before_anything_is_sent() {
    let mut world = World::joined();
    assert_eq!(world.chat.join(world.now, " "), Err(JoinError::Name(NameFault::Empty)));
    assert!(matches!(world.chat.join(world.now, "a\u{202e}b"), Err(JoinError::Name(NameFault::Control(_)))));
    assert!(matches!(
        world.chat.join(world.now, &"x".repeat(65)),
        Err(JoinError::Name(NameFault::TooLong { .. }))
    ));
    (1..Limits::default().rooms).for_each(|n| world.chat.join(world.now, &n.to_string()).unwrap());
    assert_eq!(world.chat.join(world.now, "one more"), Err(JoinError::TooMany { limit: 32 }));
}

#[test]
fn a_refused_room_is_asked_for_again_only_by_its_user() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits::default());
    let refusal = || ServerMessage::Error {
        code: ErrorCode::BadRoom,
        why: "no".to_owned(),
        room: Some(ROOM.to_owned()),
    };
    world.server(refusal());
    assert!(world.chat.room(ROOM).unwrap().is_refused());
    world.cut();
    world.open();
    let Some(ClientMessage::Hello { resume, .. }) = world.sent.pop_front() else {
        panic!("hello comes first")
    };
    assert!(resume.is_empty());
    world.welcome(Limits::default());
    assert!(world.sent.is_empty());
    world.chat.join(world.now, ROOM).unwrap();
    world.drain();
    assert!(matches!(world.sent.pop_front(), Some(ClientMessage::Join { .. })));
}

#[test]
fn a_room_that_was_left_is_forgotten() {
    let mut world = World::joined();
    world.server(said(1, 0));
    assert!(world.chat.leave(world.now, ROOM));
    world.drain();
    assert_eq!(world.sent, [ClientMessage::Leave { room: ROOM.to_owned() }]);
    world.server(said(2, 1));
    assert!(world.chat.room(ROOM).is_none() && world.odd().is_empty());
}

#[test]
fn what_the_server_could_not_make_sense_of_is_told() {
    let mut world = World::joined();
    world.server(ServerMessage::Error { code: ErrorCode::BadField, why: "words".to_owned(), room: None });
    world.server(ServerMessage::Draining { within_ms: 1_000 });
    assert!(
        world.events.iter().any(|event| matches!(event, Event::ServerError { why, .. } if why == "words"))
    );
    assert!(world.events.iter().any(|event| matches!(event, Event::Draining { .. })));
    assert_eq!(*world.chat.line().state(), State::Open);
}
