//! Own messages: queued → sent → accepted | held | rejected, over lines that come and go.

use heartline_core::chat::{Delivery, SayError};
use heartline_core::close::Dialect;
use heartline_core::line::{LineConfig, Machine};
use heartline_core::outbox::Refused;
use heartline_core::policy::{HeartbeatPolicy, OutboxPolicy, Policy, ReconnectPolicy};
use heartline_core::time::Duration;
use heartline_core::wire::{Limits, RejectCode, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_world::{ROOM, World, YOU, accepted, hold, joined, said, said_by};

#[test]
fn an_own_message_is_queued_sent_accepted_and_then_in_the_timeline() {
    let mut world = World::joined();
    let id = world.say("hello");
    assert_eq!(world.deliveries(), [(id, Delivery::Sent)]);
    world.server(accepted(id, 1));
    assert_eq!(world.deliveries(), [(id, Delivery::Accepted { seq: 1 })]);
    world.server(said_by(YOU, id, 1, 0, "hello"));
    assert_eq!(world.deliveries(), []);
    assert_eq!(world.timeline(), ["1"]);
    assert!(world.chat.timeline(ROOM).unwrap().newest().unwrap().own);
    let steps: Vec<_> = world.own_events().map(|own| own.delivery.clone()).collect();
    assert_eq!(steps, [Delivery::Queued, Delivery::Sent, Delivery::Accepted { seq: 1 }]);
}

#[test]
fn an_own_said_settles_too() {
    let mut world = World::joined();
    let id = world.say("hello");
    world.server(said_by(YOU, id, 1, 0, "hello"));
    assert_eq!((world.deliveries(), world.timeline()), (vec![], vec!["1".to_owned()]));
    world.server(accepted(id, 1));
    assert_eq!(world.timeline(), ["1"]);
}

#[test]
fn what_was_not_accepted_is_sent_again_with_the_same_number() {
    let mut world = World::joined();
    let (first, second) = (world.say("one"), world.say("two"));
    world.server(accepted(first, 1));
    world.cut();
    let third = world.say("typed meanwhile");
    assert_eq!(world.deliveries().len(), 3);
    world.open();
    world.welcome(Limits::default());
    assert!(world.said_ids().is_empty(), "not before the room is joined on this line");
    world.server(joined("e1", 1));
    assert_eq!(world.said_ids(), [second, third]);
}

#[test]
fn at_most_in_flight_are_unanswered() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits { in_flight: 2, ..Limits::default() });
    world.server(joined("e1", 0));
    let ids: Vec<u64> = (0..4).map(|n| world.say(&n.to_string())).collect();
    assert_eq!(world.said_ids(), ids[..2]);
    world.server(accepted(ids[0], 1));
    assert_eq!(world.said_ids(), ids[2..3]);
}

#[test]
fn a_hold_in_the_middle_keeps_the_order() {
    let mut world = World::joined();
    let ids: Vec<u64> = (0..4).map(|n| world.say(&n.to_string())).collect();
    assert_eq!(world.said_ids(), ids);
    world.server(hold(ids[1], 2_000));
    world.server(accepted(ids[0], 1));
    let later = world.say("typed during the hold");
    assert!(world.said_ids().is_empty());
    assert!(world.deliveries().iter().skip(1).all(|(_, delivery)| matches!(delivery, Delivery::Held { .. })));
    world.pass(Duration::from_millis(1_999));
    assert!(world.said_ids().is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(
        world.said_ids(),
        [ids[1]],
        "alone: behind one that is held again, all others would be sent in vain"
    );
    world.server(accepted(ids[1], 2));
    assert_eq!(world.said_ids(), [ids[2], ids[3]], "twice as many");
    world.server(accepted(ids[2], 3));
    assert_eq!(world.said_ids(), [later]);
}

#[test]
fn a_hold_ends_with_its_line() {
    let mut world = World::joined();
    let id = world.say("hello");
    world.server(hold(id, 50_000));
    world.come_back("e1", 0);
    assert_eq!(world.said_ids(), [id]);
}

#[test]
fn a_hold_on_what_came_back_already_is_passed_by_a_repeat_of_it() {
    let mut world = World::joined();
    let ids: Vec<u64> = ["one", "two", "three"].into_iter().map(|text| world.say(text)).collect();
    world.said_ids();
    world.server(said_by(YOU, ids[0], 1, 0, "one"));
    world.server(hold(ids[0], 1_000));
    assert_eq!(world.deliveries().len(), 2, "the first is settled, whatever the hold says");
    world.pass(Duration::from_secs(2));
    assert_eq!(world.said_ids(), ids[..2], "without the first, the server would drop the second");
    world.server(accepted(ids[0], 1));
    world.server(accepted(ids[1], 2));
    assert_eq!(world.said_ids(), ids[2..]);
    assert_eq!(world.say("four"), ids[2] + 1);
    assert_eq!(world.said_ids(), [ids[2] + 1], "once is enough");
}

#[test]
fn a_hold_on_what_is_no_longer_ours_is_left_behind_with_the_line() {
    let mut world = World::joined();
    let one = world.say("one");
    world.say("two");
    world.server(accepted(one, 1));
    world.server(hold(one, 1_000));
    let line = world.chat.line().generation();
    world.pass(Duration::from_secs(2));
    assert!(world.chat.line().generation() > line, "on this line the server would drop whatever comes");
}

#[test]
fn a_hold_for_no_time_or_for_ever_is_brought_within_bounds() {
    let mut world = World::joined();
    let id = world.say("hello");
    for _ in 0..5 {
        world.sent.clear();
        world.server(hold(id, 0));
        assert!(world.said_ids().is_empty(), "not at once");
        world.pass(Duration::from_millis(100));
        assert_eq!(world.said_ids(), [id]);
    }
    world.server(hold(id, u64::MAX));
    assert_eq!(world.odd().len(), 1);
}

#[test]
fn a_rejected_message_goes_back_to_its_writer_with_words() {
    let mut world = World::joined();
    let id = world.say("hello");
    let (code, why) = (RejectCode::TooLong, "shorter, please".to_owned());
    world.server(ServerMessage::Rejected { room: ROOM.to_owned(), id, code, why });
    let back = world.chat.dismiss(ROOM, id).expect("it came back");
    assert_eq!(back.text, "hello");
    assert!(
        matches!(back.delivery, Delivery::Rejected(rejection) if rejection.by_server && rejection.why == "shorter, please")
    );
    assert!(world.deliveries().is_empty());
}

#[test]
fn each_message_is_checked_against_the_present_limits() {
    let mut world = World::new();
    let long = "x".repeat(500);
    let early = world.say(&long);
    world.open();
    world.welcome(Limits { text_bytes: 100, ..Limits::default() });
    world.server(joined("e1", 0));
    assert!(world.said_ids().is_empty());
    assert!(
        matches!(&world.deliveries()[..], [(id, Delivery::Rejected(back))] if *id == early && !back.by_server)
    );
    assert_eq!(
        world.chat.say(world.now, ROOM, &long, None),
        Err(SayError::TooLong { bytes: 500, limit: 100 })
    );
    assert_eq!(world.chat.say(world.now, ROOM, " \n", None), Err(SayError::Empty));
    assert_eq!(world.chat.say(world.now, "elsewhere", "hello", None), Err(SayError::NotInRoom));
}

#[test]
fn what_json_makes_longer_is_measured_as_json() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits { text_bytes: 60_000, ..Limits::default() });
    let said = world.chat.say(world.now, ROOM, &"\u{1}".repeat(12_000), None);
    assert!(matches!(said, Err(SayError::TooLong { bytes: 72_000.., limit: 65_536 })), "{said:?}");
}

#[test]
fn a_full_outbox_refuses() {
    let outbox = OutboxPolicy::new(2, 1_000, Duration::from_secs(60)).unwrap();
    let policy = Policy::new(HeartbeatPolicy::default(), ReconnectPolicy::default(), outbox);
    let mut world = World::with(LineConfig { policy, ..LineConfig::new(Dialect::V1) });
    let ids = [world.say("one"), world.say("two")];
    let refused = world.chat.say(world.now, ROOM, "three", None);
    assert_eq!(refused, Err(SayError::Full(Refused::TooMany { limit: 2 })));
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 0));
    assert_eq!(world.said_ids(), ids, "nothing was dropped for room");
    world.server(accepted(ids[0], 1));
    world.say("three");
}

#[test]
fn nothing_older_than_the_server_allows_is_sent() {
    let mut world = World::new();
    world.open();
    world.welcome(Limits { outbox_age_s: 60, ..Limits::default() });
    world.server(joined("e1", 0));
    let tried = world.say("tried");
    world.cut();
    let never = world.say("never sent");
    world.pass(Duration::from_secs(61));
    let back = world.deliveries();
    assert!(back.iter().all(
        |(_, delivery)| matches!(delivery, Delivery::Rejected(back) if back.code == RejectCode::Expired)
    ));
    assert_eq!(back.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [tried, never]);
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 0));
    assert!(world.said_ids().is_empty());
}

#[test]
fn an_accepted_message_that_never_comes_back_takes_its_place() {
    let mut world = World::joined();
    let id = world.say("mine");
    world.server(accepted(id, 2));
    world.server(said(1, 0));
    world.server(said(3, 1));
    assert_eq!(world.timeline(), ["1", "2", "3"]);
    let lost = world.say("lost with the epoch");
    world.server(accepted(lost, 4));
    world.come_back("e2", 0);
    assert_eq!(
        world.timeline(),
        ["1", "2", "3", "4", "epoch"],
        "what was accepted is not forgotten in silence"
    );
}

#[test]
fn numbers_rise_above_those_of_an_earlier_run() {
    let mut world = World::joined();
    world.server(said_by(YOU, 5_000, 1, 0, "from an earlier run"));
    assert_eq!(world.say("hello"), 5_001);
    world.server(said_by(YOU, (1 << 53) - 1, 2, 1, "a lie"));
    assert_eq!(world.say("hello"), 5_002);
}

#[test]
fn a_message_nobody_sent_cannot_be_settled() {
    let mut world = World::joined();
    world.cut();
    let id = world.say("hello");
    world.open();
    world.server(accepted(id, 1));
    assert_eq!(world.deliveries(), [(id, Delivery::Queued)]);
    world.welcome(Limits::default());
    world.server(joined("e1", 0));
    world.server(said_by(YOU, id, 1, 0, "other words under the same number"));
    assert_eq!(world.deliveries(), [(id, Delivery::Sent)]);
}
