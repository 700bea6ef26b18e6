//! A line that is dead in one direction and says nothing about it.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{Cause, LineConfig, Message, Proof, State};
use heartline_core::policy::Policy;
use heartline_core::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Flow, Shell, Way, echo_world, native, page, rooms_world, secs, v1};

/// What latency and jitter add.
const NETWORK: Duration = Duration::from_millis(200);

/// Moments of the beat at which the line dies.
const PHASES: [u64; 6] = [0, 3, 11, 22, 24, 31];

#[test]
fn a_v1_line_on_which_nothing_comes_in_is_found_in_time() {
    for phase in PHASES {
        let mut world = rooms_world(v1(), Shell::Page);
        world.run_for(secs(phase));
        let detection = world.line(0).heartbeat().unwrap().policy().detection();
        world.flow(0, Way::Down, Flow::Lost);
        let took = world.run_until(secs(600), |world| !is_open(world.state(0)));
        assert!(took <= detection + NETWORK, "{took:?} in phase {phase}");
        assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
    }
}

#[test]
fn a_v1_line_on_which_nothing_goes_out_is_found_in_time_by_the_server() {
    for phase in PHASES {
        let mut world = rooms_world(v1(), Shell::Page);
        world.run_for(secs(phase));
        let detection = world.line(0).config().policy.heartbeat().detection();
        world.flow(0, Way::Up, Flow::Lost);
        let took = world.run_until(secs(600), |world| !is_open(world.state(0)));
        assert!(took <= detection + NETWORK, "{took:?} in phase {phase}");
        assert_eq!(world.server.closed.len(), 1, "the server noticed, and its close came through");
        assert!(matches!(world.cause(0), Cause::Peer(_)));
    }
}

#[test]
fn a_line_with_ping_frames_is_found_in_time_in_either_direction() {
    for (name, _) in Policy::PRESETS {
        for way in [Way::Up, Way::Down] {
            for phase in PHASES {
                let policy = Policy::preset(name).unwrap();
                let mut world = echo_world(LineConfig { policy: policy.clone(), ..native() }, Shell::Native);
                world.run_for(secs(phase));
                world.flow(0, way, Flow::Lost);
                let took = world.run_until(secs(600), |world| !is_open(world.state(0)));
                let bound = policy.heartbeat().detection() + NETWORK;
                assert!(took <= bound, "{took:?} with {name}, {way:?} lost in phase {phase}");
                assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
            }
        }
    }
}

#[test]
fn a_page_with_a_text_of_the_users_finds_it_in_time() {
    for way in [Way::Up, Way::Down] {
        let mut world = echo_world(with_text("ping"), Shell::Page);
        assert_eq!(world.line(0).liveness(), Liveness::Alive);
        world.run_for(secs(40));
        world.flow(0, way, Flow::Lost);
        let took = world.run_until(secs(600), |world| !is_open(world.state(0)));
        assert!(took <= world.line(0).config().policy.heartbeat().detection() + NETWORK, "{took:?}");
    }
}

#[test]
fn what_is_typed_into_a_dead_line_does_not_put_its_discovery_off() {
    let mut world = echo_world(native(), Shell::Native);
    let detection = world.line(0).config().policy.heartbeat().detection();
    world.flow(0, Way::Up, Flow::Lost);
    let start = world.now;
    while is_open(world.state(0)) {
        // The kernel has room and takes it all.
        world.act(0, |line, now| line.send(now, Message::Text("anybody?".into()))).unwrap();
        world.run_for(secs(1));
    }
    let took = world.now - start;
    assert!(took <= detection + secs(1), "{took:?}");
}

#[test]
fn a_frozen_network_that_thaws_in_time_costs_nothing() {
    let mut world = echo_world(native(), Shell::Native);
    world.flow(0, Way::Up, Flow::Frozen);
    world.flow(0, Way::Down, Flow::Frozen);
    world.run_until(secs(60), |world| *world.state(0) == State::Suspect);
    world.flow(0, Way::Up, Flow::Moving);
    world.flow(0, Way::Down, Flow::Moving);
    world.run_for(secs(60));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
}

#[test]
fn a_pong_that_comes_late_makes_a_suspect_line_open_again() {
    let mut world = echo_world(native(), Shell::Native);
    // Slower than the grace, quicker than grace and probe together.
    world.path(0).latency = secs(6);
    world.run_until(secs(60), |world| *world.state(0) == State::Suspect);
    assert_eq!(world.line(0).liveness(), Liveness::Suspect);
    world.run_until(secs(5), |world| *world.state(0) == State::Open);
    assert_eq!((world.line(0).liveness(), world.line(0).generation()), (Liveness::Alive, 1));
    let slow = world.line(0).rtt().unwrap().last().unwrap();
    assert!(slow >= secs(12), "the late answer is a round trip all the same: {slow:?}");
}

#[test]
fn an_answer_to_a_given_up_line_brings_nothing_back() {
    let mut world = echo_world(native(), Shell::Native);
    world.clients[0].haunted = true;
    world.path(0).latency = secs(40);
    world.run_until(secs(100), |world| world.line(0).generation() == 2);
    world.run_for(secs(5));
    assert_eq!(
        world.line(0).liveness(),
        Liveness::Unknown,
        "the first line's pong says nothing of the second"
    );
}

#[test]
fn a_server_that_never_answers_a_ping_is_unknown_and_stays() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.answers_pings = false;
    world.serve(|server| server.die());
    world.run_until(secs(5), |world| world.line(0).generation() == 2 && *world.state(0) == State::Open);
    world.run_for(secs(3600));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 2));
    assert_eq!(world.line(0).liveness(), Liveness::Unknown);
    assert!(world.server.pings.len() > 100, "it is asked all the same");
}

#[test]
fn a_page_on_a_foreign_server_has_nothing_to_go_by_and_stays() {
    let mut world = echo_world(page(), Shell::Page);
    world.flow(0, Way::Down, Flow::Lost);
    world.run_for(secs(3600));
    assert_eq!((world.state(0), world.line(0).liveness()), (&State::Open, Liveness::Unknown));
}

#[test]
fn what_comes_in_does_not_keep_us_from_beating() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.pings.clear();
    for _ in 0..250 {
        world.run_for(secs(1));
        world.serve(|server| server.say(&Message::Text("news".into())));
    }
    assert_eq!(world.server.pings.len(), 10, "a beat every 25 s, however much comes in");
}

#[test]
fn a_v1_client_is_heard_by_its_server_however_much_it_hears() {
    let mut world = rooms_world(v1(), Shell::Page);
    for _ in 0..250 {
        world.run_for(secs(1));
        let news = heartline_core::wire::ServerMessage::Error {
            code: heartline_core::wire::ErrorCode::Other("news".into()),
            why: String::new(),
            room: None,
        };
        world.serve(|server| server.tell(&news));
    }
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
    assert!(world.server.closed.is_empty(), "the server heard a pong for each of its pings");
}

#[test]
fn answers_to_a_beat_that_is_a_text_are_not_messages() {
    let mut world = echo_world(with_text("ping"), Shell::Page);
    world.run_for(secs(120));
    let heard = world.clients[0]
        .events
        .iter()
        .any(|(_, event)| matches!(event, heartline_core::line::LineEvent::Message(_)));
    assert!(!heard, "answers to beats stay below");
}

fn with_text(text: &str) -> LineConfig {
    let proof = Proof::Text { send: text.to_owned(), expect: text.to_owned() };
    LineConfig { proof, ..page() }
}

fn is_open(state: &State) -> bool {
    matches!(state, State::Open | State::Suspect)
}
