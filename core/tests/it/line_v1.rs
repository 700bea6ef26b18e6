//! What a `heartline.v1` line makes of what its server says about itself.

use heartline_core::heartbeat::{Liveness, Role};
use heartline_core::line::{Cause, LineEvent, Message, NotOpen, Reason, State, Transmit};
use heartline_core::policy::{MIN_ANNOUNCED_GRACE, MIN_ANNOUNCED_INTERVAL, Policy};
use heartline_core::time::Duration;
use heartline_core::wire::{Beat, ClientMessage, Limits, MAX_NUMBER, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Caller, Flow, Rooms, Shell, Way, World, draining, rooms_world, secs, v1};

#[test]
fn a_welcome_with_absurd_numbers_is_clamped_and_said() {
    for (interval_ms, grace_ms) in
        [(0, 0), (MAX_NUMBER, MAX_NUMBER), (1, MAX_NUMBER), (MAX_NUMBER, 0), (500, 500)]
    {
        let mut world = World::new(1, Rooms::default());
        world.server.announces = Some(Beat { interval_ms, grace_ms });
        world.add(Caller::new(v1(), 1), Shell::Page);
        world.act(0, |caller, now| caller.line.connect(now));
        // The simulated world itself checks that there is no busy loop.
        world.run_for(secs(120));
        assert_eq!(
            (world.state(0), world.line(0).generation()),
            (&State::Open, 1),
            "{interval_ms} {grace_ms}"
        );
        let policy = world.line(0).heartbeat().unwrap().policy();
        assert!(policy.interval() >= MIN_ANNOUNCED_INTERVAL && policy.grace() >= MIN_ANNOUNCED_GRACE);
        assert!(policy.grace() < policy.interval());
        assert!(world.clients[0].events.iter().any(|(_, event)| matches!(event, LineEvent::Clamped { .. })));
    }
}

#[test]
fn an_announced_beat_is_honoured_down_to_its_floor() {
    let mut world = World::new(1, Rooms::default());
    world.server.announces = Some(Beat { interval_ms: 1000, grace_ms: 500 });
    world.add(Caller::new(v1(), 1), Shell::Page);
    world.act(0, |caller, now| caller.line.connect(now));
    world.run_for(secs(1));
    world.flow(0, Way::Down, Flow::Lost);
    let took = world.run_until(secs(60), |world| world.line(0).last_end().is_some());
    assert!(took <= Duration::from_millis(2200), "{took:?}");
    let clamped = world.clients[0].events.iter().any(|(_, event)| matches!(event, LineEvent::Clamped { .. }));
    assert!(!clamped);
}

#[test]
fn a_server_that_falls_silent_without_a_beat_is_asked_and_stays() {
    let mut world = World::new(1, Rooms::default());
    world.server.beats = false;
    world.add(Caller::new(v1(), 1), Shell::Page);
    world.act(0, |caller, now| caller.line.connect(now));
    world.run_for(secs(3600));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1), "it answers every probe");
    world.server.answers = false;
    world.run_until(secs(60), |world| world.line(0).last_end().is_some());
    assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
}

#[test]
fn a_client_has_no_beat_of_its_own() {
    let mut world = rooms_world(v1(), Shell::Page);
    assert_eq!(world.line(0).heartbeat().unwrap().role(), Role::Listener);
    world.run_for(secs(250));
    let beats = world.clients[0].transmits.iter().filter(|(_, transmit)| is_ping(transmit)).count();
    // One with the welcome and one with each of the server's, to measure the round trip.
    assert!((10..=12).contains(&beats), "{beats}");
    assert_eq!(world.line(0).rtt().unwrap().samples().len(), beats);
}

#[test]
fn a_server_that_pings_wildly_is_answered_and_not_pinged_wildly() {
    let mut world = rooms_world(v1(), Shell::Page);
    let before = world.clients[0].transmits.len();
    for n in 0..1000 {
        world.serve(|server| server.tell(&ServerMessage::Ping { n }));
        world.run_for(Duration::from_millis(1));
    }
    world.run_for(Duration::from_millis(500));
    let since = &world.clients[0].transmits[before..];
    assert_eq!(since.iter().filter(|(_, transmit)| is_pong(transmit)).count(), 1000);
    assert!(since.iter().filter(|(_, transmit)| is_ping(transmit)).count() <= 2);
}

#[test]
fn without_a_welcome_nothing_is_known_and_the_line_is_given_up_in_time() {
    let mut world = World::new(1, Rooms::default());
    world.server.welcomes = false;
    world.add(Caller::new(v1(), 1), Shell::Page);
    world.act(0, |caller, now| caller.line.connect(now));
    world.run_until(secs(1), |world| *world.state(0) == State::Open);
    assert_eq!(world.line(0).liveness(), Liveness::Unknown);
    let took = world.run_until(secs(60), |world| world.line(0).last_end().is_some());
    assert_eq!(took, Policy::default().reconnect().dial_timeout());
    assert!(matches!(world.cause(0), Cause::NoWelcome { .. }));
    world.server.welcomes = true;
    world.run_until(secs(30), |world| world.line(0).liveness() == Liveness::Alive);
}

#[test]
fn a_server_that_does_not_agree_on_the_protocol_is_left_for_good() {
    for subprotocol in [None, Some("graphql-ws"), Some("Heartline.v1")] {
        let mut world = World::new(1, Rooms::default());
        world.server.subprotocol = subprotocol;
        world.add(Caller::new(v1(), 1), Shell::Page);
        world.act(0, |caller, now| caller.line.connect(now));
        world.run_for(secs(600));
        assert!(matches!(world.state(0), State::Closed(Reason::Final(_))), "{subprotocol:?}");
        assert_eq!((world.server.dials.len(), world.server.hellos.len()), (1, 0));
    }
}

#[test]
fn what_is_no_message_is_told_and_ignored() {
    let mut world = rooms_world(v1(), Shell::Page);
    let generation = world.line(0).generation();
    for message in [
        Message::Text("not json".to_owned()),
        Message::Text(r#"{"type":"sing"}"#.to_owned()),
        Message::Text(r#"{"type":"said"}"#.to_owned()),
        Message::Binary(vec![1, 2, 3]),
    ] {
        world.act(0, |caller, now| caller.line.handle_message(now, generation, message));
    }
    let unreadable = |event: &LineEvent| matches!(event, LineEvent::Unreadable { .. });
    assert_eq!(world.clients[0].events.iter().filter(|(_, event)| unreadable(event)).count(), 4);
    assert_eq!(*world.state(0), State::Open);
}

#[test]
fn nothing_is_posted_where_there_is_no_line() {
    let mut world = rooms_world(v1(), Shell::Page);
    let post = |world: &mut World<Caller, Rooms>| {
        world.act(0, |caller, _| caller.line.post(&ClientMessage::Pong { n: 1 }))
    };
    assert_eq!(post(&mut world), Ok(()));
    world.server.listening = false;
    world.serve(Rooms::die);
    world.run_for(secs(1));
    assert_eq!(post(&mut world), Err(NotOpen));
}

#[test]
fn a_drain_of_absurd_length_is_cut() {
    let mut world = rooms_world(v1(), Shell::Page);
    world.serve(|server| server.tell(&draining(Duration::from_millis(MAX_NUMBER))));
    world.run_for(secs(1));
    world.serve(|server| server.close(4002));
    world.run_until(secs(400), |world| world.line(0).generation() == 2);
}

#[test]
fn welcomes_without_end_are_harmless() {
    let mut world = rooms_world(v1(), Shell::Page);
    let welcome = ServerMessage::Welcome {
        session: "again".to_owned(),
        you: "you".to_owned(),
        heartbeat: Beat { interval_ms: 0, grace_ms: MAX_NUMBER },
        limits: Limits::default(),
    };
    for _ in 0..500 {
        world.serve(|server| server.tell(&welcome));
        world.run_for(Duration::from_millis(20));
    }
    assert_eq!((world.state(0), world.line(0).liveness()), (&State::Open, Liveness::Alive));
}

fn is_ping(transmit: &Transmit) -> bool {
    says(transmit, "{\"type\":\"ping\"")
}

fn is_pong(transmit: &Transmit) -> bool {
    says(transmit, "{\"type\":\"pong\"")
}

fn says(transmit: &Transmit, beginning: &str) -> bool {
    matches!(transmit, Transmit::Send { message: Message::Text(text), .. } if text.starts_with(beginning))
}
