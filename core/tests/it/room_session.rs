//! One connection on `/chat`: what a client may do, and what it hears when it does something else.

use heartline_core::close::code;
use heartline_core::room::SessionConfig;
use heartline_core::time::Duration;
use heartline_core::wire::{ClientMessage, ErrorCode, HoldCode, Limits, RejectCode, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::room_world::{World, hello, resume, saids, seqs};

#[test]
fn hello_is_answered_with_who_you_are_and_what_holds() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    let got = world.got(line);
    let ServerMessage::Welcome { you, heartbeat, limits, .. } = &got[0] else { panic!("{got:?}") };
    assert_eq!(you.len(), 16);
    assert!(!you.contains("secret"));
    assert_eq!((heartbeat.interval_ms, heartbeat.grace_ms), (25_000, 10_000));
    assert_eq!(*limits, Limits::default());
    let ServerMessage::Joined { room, last: 0, members, total: 1, .. } = &got[1] else { panic!("{got:?}") };
    assert_eq!(room, "tea");
    assert_eq!((&members[0].from, members[0].name.as_str()), (you, "ann"));
    assert_eq!(got.len(), 2);
}

#[test]
fn a_line_without_hello_is_closed() {
    let mut world = World::new();
    let line = world.open();
    world.pass(Duration::from_millis(9_999));
    assert_eq!(world.closed(line), None);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.closed(line), Some(code::HEARTBEAT_LOST));
    assert!(matches!(error(&world.got(line)), Some(ErrorCode::HelloFirst)));
}

#[test]
fn what_makes_no_sense_is_told_and_the_line_lives() {
    let mut world = World::new();
    let line = world.open();
    let limit = Limits::default().name_bytes as usize;
    for (text, code) in [
        ("hello".to_owned(), ErrorCode::NotJson),
        (r#"{"type":"dance"}"#.to_owned(), ErrorCode::UnknownType),
        (r#"{"type":"hello","dial":1}"#.to_owned(), ErrorCode::BadField),
        (format!(r#"{{"type":"ping","n":1,"x":"{}"}}"#, "x".repeat(70_000)), ErrorCode::TooLong),
        (join("tea"), ErrorCode::HelloFirst),
        (hello("", 1, vec![]).encode(), ErrorCode::BadName),
        (hello("a\nb", 1, vec![]).encode(), ErrorCode::BadName),
        (hello(&"x".repeat(limit + 1), 1, vec![]).encode(), ErrorCode::BadName),
        (r#"{"type":"hello","client":"short","dial":1,"name":"a"}"#.to_owned(), ErrorCode::WeakSecret),
    ] {
        world.text(line, &text);
        assert_eq!(error(&world.got(line)), Some(code), "{text}");
    }
    let now = world.now;
    world.session(line).handle_binary(now);
    world.settle();
    assert_eq!(error(&world.got(line)), Some(ErrorCode::Binary));

    world.tell(line, &hello("ann", 1, vec![resume("tea", None, None), resume("a\u{7}b", None, None)]));
    let got = world.got(line);
    assert_eq!(error(&got), Some(ErrorCode::BadRoom));
    assert!(got.iter().any(|message| matches!(message, ServerMessage::Joined { .. })));

    world.tell(line, &hello("ann", 1, vec![]));
    assert_eq!(error(&world.got(line)), Some(ErrorCode::HelloTwice));
    for room in ["", " ", "a\u{1b}[2J", &"x".repeat(65)] {
        world.text(line, &join(room));
        assert_eq!(error(&world.got(line)), Some(ErrorCode::BadRoom), "{room:?}");
    }
    world.tell(line, &ClientMessage::History { room: "coffee".into(), before: 9, limit: 9 });
    assert_eq!(error(&world.got(line)), Some(ErrorCode::NotJoined));
    assert_eq!(world.closed(line), None);
}

#[test]
fn a_message_that_cannot_be_goes_back_to_its_writer() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    world.got(line);
    for (room, id, text, code) in [
        ("tea", 1, "x".repeat(4097), RejectCode::TooLong),
        ("tea", 2, "  \n".to_owned(), RejectCode::Empty),
        ("tea", 0, "zero".to_owned(), RejectCode::BadId),
        ("coffee", 1, "where?".to_owned(), RejectCode::NotJoined),
        ("a\u{7}", 1, "where?".to_owned(), RejectCode::BadRoom),
    ] {
        world.say(line, room, id, &text);
        let got = world.got(line);
        let [ServerMessage::Rejected { code: told, why, id: of, .. }] = &got[..] else { panic!("{got:?}") };
        assert_eq!((told, *of), (&code, id));
        assert!(!why.is_empty());
    }
    world.say(line, "tea", 3, "fine");
    assert_eq!(seqs(&world.got(line)), [1]);
}

#[test]
fn too_many_mistakes_end_the_line() {
    let mut world = World::new();
    let line = world.member("ann", &[]);
    for _ in 0..20 {
        world.text(line, "nonsense");
    }
    assert_eq!(world.closed(line), None);
    world.text(line, "nonsense");
    assert_eq!(world.closed(line), Some(code::BAD_MESSAGE));
    let got = world.got(line);
    assert_eq!(error(&got[got.len() - 1..]), Some(ErrorCode::TooManyErrors));
}

#[test]
fn too_many_rooms_are_refused_by_name() {
    let mut world = World::new();
    let line = world.member("ann", &[]);
    world.got(line);
    for room in 0..32 {
        world.text(line, &join(&format!("room {room}")));
    }
    assert_eq!(error(&world.got(line)), None);
    world.text(line, &join("one more"));
    let got = world.got(line);
    let [ServerMessage::Error { code: ErrorCode::TooManyRooms, room: Some(room), .. }] = &got[..] else {
        panic!("{got:?}")
    };
    assert_eq!(room, "one more");
    world.text(line, &join("room 0"));
    assert_eq!(error(&world.got(line)), None, "a room it is in already is no further room");
    world.tell(line, &ClientMessage::Leave { room: "room 0".into() });
    world.text(line, &join("one more"));
    assert_eq!(error(&world.got(line)), None);
}

#[test]
fn a_hold_in_the_middle_of_pipelined_messages_keeps_their_order() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    let other = world.member("bob", &["tea"]);
    world.got(line);
    world.say(line, "tea", 1, "1");
    world.history.down = true;
    for id in 2..=5 {
        world.say(line, "tea", id, &id.to_string());
    }
    world.history.down = false;
    // Still on its way when the hold was told.
    world.say(line, "tea", 6, "6");
    let got = world.got(line);
    let holds: Vec<_> = got.iter().filter(|message| matches!(message, ServerMessage::Hold { .. })).collect();
    let [ServerMessage::Hold { from_id: 2, code: HoldCode::Unavailable, retry_ms: 1000, .. }] = holds[..]
    else {
        panic!("{got:?}")
    };
    assert_eq!(seqs(&got), [1]);
    world.pass(Duration::from_millis(1000));
    for id in 2..=6 {
        world.say(line, "tea", id, &id.to_string());
    }
    let got = world.got(other);
    let ids: Vec<_> = saids(&got).map(|said| said.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_hold_ends_with_leaving_the_room() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    world.history.down = true;
    world.say(line, "tea", 1, "1");
    world.history.down = false;
    world.tell(line, &ClientMessage::Leave { room: "tea".into() });
    world.text(line, &join("tea"));
    world.got(line);
    world.say(line, "tea", 2, "2");
    assert_eq!(seqs(&world.got(line)), [1], "who left has forgotten what was held");
}

#[test]
fn what_waits_behind_a_slow_engine_is_held_with_it() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    world.got(line);
    world.slow = true;
    for id in 1..=10 {
        world.say(line, "tea", id, &id.to_string());
    }
    assert!(world.got(line).is_empty(), "nothing is accepted before the engine has it");
    (world.slow, world.history.down) = (false, true);
    world.settle();
    let got = world.got(line);
    assert!(matches!(&got[..], [ServerMessage::Hold { from_id: 1, .. }]), "{got:?}");
    world.history.down = false;
    world.pass(Duration::from_secs(1));
    for id in 1..=10 {
        world.say(line, "tea", id, &id.to_string());
    }
    assert_eq!(seqs(&world.got(line)), (1..=10).collect::<Vec<_>>());
}

#[test]
fn who_is_too_fast_is_held_and_others_are_not() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    let other = world.member("bob", &["tea"]);
    world.got(line);
    let mut held = None;
    for id in 1..=200 {
        world.say(line, "tea", id, "quick");
        held = world.got(line).iter().find_map(|message| {
            if let ServerMessage::Hold { from_id, code: HoldCode::TooFast, retry_ms, .. } = message {
                Some((*from_id, *retry_ms))
            } else {
                None
            }
        });
        if held.is_some() {
            break;
        }
    }
    let (from_id, retry_ms) = held.expect("nobody may say so much at once");
    assert_eq!(from_id, 101);
    world.say(other, "tea", 1, "calm");
    assert!(world.got(other).iter().any(|message| matches!(message, ServerMessage::Accepted { id: 1, .. })));
    world.pass(Duration::from_millis(retry_ms));
    world.say(line, "tea", from_id, "on");
    assert!(world.got(line).iter().any(|message| matches!(message, ServerMessage::Accepted { .. })));
    assert_eq!(world.closed(line), None);
}

#[test]
fn who_does_not_listen_to_a_hold_is_closed() {
    let mut early = World::new();
    let line = early.member("ann", &["tea"]);
    early.history.down = true;
    for _ in 0..4 {
        early.say(line, "tea", 1, "now!");
        assert_eq!(early.closed(line), None);
    }
    early.say(line, "tea", 1, "now!");
    assert_eq!(early.closed(line), Some(code::IGNORED_HOLD));

    let mut flood = World::new();
    let line = flood.member("ann", &["tea"]);
    for id in 1..=400 {
        flood.say(line, "tea", id, "flood");
    }
    assert_eq!(flood.closed(line), Some(code::IGNORED_HOLD));
}

#[test]
fn who_comes_back_with_everything_when_a_hold_is_over_makes_no_mistake() {
    let mut world = World::new();
    let line = world.member("ann", &["tea", "coffee", "milk"]);
    world.history.down = true;
    for _ in 0..60 {
        for room in ["tea", "coffee", "milk"] {
            for id in 1..=u64::from(SessionConfig::default().limits.in_flight) {
                world.say(line, room, id, "again");
            }
        }
        world.pass(SessionConfig::default().unavailable_retry);
        assert_eq!(world.closed(line), None);
    }
}

#[test]
fn a_client_that_answers_lives_and_one_that_does_not_is_given_up() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    world.pass(Duration::from_secs(600));
    assert_eq!(world.closed(line), None);
    world.stick(line, true);
    let policy = SessionConfig::default().heartbeat;
    world.pass(policy.detection() + Duration::from_millis(1));
    assert_eq!(world.closed(line), Some(code::HEARTBEAT_LOST));
}

#[test]
fn a_client_that_takes_no_byte_is_cut_though_it_speaks() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    let other = world.member("bob", &["tea"]);
    world.stick(line, true);
    world.say(other, "tea", 1, "hello?");
    for second in 0..30 {
        assert_eq!(world.closed(line), None, "after {second} s");
        world.pass(Duration::from_secs(1));
        world.tell(line, &ClientMessage::Token { token: "still here".into() });
    }
    assert_eq!(world.closed(line), Some(code::WRITE_STALLED));
}

#[test]
fn who_asks_must_take_the_answers() {
    let mut world = World::new();
    let line = world.member("ann", &["tea"]);
    world.stick(line, true);
    let mut asked = 0;
    while world.session(line).wants_read() && world.closed(line).is_none() {
        world.tell(line, &ClientMessage::Ping { n: asked });
        world.pass(Duration::from_millis(10));
        asked += 1;
    }
    assert_eq!(world.closed(line), None);
    let queued = world.clients[&line].queued();
    assert!(queued <= SessionConfig::default().backlog + 1024, "{queued} bytes wait");
    world.stick(line, false);
    assert!(world.session(line).wants_read());
}

#[test]
fn pings_are_answered_before_and_after_hello() {
    let mut world = World::new();
    let line = world.open();
    world.tell(line, &ClientMessage::Ping { n: 7 });
    assert_eq!(world.got(line), [ServerMessage::Pong { n: 7 }]);
    world.tell(line, &hello("ann", 1, vec![]));
    world.got(line);
    world.tell(line, &ClientMessage::Ping { n: 8 });
    assert_eq!(world.got(line), [ServerMessage::Pong { n: 8 }]);
}

fn join(room: &str) -> String {
    ClientMessage::Join { room: room.into(), epoch: None, after: None }.encode()
}

fn error(got: &[ServerMessage]) -> Option<ErrorCode> {
    got.iter().find_map(|message| {
        if let ServerMessage::Error { code, .. } = message { Some(code.clone()) } else { None }
    })
}
