//! Slow is not dead: large messages on thin links, and peers that read slowly.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{Cause, LineEvent, Message, State};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Shell, echo_world, native, secs};

#[test]
fn one_large_message_on_a_slow_link_is_not_silence() {
    let mut world = echo_world(native(), Shell::Native);
    // Five minutes for one message; pongs wait behind it.
    world.path(0).bandwidth = Some(4096);
    let large = Message::Binary(vec![7; 300 * 4096]);
    world.serve(|server| server.say(&large));
    let is_whole = |event: &LineEvent| matches!(event, LineEvent::Message(_));
    let took =
        world.run_until(secs(600), |world| world.clients[0].events.iter().any(|(_, event)| is_whole(event)));
    assert!(took >= secs(300), "{took:?}");
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
    assert_eq!(world.line(0).liveness(), Liveness::Alive);
}

#[test]
fn a_peer_that_reads_slowly_is_not_dead_while_the_kernel_takes_bytes() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.echoes = false;
    // Two seconds for each message; the beat waits behind all of them, far longer than the grace.
    world.path(0).bandwidth = Some(16 * 1024);
    world.path(0).kernel = 32 * 1024;
    // Shortly before the next beat.
    world.run_for(secs(20));
    for _ in 0..12 {
        world.act(0, |line, now| line.send(now, Message::Binary(vec![7; 32 * 1024]))).unwrap();
    }
    world.run_for(secs(120));
    assert_eq!((world.state(0), world.line(0).generation()), (&State::Open, 1));
    assert_eq!(world.server.heard.len(), 12);
}

#[test]
fn a_peer_that_reads_slowly_for_longer_than_the_write_stall_is_given_up() {
    let mut world = echo_world(native(), Shell::Native);
    world.server.echoes = false;
    world.path(0).bandwidth = Some(4 * 1024);
    world.path(0).kernel = 32 * 1024;
    for _ in 0..12 {
        world.act(0, |line, now| line.send(now, Message::Binary(vec![7; 64 * 1024]))).unwrap();
    }
    let took = world.run_until(secs(120), |world| world.line(0).last_end().is_some());
    let policy = world.line(0).config().policy.heartbeat().clone();
    assert!(matches!(world.cause(0), Cause::HeartbeatLost { .. }));
    assert!(took >= policy.write_stall(), "it had all its time: {took:?}");
    assert!(took <= policy.interval() + policy.write_stall() + policy.probe(), "{took:?}");
}
