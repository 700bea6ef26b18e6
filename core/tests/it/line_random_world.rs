//! A line in a world that goes wrong at random, and then heals: it must come to be open and alive again.

use heartline_core::heartbeat::Liveness;
use heartline_core::line::{Machine, Signal, State};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;
use crate::world::{
    Caller, Clock, Door, Echo, Flow, Rooms, Server, Shell, Timers, Way, World, echo_world, native,
    rooms_world, secs, v1,
};

/// The longest a healed world may take: to find the line dead, and to wait for the next dial, which may itself hang.
const HEALED: u64 = 40 + 20 + 10 + 20;

#[test]
fn a_v1_line_is_alive_again_once_the_world_has_healed() {
    try_worlds(|faults, seed| {
        let mut world = rooms_world(v1(), if seed % 2 == 0 { Shell::Page } else { Shell::Native });
        for fault in faults {
            go_wrong(
                &mut world,
                fault,
                |server: &mut Rooms, up| {
                    if up { server.listening = true } else { server.die() }
                },
            );
        }
        heal(&mut world);
        world.server.listening = true;
        world.run_for(secs(HEALED));
        assert!(is_well(&world), "{:?}", world.line(0));
    });
}

#[test]
fn a_line_with_ping_frames_is_open_again_once_the_world_has_healed() {
    try_worlds(|faults, _| {
        let mut world = echo_world(native(), Shell::Native);
        for fault in faults {
            go_wrong(&mut world, fault, |server: &mut Echo, up| {
                server.door = if up { Door::Open } else { Door::Shut };
                server.die();
            });
        }
        heal(&mut world);
        world.server.door = Door::Open;
        // A line that died before it proved anything is left alone: its silence means nothing.
        let unknown = |world: &World<_, _>| world.line(0).liveness() == Liveness::Unknown;
        world.run_for(secs(HEALED));
        assert!(is_well(&world) || unknown(&world) && *world.state(0) == State::Open, "{:?}", world.line(0));
    });
}

/// One thing that goes wrong, or gets better for a while.
#[derive(Clone, Debug)]
enum Fault {
    Pass(u64),
    Flow(Way, Flow),
    Cut,
    ServerUp(bool),
    ServerStops(bool),
    Sleep(u64, Clock),
    Hidden(bool),
    Online,
    Redial,
}

fn try_worlds(scenario: impl Fn(&[Fault], u64)) {
    let mut runner = proptest::test_runner::TestRunner::new(fixed(500));
    let cases = (proptest::collection::vec(fault(), 1..25), any::<u64>());
    runner
        .run(&cases, |(faults, seed)| {
            scenario(&faults, seed);
            Ok(())
        })
        .unwrap();
}

fn fault() -> impl Strategy<Value = Fault> {
    let way = prop::sample::select(vec![Way::Up, Way::Down]);
    let flow = prop::sample::select(vec![Flow::Moving, Flow::Lost, Flow::Frozen]);
    let clock = prop::sample::select(vec![Clock::Moves, Clock::StandsStill]);
    prop_oneof![
        4 => prop_oneof![0..5_u64, 0..100_u64].prop_map(Fault::Pass),
        3 => (way, flow).prop_map(|(way, flow)| Fault::Flow(way, flow)),
        1 => Just(Fault::Cut),
        1 => any::<bool>().prop_map(Fault::ServerUp),
        1 => any::<bool>().prop_map(Fault::ServerStops),
        1 => (1..4000_u64, clock).prop_map(|(seconds, clock)| Fault::Sleep(seconds, clock)),
        2 => any::<bool>().prop_map(Fault::Hidden),
        1 => Just(Fault::Online),
        1 => Just(Fault::Redial),
    ]
}

fn go_wrong<M: Machine + Redial, S: Server>(
    world: &mut World<M, S>,
    fault: &Fault,
    server_up: impl Fn(&mut S, bool),
) {
    match fault {
        Fault::Pass(seconds) => world.run_for(secs(*seconds)),
        Fault::Flow(way, flow) => world.flow(0, *way, *flow),
        Fault::Cut => world.cut(0, &heartline_core::line::Ended::Eof),
        Fault::ServerUp(up) => world.serve(|server| server_up(server, *up)),
        Fault::ServerStops(true) => world.stop_server(),
        Fault::ServerStops(false) => world.continue_server(true),
        Fault::Sleep(seconds, clock) => {
            world.sleep(0, secs(*seconds), *clock);
            world.run_for(secs(*seconds));
        }
        Fault::Hidden(true) => {
            world.throttle(0, Timers::OnceAMinute);
            world.signal(0, Signal::Hidden);
        }
        Fault::Hidden(false) => {
            world.throttle(0, Timers::Prompt);
            world.signal(0, Signal::Visible);
        }
        Fault::Online => world.signal(0, Signal::Online),
        Fault::Redial => world.act(0, |machine, now| machine.redial(now)),
    }
}

fn heal<M: Machine + Redial, S: Server>(world: &mut World<M, S>) {
    world.continue_server(false);
    for way in [Way::Up, Way::Down] {
        world.flow(0, way, Flow::Moving);
    }
    go_wrong(world, &Fault::Hidden(false), |_, _| {});
}

fn is_well<M: Machine, S: Server>(world: &World<M, S>) -> bool {
    *world.state(0) == State::Open && world.line(0).liveness() == Liveness::Alive
}

/// What both kinds of client can do.
trait Redial {
    fn redial(&mut self, now: heartline_core::time::Instant);
}

impl Redial for heartline_core::line::Line {
    fn redial(&mut self, now: heartline_core::time::Instant) {
        Self::redial(self, now);
    }
}

impl Redial for Caller {
    fn redial(&mut self, now: heartline_core::time::Instant) {
        self.line.redial(now);
    }
}
