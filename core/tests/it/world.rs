//! A simulated world: clients, a server, the network between them, and a clock that jumps from one event to the next.
//!
//! Everything is decided by a seed, so a scenario runs the same every time. While it runs, each client checks what
//! must always hold of a machine (see [`Client`]).

mod caller;
mod client;
mod desk;
mod echo;
mod house;
mod network;
mod packet;
mod rooms;
mod setup;
mod steps;
mod store;
mod talker;
mod town;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use heartline_core::line::{Cause, Ended, Input, Line, Machine, Signal, State};
use heartline_core::time::{Duration, Instant};

pub(crate) use caller::Caller;
pub(crate) use client::{Client, Clock, Shell, Timers};
pub(crate) use desk::Trouble;
pub(crate) use echo::{Door, Echo};
pub(crate) use network::{Flow, Path, Way};
pub(crate) use packet::{ConnectionId, Packet, Server};
pub(crate) use rooms::{Rooms, draining};
pub(crate) use setup::{echo_world, native, page, rooms_world, secs, v1};
pub(crate) use store::{Lost, Store};
pub(crate) use talker::talker;
pub(crate) use town::{Death, Town};

use network::{Connection, Segment};

/// Clients, one server, and the network between them.
pub(crate) struct World<M: Machine, S: Server> {
    pub(crate) now: Instant,
    pub(crate) epoch: Instant,
    pub(crate) server: S,
    pub(crate) clients: Vec<Client<M>>,
    connections: BTreeMap<ConnectionId, Connection>,
    arrivals: BTreeMap<(Instant, u64), Arrival>,
    arrived: u64,
    /// When clients wake; some entries are out of date.
    wakes: BTreeSet<(Instant, usize)>,
    /// What came for a stopped server.
    backlog: Option<Vec<(ConnectionId, Packet)>>,
    random: fastrand::Rng,
}

struct Arrival {
    connection: ConnectionId,
    way: Way,
    segment: Segment,
}

impl<M: Machine, S: Server> World<M, S> {
    pub(crate) fn new(seed: u64, server: S) -> Self {
        // Far enough from the clock's zero that a client may lag behind.
        let epoch = Instant::now() + Duration::from_secs(7 * 24 * 3600);
        Self {
            now: epoch,
            epoch,
            server,
            clients: Vec::new(),
            connections: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrived: 0,
            wakes: BTreeSet::new(),
            backlog: None,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Adds a client and returns its number.
    pub(crate) fn add(&mut self, machine: M, shell: Shell) -> usize {
        self.clients.push(Client::new(machine, shell, self.epoch));
        self.clients.len() - 1
    }

    /// Lets the application of client `i` do something.
    pub(crate) fn act<R>(&mut self, i: usize, verb: impl FnOnce(&mut M, Instant) -> R) -> R {
        let client = &mut self.clients[i];
        let now = client.clock(self.now);
        let result = verb(&mut client.machine, now);
        self.settle(i, VecDeque::new());
        result
    }

    /// Lets the server do something.
    pub(crate) fn serve(&mut self, verb: impl FnOnce(&mut S)) {
        verb(&mut self.server);
        self.send_from_server();
    }

    /// Tells client `i` that the world around it changed.
    pub(crate) fn signal(&mut self, i: usize, signal: Signal) {
        self.feed(i, Input::Signal(signal));
    }

    /// Puts the machine of client `i` to sleep: it hears nothing and its timers stand still until it wakes.
    pub(crate) fn sleep(&mut self, i: usize, how_long: Duration, clock: Clock) {
        self.clients[i].fall_asleep(self.now, how_long, clock);
        self.note_wake(i);
    }

    /// Changes when the timer of client `i` fires.
    pub(crate) fn throttle(&mut self, i: usize, timers: Timers) {
        self.clients[i].timers = timers;
        self.note_wake(i);
    }

    /// The network of client `i`.
    pub(crate) fn path(&mut self, i: usize) -> &mut Path {
        &mut self.clients[i].path
    }

    /// Changes how one way of the network of client `i` flows. What was held while it was frozen is delivered late.
    pub(crate) fn flow(&mut self, i: usize, way: Way, flow: Flow) {
        self.clients[i].path.set(way, flow);
        let ids: Vec<_> = self.connections.keys().copied().filter(|(client, _)| *client == i).collect();
        for id in ids {
            let held = self.connections.get_mut(&id).map(|found| found.pipe(way).thaw(flow));
            for segment in held.into_iter().flatten() {
                self.transmit(id, way, segment);
            }
        }
    }

    /// Something between cuts the present connection of client `i`: both sides see it at once.
    pub(crate) fn cut(&mut self, i: usize, how: &Ended) {
        let id = (i, self.line(i).generation());
        let packet = if *how == Ended::Eof { Packet::Fin } else { Packet::Reset };
        for way in [Way::Up, Way::Down] {
            self.schedule(id, way, self.now, Segment { bytes: 0, last: Some(packet.clone()) });
        }
    }

    /// Stops the server as SIGSTOP does: its kernel still takes what comes, and nobody reads it.
    pub(crate) fn stop_server(&mut self) {
        self.backlog.get_or_insert_default();
    }

    /// Lets a stopped server go on. With `backwards` it serves the latest connection first.
    pub(crate) fn continue_server(&mut self, backwards: bool) {
        let mut backlog = self.backlog.take().unwrap_or_default();
        if backwards {
            // The order within one connection stays.
            backlog.sort_by_key(|((_, generation), _)| std::cmp::Reverse(*generation));
        }
        for (id, packet) in backlog {
            self.server.receive(self.now, id, packet);
        }
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            self.pump_down(id);
        }
        self.send_from_server();
    }

    pub(crate) fn line(&self, i: usize) -> &Line {
        self.clients[i].machine.line()
    }

    /// What ended the latest line of client `i`.
    #[track_caller]
    pub(crate) fn cause(&self, i: usize) -> &Cause {
        &self.line(i).last_end().expect("a line has ended").cause
    }

    pub(crate) fn state(&self, i: usize) -> &State {
        self.line(i).state()
    }

    /// Lets `how_long` pass.
    pub(crate) fn run_for(&mut self, how_long: Duration) {
        let end = self.now + how_long;
        while let Some(next) = self.next_event().filter(|at| *at <= end) {
            self.step(next);
        }
        self.now = end;
    }

    /// Lets time pass until `reached` holds, and returns how long it took.
    ///
    /// # Panics
    /// If it does not come to hold within `limit`.
    #[track_caller]
    pub(crate) fn run_until(&mut self, limit: Duration, reached: impl Fn(&Self) -> bool) -> Duration {
        let start = self.now;
        while !reached(self) {
            let Some(next) = self.next_event().filter(|at| *at <= start + limit) else {
                panic!("not reached within {limit:?}; the lines are {:?}", self.states());
            };
            self.step(next);
        }
        self.now - start
    }

    fn states(&self) -> Vec<&State> {
        self.clients.iter().map(|client| client.machine.line().state()).collect()
    }
}
