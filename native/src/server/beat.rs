//! The heartbeat of a plain line: the core's machine, fed from byte counters.
//!
//! Nothing is noted per message. At each tick the bytes that moved so far are compared with those at the tick before, and
//! the machine is told of them before it is told of the time.

use heartline_core::heartbeat::{Action, Heartbeat};
use heartline_core::policy::HeartbeatPolicy;
use tokio::time::Instant;

/// What a tick asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing; come again at [`Beat::next_tick`].
    Wait,
    /// Send a ping.
    Ping,
    /// The line is dead.
    GiveUp(Lost),
}

/// How a line died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Neither the ping nor the probe brought a byte.
    Silent,
    /// The peer took no byte for the whole `write_stall`.
    Stalled,
}

/// What has moved on the line so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Bytes from the peer.
    pub received: u64,
    /// Bytes its kernel took.
    pub sent: u64,
    /// Whether bytes for it wait here. Then it is not read either, and what it takes is the only sign it can give.
    pub blocked: bool,
}

/// The heartbeat of one line.
#[derive(Debug)]
pub struct Beat {
    heartbeat: Heartbeat,
    received: u64,
    stall: Option<Stall>,
    next_tick: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Stall {
    since: Instant,
    sent: u64,
}

impl Beat {
    /// `jitter` in `0.0..1.0` spreads the first pings of lines that came together.
    pub fn new(now: Instant, policy: &HeartbeatPolicy, jitter: f64) -> Self {
        let heartbeat = Heartbeat::driver(policy.clone(), now.into_std(), jitter, true);
        Self { next_tick: next(&heartbeat, now), heartbeat, received: 0, stall: None }
    }

    /// When [`Beat::tick`] wants to be called.
    pub fn next_tick(&self) -> Instant {
        self.next_tick
    }

    /// Lets time pass. Harmless when early, and no verdict falls because it is late.
    pub fn tick(&mut self, now: Instant, moved: Moved) -> Order {
        if moved.blocked {
            return self.tick_blocked(now, moved.sent);
        }
        if self.stall.take().is_some() || moved.received != self.received {
            self.received = moved.received;
            self.heartbeat.handle_inbound(now.into_std());
        }
        let order = match self.heartbeat.handle_timeout(now.into_std()) {
            Some(Action::Beat(_) | Action::Suspect(_) | Action::Probe(_)) => Order::Ping,
            Some(Action::Dead) => Order::GiveUp(Lost::Silent),
            None => Order::Wait,
        };
        self.next_tick = next(&self.heartbeat, now);
        order
    }

    fn tick_blocked(&mut self, now: Instant, sent: u64) -> Order {
        let stall = self.stall.filter(|stall| stall.sent == sent).unwrap_or(Stall { since: now, sent });
        self.stall = Some(stall);
        let policy = self.heartbeat.policy();
        let end = stall.since + policy.write_stall();
        if now >= end {
            return Order::GiveUp(Lost::Stalled);
        }
        self.next_tick = end.min(now + policy.grace());
        Order::Wait
    }
}

fn next(heartbeat: &Heartbeat, now: Instant) -> Instant {
    // A driver always has its next beat.
    heartbeat.poll_timeout().map_or_else(|| now + heartbeat.policy().interval(), Instant::from_std)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_that_answers_is_pinged_every_interval_for_ever() {
        let policy = HeartbeatPolicy::default();
        let mut beat = Beat::new(Instant::now(), &policy, 0.5);
        let mut pings = Vec::new();
        let mut received = 0;
        while pings.len() < 10 {
            let now = beat.next_tick();
            match beat.tick(now, quiet(received)) {
                Order::Ping => {
                    pings.push(now);
                    received += 2;
                }
                Order::Wait => {}
                Order::GiveUp(lost) => panic!("gave up: {lost:?}"),
            }
        }
        assert!(pings.windows(2).all(|two| two[1] - two[0] == policy.interval()), "{pings:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_line_gets_one_probe_and_is_given_up_in_time() {
        let policy = HeartbeatPolicy::default();
        let start = Instant::now();
        let mut beat = Beat::new(start, &policy, 0.99);
        let mut pings = 0;
        let end = loop {
            let now = beat.next_tick();
            match beat.tick(now, quiet(7)) {
                Order::Ping => pings += 1,
                Order::Wait => {}
                Order::GiveUp(lost) => {
                    assert_eq!(lost, Lost::Silent);
                    break now;
                }
            }
        };
        assert_eq!(pings, 2);
        assert!(end - start <= policy.detection());
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_an_hour_late_earns_a_probe() {
        let policy = HeartbeatPolicy::default();
        let mut beat = Beat::new(Instant::now(), &policy, 0.0);
        assert_eq!(beat.tick(beat.next_tick(), quiet(0)), Order::Ping);
        let late = beat.next_tick() + Duration::from_secs(3600);
        assert_eq!(beat.tick(late, quiet(0)), Order::Ping);
        assert_eq!(beat.tick(late + policy.probe(), quiet(2)), Order::Wait);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_lives_as_long_as_it_takes_bytes() {
        let policy = HeartbeatPolicy::default();
        let mut beat = Beat::new(Instant::now(), &policy, 0.0);
        for sent in 0..100 {
            let moved = Moved { received: 0, sent, blocked: true };
            assert_eq!(beat.tick(beat.next_tick(), moved), Order::Wait);
        }
        let stuck = Moved { received: 0, sent: 99, blocked: true };
        let stopped = beat.next_tick();
        while beat.tick(beat.next_tick(), stuck) == Order::Wait {}
        assert!(beat.next_tick() - stopped <= policy.write_stall());
        assert_eq!(beat.tick(beat.next_tick(), stuck), Order::GiveUp(Lost::Stalled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_caught_up_is_heard_anew() {
        let policy = HeartbeatPolicy::default();
        let mut beat = Beat::new(Instant::now(), &policy, 0.0);
        assert_eq!(beat.tick(beat.next_tick(), quiet(0)), Order::Ping);
        let stuck = Moved { received: 0, sent: 1, blocked: true };
        assert_eq!(beat.tick(beat.next_tick(), stuck), Order::Wait);
        let now = beat.next_tick();
        assert_ne!(beat.tick(now, quiet(0)), Order::GiveUp(Lost::Silent));
        assert!(beat.next_tick() > now);
    }

    fn quiet(received: u64) -> Moved {
        Moved { received, sent: 0, blocked: false }
    }
}
