//! Many dials, one line: nothing of an old one touches the new one, and none is waited for.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{
    Cause, Ended, LineConfig, LineEvent, Machine, Message, Proof, Reason, Signal, State, Transmit,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Door, Flow, Shell, Way, echo_world, native, page, rooms_world, secs, v1};

#[test]
fn nothing_an_old_line_says_touches_the_new_one() {
    let mut world = echo_world(native(), Shell::Native);
    world.act(0, |line, now| line.redial(now));
    world.run_for(secs(2));
    let events = world.clients[0].events.len();
    let (state, timeout) = world.act(0, |line, _| (line.state().clone(), line.poll_timeout()));
    world.act(0, |line, now| {
        line.handle_opened(now, 1, None);
        line.handle_message(now, 1, Message::Text("old".to_owned()));
        line.handle_bytes(now, 1);
        line.handle_pong(now, 1, &1_u64.to_be_bytes());
        line.handle_written(now, 1, 1);
        line.handle_closed(now, 1, Ended::Code { code: 4409, reason: String::new() });
        line.handle_closed(now, 3, Ended::Eof);
        line.handle_message(now, 3, Message::Text("not yet".to_owned()));
    });
    assert_eq!(world.clients[0].events.len(), events);
    assert_eq!((world.state(0).clone(), world.act(0, |line, _| line.poll_timeout())), (state, timeout));
}

#[test]
fn old_sockets_that_go_on_talking_change_nothing() {
    for seed in 0..20 {
        let mut world = rooms_world(v1(), Shell::Page);
        world.clients[0].haunted = true;
        for round in 0..10 {
            world.run_for(secs((seed * 7 + round * 3) % 40));
            world.act(0, |caller, now| caller.line.redial(now));
        }
        world.run_for(secs(60));
        assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 11), "{seed}");
        assert_eq!(world.line(0).liveness(), Liveness::Alive);
        // Each of which would be final on the present line.
        assert!(world.server.closed.iter().all(|(_, code)| [4408, 4409].contains(code)));
        assert!(world.server.closed.len() >= 8, "two dials at one moment are one hello: {seed}");
    }
}

#[test]
fn a_socket_that_never_reports_its_end_does_not_hold_up_the_next_dial() {
    for shell in [Shell::Native, Shell::Page] {
        let mut world = rooms_world(v1(), shell);
        world.clients[0].tight_lipped = true;
        world.flow(0, Way::Down, Flow::Lost);
        world.run_until(secs(60), |world| world.line(0).last_end().is_some());
        world.flow(0, Way::Down, Flow::Moving);
        let took = world.run_until(secs(60), |world| *world.state(0) == State::Open);
        assert!(took <= secs(1), "{took:?}");
    }
}

#[test]
fn a_beat_that_was_out_when_the_line_ended_does_not_count_on_the_next() {
    let proof = Proof::Text { send: "ping".to_owned(), expect: "ping".to_owned() };
    for (config, shell) in [(native(), Shell::Native), (LineConfig { proof, ..page() }, Shell::Page)] {
        let mut world = echo_world(config, shell);
        world.flow(0, Way::Down, Flow::Frozen);
        world.run_until(secs(60), |world| *world.state(0) == State::Suspect);
        world.cut(0, &Ended::Eof);
        world.flow(0, Way::Down, Flow::Moving);
        world.run_until(secs(5), |world| *world.state(0) == State::Open);
        assert_eq!(world.line(0).liveness(), Liveness::Unknown, "nothing has proved anything yet");
        assert_eq!(world.line(0).rtt().unwrap().samples().len(), 0);
        // Every deadline the old line had passes.
        world.run_for(secs(60));
        assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 2));
        assert_eq!(world.line(0).liveness(), Liveness::Alive);
    }
}

#[test]
fn a_manual_disconnect_is_final() {
    let mut world = echo_world(native(), Shell::Native);
    world.act(0, |line, now| line.disconnect(now, 1000, "bye"));
    world.run_for(secs(3600));
    assert_eq!(*world.state(0), State::Closed(Reason::Manual));
    for signal in [Signal::Visible, Signal::Online, Signal::Resumed] {
        world.signal(0, signal);
    }
    world.run_for(secs(3600));
    assert_eq!(world.server.dials.len(), 1);
    assert_eq!(world.server.closes, [(1000, "bye".to_owned())]);
    world.act(0, heartline_core::line::Line::connect);
    world.run_for(secs(1));
    assert_eq!(*world.state(0), State::Open);
}

#[test]
fn a_manual_disconnect_is_final_while_dialling_and_while_waiting() {
    for door in [Door::Mute, Door::Shut] {
        let mut world = echo_world(page(), Shell::Page);
        world.server.door = door;
        world.serve(|server| server.die());
        world.run_for(secs(5));
        let before = world.server.dials.len();
        world.act(0, |line, now| line.disconnect(now, 1000, ""));
        world.run_for(secs(3600));
        assert_eq!((world.state(0), world.server.dials.len()), (&State::Closed(Reason::Manual), before));
    }
}

#[test]
fn a_manual_disconnect_says_what_was_handed_over_before_it() {
    let mut world = echo_world(native(), Shell::Native);
    world.act(0, |line, now| {
        line.send(now, Message::Text("last words".to_owned())).unwrap();
        line.disconnect(now, 3000, &"é".repeat(100));
    });
    world.run_for(secs(1));
    assert_eq!(world.server.heard, [Message::Text("last words".to_owned())]);
    assert_eq!(world.server.closes, [(3000, "é".repeat(61))], "a reason has at most 123 bytes");
}

#[test]
fn redial_gives_up_whatever_is_there() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.door = Door::Mute;
    world.act(0, |line, now| line.redial(now));
    assert_eq!(*world.cause(0), Cause::Redialled);
    assert!(matches!(world.state(0), State::Connecting { .. }));
    world.server.door = Door::Open;
    world.act(0, |line, now| line.redial(now));
    world.run_for(secs(1));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 3));
    let abandoned = |transmit: &Transmit| matches!(transmit, Transmit::Abandon { .. });
    assert_eq!(world.clients[0].transmits.iter().filter(|(_, transmit)| abandoned(transmit)).count(), 2);
}

#[test]
fn connect_leaves_a_line_or_a_dial_alone() {
    let mut world = echo_world(native(), Shell::Native);
    world.act(0, heartline_core::line::Line::connect);
    assert_eq!(world.line(0).generation(), 1);
    world.server.door = Door::Shut;
    world.serve(|server| server.die());
    world.run_for(secs(60));
    world.run_until(secs(60), |world| matches!(world.state(0), State::Waiting { .. }));
    world.act(0, heartline_core::line::Line::connect);
    assert!(matches!(world.state(0), State::Connecting { .. }), "connect does not wait for the next dial");
}

#[test]
fn a_server_stopped_while_a_client_dials_three_times_and_then_continued_ends_open() {
    for backwards in [false, true] {
        let mut world = rooms_world(v1(), Shell::Page);
        world.stop_server();
        let stopped_at = world.line(0).generation();
        world.run_until(secs(600), |world| world.line(0).generation() >= stopped_at + 3);
        world.continue_server(backwards);
        world.run_for(secs(120));
        assert_eq!(
            (world.state(0), world.line(0).liveness()),
            (&State::Open, Liveness::Alive),
            "{backwards}"
        );
        assert_eq!(world.server.guests(), 1, "the server keeps none of the abandoned ones");
    }
}

#[test]
fn hellos_that_a_stopped_server_reads_late_and_in_any_order_end_open() {
    for backwards in [false, true] {
        let mut world = rooms_world(v1(), Shell::Page);
        // A proxy in front answers the upgrade while the server behind it does not read.
        world.server.welcomes = false;
        world.act(0, |caller, now| caller.line.redial(now));
        for _ in 0..3 {
            world.run_until(secs(60), |world| *world.state(0) == State::Open);
            world.stop_server();
            world.server.welcomes = true;
            let generation = world.line(0).generation();
            world.act(0, |caller, now| caller.line.redial(now));
            assert_eq!(world.line(0).generation(), generation + 1);
            world.run_for(secs(3));
            world.continue_server(backwards);
        }
        world.run_for(secs(120));
        assert_eq!((world.state(0), world.line(0).liveness()), (&State::Open, Liveness::Alive));
    }
}

#[test]
fn the_higher_dial_stays_whichever_comes_first() {
    let mut world = rooms_world(v1(), Shell::Page);
    world.stop_server();
    world.act(0, |caller, now| caller.line.redial(now));
    world.run_for(secs(1));
    world.act(0, |caller, now| caller.line.redial(now));
    world.run_for(secs(1));
    world.continue_server(true);
    world.run_for(secs(30));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 3));
    let told_off =
        |event: &LineEvent| matches!(event, LineEvent::Ended(end) if end.cause != Cause::Redialled);
    let told_off = world.clients[0].events.iter().any(|(_, event)| told_off(event));
    assert!(!told_off, "no 4408 or 4409 was heard of");
}
