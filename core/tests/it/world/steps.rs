//! How the world goes on from one moment to the next.

use std::collections::VecDeque;

use heartline_core::line::{Input, Machine, Transmit};
use heartline_core::time::Instant;

use super::network::{Connection, Segment};
use super::{Arrival, ConnectionId, Packet, Server, Way, World};

impl<M: Machine, S: Server> World<M, S> {
    /// The next moment at which anything happens.
    pub(super) fn next_event(&mut self) -> Option<Instant> {
        let arrival = self.arrivals.keys().next().map(|(at, _)| *at);
        let server = self.server.next_tick().filter(|_| self.backlog.is_none());
        let client = self.next_to_wake().map(|(at, _)| at);
        [arrival, server, client].into_iter().flatten().min().map(|at| at.max(self.now))
    }

    /// Notes when client `i` wakes next. Asking a thousand clients at every step would take minutes.
    pub(super) fn note_wake(&mut self, i: usize) {
        self.wakes.extend(self.clients[i].next_wake().map(|at| (at, i)));
    }

    /// The client that wakes first, and when.
    fn next_to_wake(&mut self) -> Option<(Instant, usize)> {
        while let Some((at, i)) = self.wakes.first().copied() {
            if self.clients[i].next_wake() == Some(at) {
                return Some((at, i));
            }
            // It has changed its mind since, and that was noted too.
            self.wakes.pop_first();
        }
        None
    }

    /// Jumps to `at` and lets happen what is due: what arrives comes before what only time brings.
    pub(super) fn step(&mut self, at: Instant) {
        self.now = at;
        while let Some(entry) = self.arrivals.first_entry().filter(|entry| entry.key().0 <= at) {
            let arrival = entry.remove();
            self.arrive(arrival);
        }
        if self.backlog.is_none() && self.server.next_tick().is_some_and(|due| due <= at) {
            self.server.tick(at);
            self.send_from_server();
        }
        while let Some((_, i)) = self.next_to_wake().filter(|(due, _)| *due <= at) {
            let input = self.clients[i].wake(at);
            self.feed(i, input);
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let Arrival { connection: id, way, segment } = arrival;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.pipe(way).acknowledge(segment.bytes);
        }
        match way {
            Way::Up => {
                if let Some(packet) = segment.last {
                    match &mut self.backlog {
                        Some(backlog) => backlog.push((id, packet)),
                        None => self.server.receive(self.now, id, packet),
                    }
                    self.send_from_server();
                }
                self.settle(id.0, VecDeque::new());
            }
            Way::Down => {
                let client = &mut self.clients[id.0];
                if let Some(later) = client.not_before(self.now) {
                    return self.schedule(id, way, later, segment);
                }
                for input in client.hear(id.1, segment) {
                    self.feed(id.0, input);
                }
                self.pump_down(id);
                self.send_from_server();
            }
        }
    }

    /// Sends what the server has to say.
    pub(super) fn send_from_server(&mut self) {
        while let Some((id, packet)) = self.server.poll_send() {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.pipe(Way::Down).push(packet);
                self.pump_down(id);
            }
        }
    }

    /// Moves what the server's kernel has room for, and tells the server, if it runs.
    pub(super) fn pump_down(&mut self, id: ConnectionId) {
        self.pump(id, Way::Down);
        if self.backlog.is_none()
            && let Some(messages) =
                self.connections.get_mut(&id).and_then(|found| found.pipe(Way::Down).taken())
        {
            self.server.taken(self.now, id, messages);
        }
    }

    pub(super) fn feed(&mut self, i: usize, input: Input) {
        self.settle(i, VecDeque::from([input]));
    }

    /// Hands inputs to client `i` and does what it says, until there is nothing more to do.
    pub(super) fn settle(&mut self, i: usize, mut inputs: VecDeque<Input>) {
        loop {
            let now = self.now;
            let client = &mut self.clients[i];
            if let Some(input) = inputs.pop_front() {
                let at = client.clock(now);
                client.machine.handle(at, input);
            }
            for transmit in client.drain(now) {
                self.obey(i, transmit);
            }
            for generation in self.clients[i].sockets() {
                let id = (i, generation);
                self.pump(id, Way::Up);
                let taken = self.connections.get_mut(&id).and_then(|found| found.pipe(Way::Up).taken());
                if let Some(messages) = taken {
                    inputs.push_back(Input::Written { generation, messages });
                }
            }
            if inputs.is_empty() {
                self.clients[i].check_timer(now);
                return self.note_wake(i);
            }
        }
    }

    fn obey(&mut self, i: usize, transmit: Transmit) {
        let (generation, packet) = match transmit {
            Transmit::Dial { generation } => {
                self.connections.insert((i, generation), Connection::new(self.now));
                (generation, Packet::Dial)
            }
            Transmit::Send { generation, message } => (generation, Packet::Message(message)),
            Transmit::Ping { generation, payload } => (generation, Packet::Ping(payload)),
            Transmit::Close { generation, code, reason } => (generation, Packet::Close { code, reason }),
            Transmit::Abandon { generation } => {
                self.clients[i].forget(generation);
                if self.clients[i].haunted {
                    return;
                }
                if let Some(connection) = self.connections.get_mut(&(i, generation)) {
                    connection.pipe(Way::Up).hang_up();
                }
                (generation, Packet::Fin)
            }
        };
        if let Some(connection) = self.connections.get_mut(&(i, generation)) {
            connection.pipe(Way::Up).push(packet);
        }
        self.pump((i, generation), Way::Up);
    }

    /// Moves what fits into the kernel and on to the wire.
    fn pump(&mut self, id: ConnectionId, way: Way) {
        let capacity = match way {
            Way::Up => self.clients[id.0].path.kernel,
            Way::Down => self.clients[id.0].path.server_kernel,
        };
        let take = |world: &mut Self| world.connections.get_mut(&id)?.pipe(way).take(capacity);
        while let Some(segment) = take(self) {
            self.transmit(id, way, segment);
        }
    }

    pub(super) fn transmit(&mut self, id: ConnectionId, way: Way, segment: Segment) {
        let path = &self.clients[id.0].path;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let jitter = path.jitter.mul_f64(self.random.f64());
        if let Some((at, segment)) = connection.pipe(way).send(self.now, path, way, jitter, segment) {
            self.schedule(id, way, at, segment);
        }
    }

    pub(super) fn schedule(&mut self, connection: ConnectionId, way: Way, at: Instant, segment: Segment) {
        self.arrived += 1;
        self.arrivals.insert((at, self.arrived), Arrival { connection, way, segment });
    }
}
