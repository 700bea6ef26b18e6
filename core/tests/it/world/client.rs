//! One client: a machine, the sockets of its shell, and its clock.

use heartline_core::line::{Ended, Input, Machine, Signal, Transmit};
use heartline_core::time::{Duration, Instant};

use super::Packet;
use super::network::{Path, Segment};

/// More than this much output from one input, or inputs at one moment, is a machine that never comes to rest.
const RESTLESS: usize = 10_000;

/// How long the network needs until a machine that woke hears something.
const AFTER_WAKING: Duration = Duration::from_millis(300);

/// Which kind of shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// Sees bytes below the frames, pongs, HTTP answers and how a stream ended.
    Native,
    /// Sees whole messages and close codes, as a browser's page does.
    Page,
}

/// When a client's timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timers {
    /// When it is due.
    Prompt,
    /// Only at whole minutes, as in a page that was hidden for a while.
    OnceAMinute,
    /// Not at all, as in a frozen page.
    Stopped,
}

/// What the monotonic clock does while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// It goes on: the timer is very late.
    Moves,
    /// It stands still: nothing is late, but the shell sees that the wall clock jumped.
    StandsStill,
}

/// One client.
///
/// At every step it checks: the polls drain; nothing is said on an old generation except `Abandon`; generations rise;
/// and once `Timeout` was handled the timer does not lie in the past.
pub(crate) struct Client<M: Machine> {
    pub(crate) machine: M,
    pub(crate) path: Path,
    /// Sockets the machine dropped stay open and go on talking to it.
    pub(crate) haunted: bool,
    /// Sockets never report an end.
    pub(crate) tight_lipped: bool,
    /// Everything the machine told its application, with the world's time.
    pub(crate) events: Vec<(Instant, M::Event)>,
    /// Everything the machine told its shell to do.
    pub(crate) transmits: Vec<(Instant, Transmit)>,
    pub(super) timers: Timers,
    shell: Shell,
    sockets: Vec<Socket>,
    /// How far this clock is behind the world's.
    lag: Duration,
    asleep: Option<Sleep>,
    /// The machine was told that time has passed, and not yet drained.
    just_timed_out: bool,
    /// The latest time-out and how many there were at that moment.
    timeouts: (Instant, usize),
    epoch: Instant,
}

struct Sleep {
    since: Instant,
    until: Instant,
    clock: Clock,
}

struct Socket {
    generation: u64,
    opened: bool,
    /// The machine asked to close it: it goes on listening, but says nothing more.
    closing: bool,
    /// Nothing can be sent on it any more.
    over: bool,
    dropped: bool,
}

impl<M: Machine> Client<M> {
    pub(super) fn new(machine: M, shell: Shell, epoch: Instant) -> Self {
        Self {
            machine,
            path: Path::default(),
            timers: Timers::Prompt,
            haunted: false,
            tight_lipped: false,
            events: Vec::new(),
            transmits: Vec::new(),
            shell,
            sockets: Vec::new(),
            lag: Duration::ZERO,
            asleep: None,
            just_timed_out: false,
            timeouts: (epoch, 0),
            epoch,
        }
    }

    /// What this client's clock shows.
    pub(crate) fn clock(&self, now: Instant) -> Instant {
        now - self.lag
    }

    /// When it dialled, so far.
    pub(crate) fn dials(&self) -> Vec<Instant> {
        let dial =
            |(at, transmit): &(Instant, Transmit)| matches!(transmit, Transmit::Dial { .. }).then_some(*at);
        self.transmits.iter().filter_map(dial).collect()
    }

    pub(super) fn fall_asleep(&mut self, now: Instant, how_long: Duration, clock: Clock) {
        self.asleep = Some(Sleep { since: now, until: now + how_long, clock });
    }

    /// If it sleeps: when it can hear something.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        self.asleep.as_ref().map(|sleep| sleep.until.max(now) + AFTER_WAKING)
    }

    /// When its timer fires or it wakes from sleep.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        if let Some(sleep) = &self.asleep {
            return Some(sleep.until);
        }
        let due = self.machine.poll_timeout()?.0 + self.lag;
        match self.timers {
            Timers::Prompt => Some(due),
            Timers::OnceAMinute => Some(self.next_minute(due)),
            Timers::Stopped => None,
        }
    }

    /// It woke, or its timer fired: what it has to tell its machine.
    pub(super) fn wake(&mut self, now: Instant) -> Input {
        if let Some(sleep) = self.asleep.take()
            && sleep.clock == Clock::StandsStill
        {
            self.lag += sleep.until - sleep.since;
            return Input::Signal(Signal::Resumed);
        }
        self.timeouts = if self.timeouts.0 == now { (now, self.timeouts.1 + 1) } else { (now, 0) };
        assert!(self.timeouts.1 < RESTLESS, "the timer fires again and again: {:?}", self.machine.line());
        self.just_timed_out = true;
        Input::Timeout
    }

    /// What the shell makes of a segment.
    pub(super) fn hear(&mut self, generation: u64, segment: Segment) -> Vec<Input> {
        let (shell, haunted, tight_lipped) = (self.shell, self.haunted, self.tight_lipped);
        let Some(socket) = self.sockets.iter_mut().find(|socket| socket.generation == generation) else {
            return Vec::new();
        };
        if socket.dropped && !haunted {
            return Vec::new();
        }
        let mut inputs = Vec::new();
        if shell == Shell::Native && segment.bytes > 0 {
            inputs.push(Input::Bytes { generation });
        }
        let is_end = |packet: &Packet| {
            matches!(packet, Packet::Close { .. } | Packet::Refuse { .. } | Packet::Fin | Packet::Reset)
        };
        let Some(packet) = segment.last.filter(|packet| !(tight_lipped && is_end(packet))) else {
            return inputs;
        };
        socket.over |= is_end(&packet);
        let opened = socket.opened;
        let ended = |native: Ended| match shell {
            Shell::Native => Input::Closed { generation, ended: native },
            Shell::Page => {
                Input::Closed { generation, ended: Ended::Code { code: 1006, reason: String::new() } }
            }
        };
        inputs.push(match packet {
            Packet::Accept { subprotocol } => {
                socket.opened = true;
                Input::Opened { generation, subprotocol }
            }
            Packet::Message(message) => Input::Message { generation, message },
            Packet::Pong(payload) if shell == Shell::Native => Input::Pong { generation, payload },
            // A page sees neither; and no server here pings by frames.
            Packet::Pong(_) | Packet::Ping(_) | Packet::Dial => return inputs,
            Packet::Close { code, reason } => {
                Input::Closed { generation, ended: Ended::Code { code, reason } }
            }
            Packet::Refuse { status, retry_after } => {
                ended(Ended::Refused { status, retry_after, why: format!("the server answered {status}") })
            }
            Packet::Fin => ended(Ended::Eof),
            Packet::Reset if opened => ended(Ended::Reset { why: "reset by peer".to_owned() }),
            Packet::Reset => ended(Ended::DialFailed { why: "connection refused".to_owned(), retry: true }),
        });
        inputs
    }

    /// Drains both polls to `None`, noting everything.
    pub(super) fn drain(&mut self, now: Instant) -> Vec<Transmit> {
        let mut drained = Vec::new();
        for _ in 0..RESTLESS {
            let transmit = self.machine.poll_transmit();
            let event = self.machine.poll_event();
            if transmit.is_none() && event.is_none() {
                return drained;
            }
            self.events.extend(event.map(|event| (now, event)));
            if let Some(transmit) = transmit {
                self.check(&transmit);
                self.transmits.push((now, transmit.clone()));
                drained.push(transmit);
            }
        }
        panic!("the polls do not drain: {:?}", self.machine.line());
    }

    /// The generations whose sockets are there.
    pub(super) fn sockets(&self) -> Vec<u64> {
        self.sockets
            .iter()
            .filter(|socket| !socket.dropped && !socket.over)
            .map(|socket| socket.generation)
            .collect()
    }

    /// The machine dropped a socket.
    pub(super) fn forget(&mut self, generation: u64) {
        for socket in self.sockets.iter_mut().filter(|socket| socket.generation == generation) {
            socket.dropped = true;
        }
    }

    /// Once time was handled, the next moment of interest is not in the past.
    pub(super) fn check_timer(&mut self, now: Instant) {
        let now = self.clock(now);
        if std::mem::take(&mut self.just_timed_out)
            && let Some((at, timer)) = self.machine.poll_timeout()
        {
            assert!(at >= now, "{timer:?} lies {:?} in the past: {:?}", now - at, self.machine.line());
        }
    }

    fn check(&mut self, transmit: &Transmit) {
        let newest = self.sockets.last().map_or(0, |socket| socket.generation);
        match transmit {
            Transmit::Dial { generation } => {
                assert!(*generation > newest, "generation {generation} after {newest}");
                let generation = *generation;
                self.sockets.push(Socket {
                    generation,
                    opened: false,
                    closing: false,
                    over: false,
                    dropped: false,
                });
            }
            Transmit::Abandon { generation } => assert!(*generation <= newest),
            Transmit::Send { generation, .. }
            | Transmit::Ping { generation, .. }
            | Transmit::Close { generation, .. } => {
                let socket = self.sockets.last_mut().filter(|socket| !socket.closing && !socket.dropped);
                let Some(socket) = socket.filter(|socket| socket.generation == *generation) else {
                    panic!("said on an old line: {transmit:?}");
                };
                socket.closing = matches!(transmit, Transmit::Close { .. });
            }
        }
    }

    /// The next whole minute from `due` on that was not used yet.
    fn next_minute(&self, due: Instant) -> Instant {
        let minutes = |at: Instant| (at - self.epoch).as_secs_f64() / 60.0;
        let used = minutes(self.timeouts.0).floor();
        let next = minutes(due).ceil().max(used + 1.0);
        self.epoch + Duration::from_secs(60).mul_f64(next)
    }
}
