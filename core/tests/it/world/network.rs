//! The network of one client, and what its connections have in it.
//!
//! A connection is two pipes, each in order like TCP: what follows a lost segment never arrives either.

use std::collections::VecDeque;

use heartline_core::time::{Duration, Instant};

use super::Packet;

/// What fits into one segment, so that a large message is many arrivals and only the last one makes it whole.
const SEGMENT: usize = 16 * 1024;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What happens to segments that set out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// They arrive.
    Moving,
    /// They vanish, and with them everything behind them on their connection.
    Lost,
    /// They wait somewhere until it flows again.
    Frozen,
}

/// The network of one client.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// One way.
    pub(crate) latency: Duration,
    /// Up to this much more, drawn for each segment.
    pub(crate) jitter: Duration,
    /// Bytes per second, each way; `None` for more than anybody uses.
    pub(crate) bandwidth: Option<u32>,
    /// Bytes the kernel of the client takes before the far one acknowledged any.
    pub(crate) kernel: usize,
    /// The same for the kernel of the server. Without a bound a server never notices a slow reader.
    pub(crate) server_kernel: usize,
    up: Flow,
    down: Flow,
}

impl Default for Path {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(20),
            jitter: Duration::from_millis(5),
            bandwidth: None,
            kernel: 256 * 1024,
            server_kernel: usize::MAX,
            up: Flow::Moving,
            down: Flow::Moving,
        }
    }
}

impl Path {
    pub(super) fn set(&mut self, way: Way, flow: Flow) {
        match way {
            Way::Up => self.up = flow,
            Way::Down => self.down = flow,
        }
    }

    fn flow(&self, way: Way) -> Flow {
        match way {
            Way::Up => self.up,
            Way::Down => self.down,
        }
    }
}

/// A piece of a packet; the last one brings it.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) bytes: usize,
    pub(super) last: Option<Packet>,
}

/// Both directions of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    up: Pipe,
    down: Pipe,
}

impl Connection {
    pub(super) fn new(now: Instant) -> Self {
        Self { up: Pipe::new(now), down: Pipe::new(now) }
    }

    pub(super) fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Pipe {
    /// In the program, not yet taken by the kernel.
    queue: VecDeque<Segment>,
    /// Taken by the kernel, not acknowledged.
    in_kernel: usize,
    taken_messages: usize,
    taken_any: bool,
    /// When the wire is free for the next segment.
    free_at: Instant,
    /// When the latest segment arrives; none overtakes it.
    last_arrival: Instant,
    torn: bool,
    held: Vec<Segment>,
}

impl Pipe {
    fn new(now: Instant) -> Self {
        Self {
            queue: VecDeque::new(),
            in_kernel: 0,
            taken_messages: 0,
            taken_any: false,
            free_at: now,
            last_arrival: now,
            torn: false,
            held: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        let mut left = packet.bytes();
        while left > SEGMENT {
            self.queue.push_back(Segment { bytes: SEGMENT, last: None });
            left -= SEGMENT;
        }
        self.queue.push_back(Segment { bytes: left, last: Some(packet) });
    }

    /// Forgets what the kernel has not taken.
    pub(super) fn hang_up(&mut self) {
        self.queue.clear();
    }

    /// The next segment the kernel takes, if it has room for it.
    pub(super) fn take(&mut self, capacity: usize) -> Option<Segment> {
        let bytes = self.queue.front()?.bytes;
        if self.in_kernel > 0 && self.in_kernel.saturating_add(bytes) > capacity {
            return None;
        }
        let segment = self.queue.pop_front()?;
        self.in_kernel += bytes;
        self.taken_any = true;
        self.taken_messages += usize::from(matches!(segment.last, Some(Packet::Message(_))));
        Some(segment)
    }

    /// How many whole messages the kernel took since the last call, if it took anything.
    pub(super) fn taken(&mut self) -> Option<usize> {
        std::mem::take(&mut self.taken_any).then(|| std::mem::take(&mut self.taken_messages))
    }

    pub(super) fn acknowledge(&mut self, bytes: usize) {
        self.in_kernel = self.in_kernel.saturating_sub(bytes);
    }

    /// Sets a segment on its way: when it arrives, if it does.
    pub(super) fn send(
        &mut self,
        now: Instant,
        path: &Path,
        way: Way,
        jitter: Duration,
        segment: Segment,
    ) -> Option<(Instant, Segment)> {
        if self.torn {
            return None;
        }
        match path.flow(way) {
            Flow::Lost => {
                self.torn = true;
                None
            }
            Flow::Frozen => {
                self.held.push(segment);
                None
            }
            Flow::Moving => {
                let takes =
                    path.bandwidth.map_or(0.0, |bandwidth| segment.bytes as f64 / f64::from(bandwidth));
                self.free_at = self.free_at.max(now) + Duration::from_secs_f64(takes);
                self.last_arrival = self.last_arrival.max(self.free_at + path.latency + jitter);
                Some((self.last_arrival, segment))
            }
        }
    }

    /// What was held, if it flows again.
    pub(super) fn thaw(&mut self, flow: Flow) -> Vec<Segment> {
        match flow {
            Flow::Moving => std::mem::take(&mut self.held),
            Flow::Lost => {
                self.torn |= !self.held.is_empty();
                self.held.clear();
                Vec::new()
            }
            Flow::Frozen => Vec::new(),
        }
    }
}
