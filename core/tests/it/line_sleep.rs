//! The machine sleeps for an hour. A late tick is not a missed answer, and a dead line is not trusted for long.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{Cause, LineConfig, Message, Proof, Signal, State};
use heartline_core::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    Caller, Clock, Door, Flow, Rooms, Shell, Way, World, echo_world, native, page, rooms_world, secs, v1,
};

const HOUR: Duration = Duration::from_secs(3600);
const CLOCKS: [Clock; 2] = [Clock::Moves, Clock::StandsStill];

/// The probe and the network.
const AT_ONCE: Duration = Duration::from_millis(5500);

#[test]
fn a_good_line_with_ping_frames_survives_an_hour_of_sleep() {
    for clock in CLOCKS {
        for phase in [1, 12, 23] {
            let mut world = echo_world(native(), Shell::Native);
            world.run_for(secs(phase));
            world.sleep(0, HOUR, clock);
            world.run_for(HOUR + AT_ONCE);
            assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1), "{clock:?} {phase}");
            assert_eq!(world.line(0).liveness(), Liveness::Alive);
            world.run_for(secs(300));
            assert_eq!(world.line(0).generation(), 1);
        }
    }
}

#[test]
fn a_good_v1_line_survives_an_hour_of_sleep() {
    for clock in CLOCKS {
        let mut world = patient_rooms();
        world.sleep(0, HOUR, clock);
        world.run_for(HOUR + AT_ONCE);
        assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1), "{clock:?}");
        assert_eq!(world.line(0).liveness(), Liveness::Alive);
    }
}

#[test]
fn a_good_line_of_a_page_with_a_text_of_its_own_survives_an_hour_of_sleep() {
    for clock in CLOCKS {
        let mut world = echo_world(with_text(), Shell::Page);
        world.sleep(0, HOUR, clock);
        world.run_for(HOUR + AT_ONCE);
        assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1), "{clock:?}");
    }
}

#[test]
fn a_line_with_ping_frames_that_died_meanwhile_is_found_at_once() {
    for clock in CLOCKS {
        for phase in [1, 12, 23] {
            let mut world = echo_world(native(), Shell::Native);
            world.run_for(secs(phase));
            lose(&mut world, clock);
            let took = world.run_until(secs(600), |world| world.line(0).last_end().is_some());
            assert!(took <= AT_ONCE, "{took:?} with {clock:?} in phase {phase}");
            assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
        }
    }
}

#[test]
fn a_v1_line_that_died_meanwhile_is_found_at_once() {
    for clock in CLOCKS {
        let mut world = patient_rooms();
        lose(&mut world, clock);
        let took = world.run_until(secs(600), |world| world.line(0).last_end().is_some());
        assert!(took <= AT_ONCE, "{took:?} with {clock:?}");
    }
}

#[test]
fn a_line_of_a_page_with_a_text_of_its_own_that_died_meanwhile_is_found_at_once() {
    for clock in CLOCKS {
        let mut world = echo_world(with_text(), Shell::Page);
        lose(&mut world, clock);
        let took = world.run_until(secs(600), |world| world.line(0).last_end().is_some());
        assert!(took <= AT_ONCE, "{took:?} with {clock:?}");
    }
}

#[test]
fn a_line_the_server_closed_meanwhile_is_dialled_again_at_once() {
    for clock in CLOCKS {
        // This server beats, and an hour without an answer is too much for it.
        let mut world = rooms_world(v1(), Shell::Page);
        world.sleep(0, HOUR, clock);
        world.run_for(HOUR);
        assert_eq!(world.server.guests(), 0, "the server gave it up");
        let took = world.run_until(secs(10), |world| {
            world.line(0).generation() == 2 && world.line(0).liveness() == Liveness::Alive
        });
        assert!(took <= secs(2), "{took:?} with {clock:?}");
    }
}

#[test]
fn an_old_sign_of_life_in_the_sockets_buffer_does_not_hide_a_dead_line() {
    let mut world = patient_rooms();
    lose(&mut world, Clock::StandsStill);
    // What had come in before the sleep is handed over after it.
    let generation = world.line(0).generation();
    let message = Message::Text(r#"{"type":"ping","n":1}"#.to_owned());
    world.act(0, |caller, now| {
        caller.line.handle_message(now, generation, message);
        caller.line.handle_signal(now, Signal::Resumed);
    });
    let took = world.run_until(secs(600), |world| world.line(0).last_end().is_some());
    assert!(took <= AT_ONCE, "{took:?}");
}

#[test]
fn a_machine_that_sleeps_during_a_dial_dials_anew() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.door = Door::Mute;
    world.serve(|server| server.die());
    world.run_until(secs(5), |world| matches!(world.state(0), State::Connecting { .. }));
    let before = world.line(0).generation();
    world.server.door = Door::Open;
    world.sleep(0, HOUR, Clock::StandsStill);
    world.run_for(HOUR + secs(1));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, before + 1));
}

#[test]
fn a_machine_that_sleeps_between_two_dials_dials_when_it_wakes() {
    for clock in CLOCKS {
        let mut world = echo_world(native(), Shell::Native);
        world.server.door = Door::Shut;
        world.serve(|server| server.die());
        world.run_for(secs(60));
        world.run_until(secs(60), |world| matches!(world.state(0), State::Waiting { .. }));
        world.server.door = Door::Open;
        world.sleep(0, HOUR, clock);
        world.run_for(HOUR + secs(1));
        assert_eq!(*world.state(0), State::Open, "{clock:?}");
    }
}

#[test]
fn the_probes_own_end_is_final_however_late_it_comes() {
    let mut world = echo_world(native(), Shell::Native);
    world.flow(0, Way::Down, Flow::Lost);
    world.run_until(secs(60), |world| *world.state(0) == State::Suspect);
    world.sleep(0, HOUR, Clock::Moves);
    world.run_for(HOUR);
    assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
}

#[test]
fn a_probe_that_slept_on_a_standing_clock_gets_another_chance() {
    let mut world = echo_world(native(), Shell::Native);
    world.path(0).latency = secs(6);
    world.run_until(secs(60), |world| *world.state(0) == State::Suspect);
    world.path(0).latency = Duration::from_millis(20);
    world.sleep(0, HOUR, Clock::StandsStill);
    world.run_for(HOUR + secs(60));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
}

/// The line dies while the machine sleeps.
fn lose<M: heartline_core::line::Machine, S: crate::world::Server>(world: &mut World<M, S>, clock: Clock) {
    world.sleep(0, HOUR, clock);
    world.flow(0, Way::Up, Flow::Lost);
    world.flow(0, Way::Down, Flow::Lost);
    world.run_for(HOUR);
}

/// A server that never gives a client up, so that the line outlives an hour.
fn patient_rooms() -> World<Caller, Rooms> {
    let mut world = World::new(1, Rooms::default());
    world.server.beats = false;
    world.add(Caller::new(v1(), 1), Shell::Page);
    world.act(0, |caller, now| caller.line.connect(now));
    world.run_for(secs(2));
    assert_eq!(world.line(0).liveness(), Liveness::Alive);
    world
}

fn with_text() -> LineConfig {
    let proof = Proof::Text { send: "ping".to_owned(), expect: "ping".to_owned() };
    LineConfig { proof, ..page() }
}
