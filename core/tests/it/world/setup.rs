//! Worlds as most scenarios want them: one client, open.

use heartline_core::close::Dialect;
use heartline_core::line::{Line, LineConfig, Machine, State};
use heartline_core::time::Duration;

use super::{Caller, Echo, Rooms, Server, Shell, World};

/// Whole seconds.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A terminal program on any WebSocket server: it can ping.
pub(crate) fn native() -> LineConfig {
    LineConfig { can_ping: true, ..LineConfig::new(Dialect::Plain) }
}

/// A page on any WebSocket server: it cannot.
pub(crate) fn page() -> LineConfig {
    LineConfig::new(Dialect::Plain)
}

/// A client of `heartline.v1`.
pub(crate) fn v1() -> LineConfig {
    LineConfig::new(Dialect::V1)
}

/// One client with an open line to a plain server, its first beat answered if it has one.
pub(crate) fn echo_world(config: LineConfig, shell: Shell) -> World<Line, Echo> {
    let mut world = World::new(1, Echo::default());
    world.add(Line::new(config, 1), shell);
    world.act(0, Line::connect);
    settle(&mut world);
    world
}

/// One client with an open and welcomed line to a `heartline.v1` server.
pub(crate) fn rooms_world(config: LineConfig, shell: Shell) -> World<Caller, Rooms> {
    let mut world = World::new(1, Rooms::default());
    world.add(Caller::new(config, 1), shell);
    world.act(0, |caller, now| caller.line.connect(now));
    settle(&mut world);
    world
}

/// Long enough for a first beat and its answer, not for a second one.
fn settle<M: Machine, S: Server>(world: &mut World<M, S>) {
    world.run_for(secs(2));
    assert_eq!(*world.state(0), State::Open);
}
