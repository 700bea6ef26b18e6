//! A tab nobody looks at: its timers fire once a minute, its network callbacks at once.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{Cause, LineConfig, Proof, Signal, State, Transmit};
use heartline_core::time::{Duration, Instant};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    Caller, Clock, Door, Flow, Rooms, Shell, Timers, Way, World, echo_world, page, rooms_world, secs, v1,
};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_hidden_tab_stays_alive_on_a_good_line() {
    let mut world = hidden_rooms();
    world.run_for(secs(2 * 3600));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
    assert_eq!(world.line(0).liveness(), Liveness::Alive);
    assert!(world.server.closed.is_empty(), "it answered every beat");
}

#[test]
fn a_hidden_tab_with_a_text_of_its_own_stays_alive_on_a_good_line() {
    let mut world = echo_world(with_text(), Shell::Page);
    hide(&mut world);
    world.run_for(secs(2 * 3600));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
}

#[test]
fn a_hidden_tab_on_a_lost_line_reaches_an_end() {
    let mut world = hidden_rooms();
    world.flow(0, Way::Down, Flow::Lost);
    let took = world.run_until(secs(3600), |world| world.line(0).last_end().is_some());
    let policy = world.line(0).config().policy.heartbeat().clone();
    // Its deadline and the probe's each wait for a minute's tick.
    assert!(took <= policy.detection() + 4 * MINUTE, "{took:?}");
    assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
}

#[test]
fn a_hidden_tab_with_a_text_of_its_own_on_a_lost_line_reaches_an_end() {
    let mut world = echo_world(with_text(), Shell::Page);
    hide(&mut world);
    world.flow(0, Way::Down, Flow::Lost);
    world.run_until(secs(600), |world| world.line(0).last_end().is_some());
}

#[test]
fn a_hidden_tab_dials_at_most_once_a_minute() {
    for timers in [Timers::OnceAMinute, Timers::Prompt] {
        for door in [Door::Shut, Door::Mute, Door::Refuses { status: 503, retry_after: None }] {
            let mut world = echo_world(page(), Shell::Page);
            hide(&mut world);
            world.throttle(0, timers);
            world.server.door = door.clone();
            world.run_for(MINUTE);
            world.serve(|server| server.die());
            world.run_for(secs(3600));
            let dials = &world.clients[0].dials()[1..];
            assert!(dials.len() >= 20, "it goes on: {} dials with {timers:?} at {door:?}", dials.len());
            assert_apart(dials, MINUTE);
        }
    }
}

#[test]
fn signals_do_not_make_a_hidden_tab_dial_more_often() {
    let mut world = echo_world(page(), Shell::Page);
    hide(&mut world);
    world.server.door = Door::Shut;
    world.serve(|server| server.die());
    for _ in 0..600 {
        world.run_for(secs(1));
        world.signal(0, Signal::Online);
    }
    assert_apart(&world.clients[0].dials(), MINUTE);
}

#[test]
fn shown_again_it_dials_at_once() {
    let mut world = echo_world(page(), Shell::Page);
    hide(&mut world);
    world.server.door = Door::Shut;
    world.serve(|server| server.die());
    world.run_for(secs(600));
    world.run_until(MINUTE, |world| matches!(world.state(0), State::Waiting { .. }));
    world.server.door = Door::Open;
    show(&mut world);
    assert!(matches!(world.state(0), State::Connecting { .. }));
    world.run_for(secs(1));
    assert_eq!(*world.state(0), State::Open);
}

#[test]
fn a_dial_begun_while_hidden_is_given_up_for_a_new_one_when_shown() {
    let mut world = echo_world(page(), Shell::Page);
    hide(&mut world);
    world.server.door = Door::Mute;
    world.serve(|server| server.die());
    world.run_until(secs(600), |world| matches!(world.state(0), State::Connecting { .. }));
    let held_up = world.line(0).generation();
    show(&mut world);
    assert_eq!(world.line(0).generation(), held_up + 1);
    assert_eq!(*world.cause(0), Cause::Redialled);
    let last_two: Vec<_> = world.clients[0].transmits.iter().rev().take(2).map(|(_, what)| what).collect();
    let (dial, abandon) =
        (Transmit::Dial { generation: held_up + 1 }, Transmit::Abandon { generation: held_up });
    assert_eq!(last_two, [&dial, &abandon]);
}

#[test]
fn a_dial_begun_while_shown_is_left_alone_when_shown_again() {
    let mut world = echo_world(page(), Shell::Page);
    world.server.door = Door::Mute;
    world.serve(|server| server.die());
    world.run_until(secs(600), |world| matches!(world.state(0), State::Connecting { .. }));
    let dialling = world.line(0).generation();
    world.signal(0, Signal::Visible);
    assert_eq!(world.line(0).generation(), dialling);
}

#[test]
fn shown_again_it_makes_sure_of_its_line() {
    for lost in [false, true] {
        let mut world = hidden_rooms();
        world.run_for(secs(300));
        if lost {
            world.flow(0, Way::Down, Flow::Lost);
        }
        show(&mut world);
        world.run_for(secs(6));
        assert_eq!(world.line(0).last_end().is_some(), lost);
    }
}

#[test]
fn the_network_coming_back_makes_sure_of_the_line_too() {
    let mut world = rooms_world(v1(), Shell::Page);
    world.signal(0, Signal::Offline);
    world.flow(0, Way::Down, Flow::Lost);
    world.run_for(secs(1));
    assert_eq!(*world.state(0), State::Open, "offline is a hint that is often wrong");
    world.signal(0, Signal::Online);
    let took = world.run_until(secs(60), |world| world.line(0).last_end().is_some());
    assert!(took <= secs(5), "{took:?}");
}

#[test]
fn shown_again_and_again_a_lost_line_still_reaches_an_end() {
    let mut world = rooms_world(v1(), Shell::Page);
    world.flow(0, Way::Down, Flow::Lost);
    for _ in 0..6 {
        world.signal(0, Signal::Hidden);
        world.signal(0, Signal::Visible);
        world.run_for(secs(1));
    }
    assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
}

#[test]
fn a_frozen_page_never_dials() {
    let mut world = echo_world(page(), Shell::Page);
    hide(&mut world);
    world.serve(|server| server.die());
    world.run_until(secs(1), |world| matches!(world.state(0), State::Waiting { .. }));
    world.signal(0, Signal::Frozen);
    assert_eq!(world.line(0).config().dialect, heartline_core::close::Dialect::Plain);
    for _ in 0..60 {
        world.run_for(MINUTE);
        world.signal(0, Signal::Online);
    }
    assert_eq!(world.server.dials.len(), 1);
    world.signal(0, Signal::Resumed);
    world.run_for(secs(1));
    assert_eq!(*world.state(0), State::Open, "an hour later even a hidden page may dial");
}

#[test]
fn a_page_frozen_while_dialling_gives_that_dial_up_and_begins_no_other() {
    let mut world = echo_world(page(), Shell::Page);
    world.server.door = Door::Mute;
    world.serve(|server| server.die());
    world.run_until(secs(5), |world| matches!(world.state(0), State::Connecting { .. }));
    world.signal(0, Signal::Frozen);
    world.run_for(secs(3600));
    assert_eq!(world.server.dials.len(), 2);
    assert!(matches!(world.state(0), State::Waiting { .. }));
}

#[test]
fn a_page_whose_timers_stopped_hears_all_the_same() {
    let mut world = hidden_rooms();
    world.throttle(0, Timers::Stopped);
    world.run_for(secs(3600));
    assert_eq!(world.line(0).generation(), 1, "it answered every beat from its receive handler");
    world.serve(|server| server.die());
    world.run_for(secs(1));
    assert!(matches!(world.state(0), State::Waiting { .. }));
}

#[test]
fn a_laptop_closed_with_a_hidden_tab_comes_back_when_shown() {
    let mut world = hidden_rooms();
    world.sleep(0, secs(3600), Clock::StandsStill);
    world.run_for(secs(3600));
    show(&mut world);
    world.run_for(secs(10));
    assert_eq!((world.state(0), world.line(0).liveness()), (&State::Open, Liveness::Alive));
}

fn hidden_rooms() -> World<Caller, Rooms> {
    let mut world = rooms_world(v1(), Shell::Page);
    hide(&mut world);
    world
}

fn hide<M: heartline_core::line::Machine, S: crate::world::Server>(world: &mut World<M, S>) {
    world.signal(0, Signal::Hidden);
    world.throttle(0, Timers::OnceAMinute);
}

fn show<M: heartline_core::line::Machine, S: crate::world::Server>(world: &mut World<M, S>) {
    world.throttle(0, Timers::Prompt);
    world.signal(0, Signal::Visible);
}

fn assert_apart(dials: &[Instant], gap: Duration) {
    for pair in dials.windows(2) {
        assert!(pair[1] - pair[0] >= gap, "two dials {:?} apart", pair[1] - pair[0]);
    }
}

fn with_text() -> LineConfig {
    let proof = Proof::Text { send: "ping".to_owned(), expect: "ping".to_owned() };
    LineConfig { proof, ..page() }
}
