//! Random lives of a chat client: with an honest server over lines that break at the worst moments, and with a server that lies.

use heartline_core::chat::Timeline;
use heartline_core::line::Machine;
use heartline_core::time::Duration;
use heartline_core::wire::{Beat, ErrorCode, HoldCode, Limits, Member, RejectCode, Said, ServerMessage};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_pair::{Event, Pair};
use crate::chat_world::{ROOM, World, YOU};
use crate::fixed;

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
