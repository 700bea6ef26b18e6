//! When to dial again: spread out, ever more slowly, and soon again once a line was stable.

use heartline_core::close::code;
use heartline_core::line::{Line, State, Transmit};
use heartline_core::policy::Policy;
use heartline_core::time::{Duration, Instant};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    Caller, Door, Echo, Rooms, Shell, World, draining, echo_world, native, page, rooms_world, secs, v1,
};

const HERD: u64 = 1000;

#[test]
fn a_thousand_clients_thrown_off_together_spread_over_the_whole_window() {
    let mut world = herd();
    world.serve(Rooms::die);
    world.run_until(secs(5), |world| {
        (0..HERD as usize).all(|i| !matches!(world.state(i), State::Open | State::Suspect))
    });
    let base = Policy::default().reconnect().base();
    assert_even(&first_dials(&world), base);
}

#[test]
fn a_thousand_clients_of_a_server_that_stays_away_spread_over_the_longest_window() {
    let mut world = herd();
    world.serve(Rooms::die);
    // Long enough that every wait is drawn from the cap.
    world.run_for(secs(180));
    let cap = Policy::default().reconnect().cap();
    let start = world.now;
    world.run_for(secs(60));
    let mut dials: Vec<_> =
        world.server.dials.iter().filter(|at| **at >= start).map(|at| *at - start).collect();
    dials.sort_unstable();
    let per_second: Vec<_> =
        (0..60).map(|second| dials.iter().filter(|at| at.as_secs() == second).count()).collect();
    // A thousand clients that wait ten seconds on average.
    let expected = HERD as f64 / (cap.as_secs_f64() / 2.0);
    let busiest = *per_second.iter().max().unwrap() as f64;
    assert!(busiest < expected * 1.6, "{per_second:?}");
}

#[test]
fn a_thousand_clients_of_a_draining_server_spread_over_what_it_said() {
    let mut world = herd();
    world.serve(|server| server.tell(&draining(secs(30))));
    world.run_for(secs(1));
    world.serve(|server| server.close(code::DRAINING));
    world.run_for(secs(1));
    assert_even(&first_dials(&world), secs(30));
    world.run_for(secs(60));
    assert_eq!(world.server.guests() as u64, HERD, "all are back");
}

#[test]
fn waits_grow_up_to_the_cap_and_no_further() {
    let mut longest = vec![Duration::ZERO; 12];
    for seed in 0..100 {
        let mut world = World::new(seed, Echo::behind(Door::Shut));
        world.add(Line::new(page(), seed), Shell::Page);
        world.act(0, Line::connect);
        world.run_for(secs(600));
        for (n, pair) in world.clients[0].dials().windows(2).take(longest.len()).enumerate() {
            longest[n] = longest[n].max(pair[1] - pair[0]);
        }
    }
    let reconnect = Policy::default().reconnect().clone();
    let network = Duration::from_millis(100);
    for (n, longest) in longest.into_iter().enumerate() {
        let ceiling = (reconnect.base() * 2_u32.pow(n as u32)).min(reconnect.cap());
        assert!(longest <= ceiling + network, "{longest:?} after failure {n}");
        assert!(
            longest >= ceiling.mul_f64(0.8),
            "full jitter uses the whole window: {longest:?} of {ceiling:?}"
        );
    }
}

#[test]
fn a_server_that_accepts_and_drops_is_not_dialled_in_a_busy_loop() {
    let mut world = echo_world(native(), Shell::Native);
    let start = world.now;
    while world.now - start < secs(600) {
        world.serve(Echo::die);
        world.run_for(Duration::from_millis(100));
    }
    // Ten seconds on average, once the waits have grown.
    assert!(world.server.dials.len() < 120, "{} dials in ten minutes", world.server.dials.len());
}

#[test]
fn a_server_that_never_welcomes_is_not_dialled_in_a_busy_loop() {
    let mut world = rooms_world(v1(), Shell::Page);
    world.server.welcomes = false;
    world.act(0, |caller, now| caller.line.redial(now));
    world.run_for(secs(600));
    let dials = world.server.dials.len();
    // Each dial waits ten seconds for its welcome, and then ten more on average.
    assert!((20..45).contains(&dials), "{dials} dials in ten minutes");
}

#[test]
fn the_counter_resets_only_after_the_line_was_stable() {
    let stable_after = Policy::default().reconnect().stable_after();
    for (lived, forgets) in [(stable_after / 2, false), (stable_after + secs(1), true)] {
        assert_eq!(next_wait_is_short(lived, |_| {}), forgets, "after {lived:?}");
    }
}

#[test]
fn a_late_timer_does_not_hide_that_the_line_was_stable() {
    let stopped = |world: &mut World<Line, Echo>| {
        world.throttle(0, crate::world::Timers::Stopped);
    };
    assert!(next_wait_is_short(secs(50), stopped));
}

#[test]
fn a_dial_that_hangs_is_given_up_in_time() {
    let mut world = World::new(1, Echo::behind(Door::Mute));
    world.add(Line::new(page(), 1), Shell::Page);
    world.act(0, Line::connect);
    let took = world.run_until(secs(60), |world| matches!(world.state(0), State::Waiting { .. }));
    assert_eq!(took, Policy::default().reconnect().dial_timeout());
    let last = world.clients[0].transmits.last().map(|(_, transmit)| transmit.clone());
    assert_eq!(last, Some(Transmit::Abandon { generation: 1 }));
}

/// Whether no client of many waits long after a line that lived this long, having failed many times before.
fn next_wait_is_short(lived: Duration, before_living: impl Fn(&mut World<Line, Echo>)) -> bool {
    let base = Policy::default().reconnect().base();
    (0..20).all(|seed| {
        let mut world = World::new(seed, Echo::behind(Door::Shut));
        world.add(Line::new(page(), seed), Shell::Page);
        world.act(0, Line::connect);
        world.run_for(secs(120));
        world.server.door = Door::Open;
        world.run_until(secs(60), |world| *world.state(0) == State::Open);
        before_living(&mut world);
        world.run_for(lived);
        world.serve(|server| server.close(1012));
        world.run_until(secs(1), |world| matches!(world.state(0), State::Waiting { .. }));
        world.line(0).next_dial().unwrap() - world.now <= base
    })
}

/// A thousand clients, all open.
fn herd() -> World<Caller, Rooms> {
    let mut world = World::new(1, Rooms::default());
    for seed in 0..HERD {
        let i = world.add(Caller::new(v1(), seed), Shell::Page);
        world.act(i, |caller, now| caller.line.connect(now));
    }
    world.run_for(secs(12));
    assert!((0..HERD as usize).all(|i| *world.state(i) == State::Open));
    world
}

/// How long after its end each client dials.
fn first_dials(world: &World<Caller, Rooms>) -> Vec<Duration> {
    let dial = |i: usize| {
        let line = world.line(i);
        let at: Instant = line.next_dial().unwrap_or_else(|| *world.clients[i].dials().last().unwrap());
        at.saturating_duration_since(line.last_end().unwrap().at)
    };
    (0..HERD as usize).map(dial).collect()
}

/// Each tenth of the window gets about a tenth of the dials.
fn assert_even(waits: &[Duration], window: Duration) {
    let mut tenths = [0; 10];
    for wait in waits {
        assert!(*wait <= window, "{wait:?} is longer than {window:?}");
        let tenth = (wait.as_secs_f64() / window.as_secs_f64() * 10.0) as usize;
        tenths[tenth.min(9)] += 1;
    }
    let fair = waits.len() / 10;
    assert!(tenths.iter().all(|count| (fair * 6 / 10..=fair * 14 / 10).contains(count)), "{tenths:?}");
}
