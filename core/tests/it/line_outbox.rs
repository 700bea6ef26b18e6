//! What is sent on a plain line, what waits, and what is of unknown fate when the line ends.

use heartline_core::line::{
    Line, LineConfig, LineEvent, Message, MessageId, Proof, Refused, State, Transmit, WINDOW,
};
use heartline_core::policy::{OutboxPolicy, Policy};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Door, Echo, Flow, Shell, Way, World, echo_world, native, page, secs};

#[test]
fn what_was_written_before_the_line_opened_is_sent_in_order_when_it_does() {
    let mut world = World::new(1, Echo::default());
    world.add(Line::new(page(), 1), Shell::Page);
    for n in 0..100 {
        send(&mut world, &format!("{n}")).unwrap();
    }
    world.act(0, Line::connect);
    world.run_for(secs(1));
    let expected: Vec<_> = (0..100).map(|n| Message::Text(format!("{n}"))).collect();
    assert_eq!(world.server.heard, expected);
    assert!(world.line(0).outbox().is_empty());
}

#[test]
fn a_full_outbox_refuses_and_keeps_what_it_has() {
    let mut world = World::new(1, Echo::default());
    world.add(Line::new(bounded(3, 100, 60), 1), Shell::Page);
    for text in ["a", "b", "c"] {
        send(&mut world, text).unwrap();
    }
    assert_eq!(send(&mut world, "d"), Err(Refused::TooMany { limit: 3 }));
    world.act(0, Line::connect);
    world.run_for(secs(1));
    send(&mut world, "d").unwrap();
    world.run_for(secs(1));
    assert_eq!(heard(&world), ["a", "b", "c", "d"]);
}

#[test]
fn bytes_are_bounded_too() {
    let mut world = World::new(1, Echo::default());
    world.add(Line::new(bounded(100, 10, 60), 1), Shell::Page);
    assert_eq!(send(&mut world, "eleven bytes"), Err(Refused::TooLarge { bytes: 12, limit: 10 }));
    send(&mut world, "sixsix").unwrap();
    assert_eq!(send(&mut world, "fives"), Err(Refused::TooMuch { limit: 10 }));
    send(&mut world, "four").unwrap();
}

#[test]
fn no_more_than_the_window_is_handed_over_to_a_network_that_takes_nothing() {
    let mut world = echo_world(page(), Shell::Page);
    world.path(0).kernel = 0;
    world.flow(0, Way::Up, Flow::Frozen);
    for n in 0..100 {
        send(&mut world, &format!("{n}")).unwrap();
    }
    world.run_for(secs(60));
    // The kernel takes one message whatever its room.
    assert_eq!(sends(&world), WINDOW + 1);
    world.flow(0, Way::Up, Flow::Moving);
    world.run_for(secs(60));
    assert_eq!(world.server.heard.len(), 100, "and the rest as it is taken");
}

#[test]
fn a_text_that_is_a_beat_does_not_pile_up_before_a_network_that_takes_nothing() {
    let proof = Proof::Text { send: "ping".to_owned(), expect: "pong".to_owned() };
    let mut world = echo_world(LineConfig { proof, ..page() }, Shell::Page);
    world.path(0).kernel = 0;
    world.flow(0, Way::Up, Flow::Frozen);
    world.run_for(secs(24 * 3600));
    assert_eq!(*world.state(0), State::Open, "this server never answers, which proves nothing");
    assert!(sends(&world) <= WINDOW + 4, "{} beats wait", sends(&world));
}

#[test]
fn an_answered_beat_tells_what_has_arrived() {
    let mut world = echo_world(native(), Shell::Native);
    let first = send(&mut world, "one").unwrap();
    let second = send(&mut world, "two").unwrap();
    world.run_for(secs(30));
    assert_eq!(
        events(&world, |event| matches!(event, LineEvent::Sent(_))),
        [LineEvent::Sent(first), LineEvent::Sent(second)]
    );
    let arrived = events(&world, |event| matches!(event, LineEvent::Arrived { .. }));
    assert_eq!(arrived, [LineEvent::Arrived { through: second }]);
    world.serve(Echo::die);
    world.run_for(secs(5));
    assert_eq!(events(&world, |event| matches!(event, LineEvent::UnknownFate { .. })), []);
}

#[test]
fn what_no_beat_proved_is_of_unknown_fate_and_not_sent_again() {
    let mut world = echo_world(native(), Shell::Native);
    world.flow(0, Way::Up, Flow::Lost);
    let lost = send(&mut world, "lost").unwrap();
    world.run_until(secs(60), |world| world.line(0).last_end().is_some());
    let unknown = events(&world, |event| matches!(event, LineEvent::UnknownFate { .. }));
    assert_eq!(unknown, [LineEvent::UnknownFate { ids: vec![lost], forgotten: 0 }]);
    let kept = send(&mut world, "kept").unwrap();
    assert!(kept > lost);
    world.flow(0, Way::Up, Flow::Moving);
    world.run_for(secs(60));
    assert_eq!(heard(&world), ["kept"]);
}

#[test]
fn on_a_line_that_proves_nothing_old_names_are_forgotten_and_counted() {
    let mut world = echo_world(page(), Shell::Page);
    for n in 0..2000 {
        send(&mut world, &format!("{n}")).unwrap();
        world.run_for(heartline_core::time::Duration::from_millis(1));
    }
    world.serve(Echo::die);
    world.run_for(secs(1));
    let unknown = events(&world, |event| matches!(event, LineEvent::UnknownFate { .. }));
    let [LineEvent::UnknownFate { ids, forgotten }] = &unknown[..] else { panic!("{unknown:?}") };
    assert_eq!(ids.len() as u64 + forgotten, 2000);
    assert_eq!(ids.last(), Some(&MessageId(2000)));
}

#[test]
fn what_was_not_handed_over_when_the_line_ended_is_sent_on_the_next() {
    let mut world = echo_world(native(), Shell::Native);
    world.path(0).kernel = 0;
    world.flow(0, Way::Up, Flow::Frozen);
    for n in 0..WINDOW + 10 {
        send(&mut world, &format!("{n}")).unwrap();
    }
    world.run_for(secs(1));
    world.cut(0, &heartline_core::line::Ended::Eof);
    world.flow(0, Way::Up, Flow::Lost);
    world.run_for(secs(1));
    world.flow(0, Way::Up, Flow::Moving);
    world.path(0).kernel = 1024;
    world.run_for(secs(60));
    let expected: Vec<_> = (WINDOW + 1..WINDOW + 10).map(|n| n.to_string()).collect();
    assert_eq!(heard(&world), expected);
}

#[test]
fn what_grew_too_old_is_given_back_instead_of_sent() {
    let mut world = World::new(1, Echo::behind(Door::Shut));
    world.add(Line::new(bounded(10, 100, 60), 1), Shell::Page);
    world.act(0, Line::connect);
    let old = send(&mut world, "old").unwrap();
    world.run_for(secs(59));
    send(&mut world, "new").unwrap();
    world.run_for(secs(2));
    world.server.door = Door::Open;
    world.run_until(secs(60), |world| *world.state(0) == State::Open);
    world.run_for(secs(1));
    let expired = events(&world, |event| matches!(event, LineEvent::Expired(_)));
    assert_eq!(expired, [LineEvent::Expired(vec![(old, Message::Text("old".to_owned()))])]);
    assert_eq!(heard(&world), ["new"]);
}

#[test]
fn what_grew_too_old_before_a_stalled_window_is_given_back_too() {
    let mut world = echo_world(bounded(100, 10_000, 60), Shell::Page);
    world.path(0).kernel = 0;
    world.flow(0, Way::Up, Flow::Frozen);
    for n in 0..WINDOW + 2 {
        send(&mut world, &format!("{n}")).unwrap();
    }
    world.run_for(secs(61));
    world.flow(0, Way::Up, Flow::Moving);
    world.run_for(secs(5));
    assert_eq!(world.server.heard.len(), WINDOW + 1);
    assert_eq!(events(&world, |event| matches!(event, LineEvent::Expired(_))).len(), 1);
}

fn bounded(messages: usize, bytes: usize, max_age_s: u64) -> LineConfig {
    let outbox = OutboxPolicy::new(messages, bytes, secs(max_age_s)).unwrap();
    let policy = Policy::default();
    let policy = Policy::new(policy.heartbeat().clone(), policy.reconnect().clone(), outbox);
    LineConfig { policy, ..page() }
}

fn send(world: &mut World<Line, Echo>, text: &str) -> Result<MessageId, Refused> {
    world.act(0, |line, now| line.send(now, Message::Text(text.to_owned())))
}

fn sends(world: &World<Line, Echo>) -> usize {
    let is_send = |transmit: &Transmit| matches!(transmit, Transmit::Send { .. });
    world.clients[0].transmits.iter().filter(|(_, transmit)| is_send(transmit)).count()
}

fn heard(world: &World<Line, Echo>) -> Vec<&str> {
    world.server.heard.iter().map(text).collect()
}

fn text(message: &Message) -> &str {
    match message {
        Message::Text(text) => text,
        Message::Binary(_) => panic!("no binary was sent"),
    }
}

fn events(world: &World<Line, Echo>, which: impl Fn(&LineEvent) -> bool) -> Vec<LineEvent> {
    world.clients[0].events.iter().map(|(_, event)| event).filter(|event| which(event)).cloned().collect()
}
