//! Is the line alive? The machine behind the answer, for one generation of one line.
//!
//! Rule 1: *a proof counts only once it has worked in this generation.* Until then liveness is unknown and silence
//! means nothing. Rule 2: any inbound byte moves the deadline and never suppresses a beat of our own. Rule 3: at the
//! deadline there is one probe; its own end is final, however late it comes. Rule 4: a late tick is not a missed
//! answer: whatever is overdue first earns the probe.
//!
//! Three roles share it. A *driver* beats (a server towards its clients; a native client with ping frames; a page
//! with a text of the user's). A *listener* is told how often the peer beats, and only probes (a client on
//! `heartline.v1`). A *blind* one has nothing that could prove life (a page on somebody else's server).

use std::collections::VecDeque;

use crate::policy::{HeartbeatPolicy, THROTTLE_SLACK};
use crate::time::{Duration, Instant};

/// How many beats are remembered to match late answers with.
const MAX_UNANSWERED: usize = 8;

/// The least time between two beats that only measure.
const MEASURE_GAP: Duration = Duration::from_secs(1);

/// Who beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We beat, and answers prove life.
    Driver,
    /// The peer beats as it announced; we only probe.
    Listener,
    /// Nothing can prove life here.
    Blind,
}

/// What is known about the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Nothing has proved life in this generation yet; perhaps nothing can.
    Unknown,
    /// A proof has worked, and no deadline has passed.
    Alive,
    /// A deadline has passed; the probe is out.
    Suspect,
    /// The probe was not answered.
    Dead,
}

/// What the owner of the line must do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send beat number `n`.
    Beat(u64),
    /// The line is suspect: send beat number `n` as the probe.
    Suspect(u64),
    /// Nothing is wrong yet, but make sure: send beat number `n`.
    Probe(u64),
    /// The probe was not answered: give the line up.
    Dead,
}

/// Liveness of one generation of a line.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    policy: HeartbeatPolicy,
    role: Role,
    hidden: bool,
    proven: bool,
    liveness: Liveness,
    last_sign: Instant,
    next_number: u64,
    next_beat: Option<Instant>,
    /// Beats without an answer, oldest first.
    unanswered: VecDeque<(u64, Instant)>,
    /// When the present silence began to count against the peer.
    waiting_since: Option<Instant>,
    deadline: Option<Instant>,
    probe: Option<Instant>,
    measured: Option<Instant>,
}

impl Heartbeat {
    /// A driver that beats first at a random moment of its first interval (`jitter` in 0 to 1), so that clients thrown
    /// off together do not beat together. With `proven`, silence counts from the first beat on: for a server, whose
    /// peers all must answer a ping (RFC 6455 section 5.5.2).
    #[must_use]
    pub fn driver(policy: HeartbeatPolicy, now: Instant, jitter: f64, proven: bool) -> Self {
        let first = policy.interval().mul_f64(jitter.clamp(0.0, 1.0));
        Self { next_beat: Some(now + first), proven, ..Self::new(policy, Role::Driver, now) }
    }

    /// A listener of a peer that has just announced its beat and thereby answered us once.
    #[must_use]
    pub fn listener(policy: HeartbeatPolicy, now: Instant) -> Self {
        let mut heartbeat =
            Self { proven: true, liveness: Liveness::Alive, ..Self::new(policy, Role::Listener, now) };
        heartbeat.rest(now);
        heartbeat
    }

    /// A line on which nothing can prove life.
    #[must_use]
    pub fn blind(policy: HeartbeatPolicy, now: Instant) -> Self {
        Self::new(policy, Role::Blind, now)
    }

    fn new(policy: HeartbeatPolicy, role: Role, now: Instant) -> Self {
        Self {
            policy,
            role,
            hidden: false,
            proven: false,
            liveness: Liveness::Unknown,
            last_sign: now,
            next_number: 1,
            next_beat: None,
            unanswered: VecDeque::new(),
            waiting_since: None,
            deadline: None,
            probe: None,
            measured: None,
        }
    }

    /// Something came in, be it a part of a frame.
    pub fn handle_inbound(&mut self, now: Instant) {
        if self.liveness == Liveness::Dead {
            return;
        }
        self.last_sign = now;
        if self.proven {
            self.liveness = Liveness::Alive;
        }
        self.rest(now);
    }

    /// The answer to beat `n` came in. Returns its round trip, or `None` for an answer nobody asked for (which is a
    /// sign of life all the same). A peer may answer only the latest of several (RFC 6455 section 5.5.3).
    pub fn handle_answer(&mut self, now: Instant, n: u64) -> Option<Duration> {
        if self.liveness == Liveness::Dead {
            return None;
        }
        let position = self.unanswered.iter().position(|(number, _)| *number == n);
        let sent = position.map(|position| {
            let (_, sent) = self.unanswered[position];
            self.unanswered.drain(..=position);
            self.proven = true;
            sent
        });
        self.handle_inbound(now);
        sent.map(|sent| now.saturating_duration_since(sent))
    }

    /// The kernel took bytes that had had to wait for it: a peer that reads slowly is not a dead one. Puts the verdict
    /// off, at most until `write_stall` after the silence began. Bytes that were taken at once say nothing.
    pub fn handle_written(&mut self, now: Instant) {
        let Some(since) = self.waiting_since else { return };
        let latest = since + self.policy.write_stall();
        for (deadline, wait) in
            [(&mut self.deadline, self.policy.grace()), (&mut self.probe, self.policy.probe())]
        {
            if let Some(at) = deadline {
                *at = (*at).max((now + wait).min(latest));
            }
        }
    }

    /// A beat that only measures a round trip: its silence means nothing. `None` while another was sent less than
    /// a second ago, so that a peer that beats wildly does not make us beat wildly.
    pub fn measure(&mut self, now: Instant) -> Option<u64> {
        let lately = self.measured.is_some_and(|at| now.saturating_duration_since(at) < MEASURE_GAP);
        if lately || self.liveness == Liveness::Dead {
            return None;
        }
        self.measured = Some(now);
        Some(self.number(now))
    }

    /// The oldest beat without an answer: for answers that carry no number.
    #[must_use]
    pub fn oldest_unanswered(&self) -> Option<u64> {
        self.unanswered.front().map(|(n, _)| *n)
    }

    /// Timers of a hidden page are throttled: its deadlines get slack. Shown again, they lose it.
    pub fn set_hidden(&mut self, hidden: bool) {
        if self.hidden == hidden {
            return;
        }
        self.hidden = hidden;
        if let Some(deadline) = &mut self.deadline {
            *deadline = if hidden { *deadline + THROTTLE_SLACK } else { *deadline - THROTTLE_SLACK };
        }
    }

    /// The machine woke, the page was shown, the network is back: make sure at once, whatever was armed. On a line
    /// that never proved anything the beat is sent, but its silence means nothing. A probe that is already out keeps its
    /// end, or a page shown again and again would never reach one, unless the machine slept meanwhile.
    pub fn probe(&mut self, now: Instant, slept: bool) -> Option<Action> {
        if self.role == Role::Blind || self.liveness == Liveness::Dead {
            return None;
        }
        if !slept && self.probe.is_some_and(|at| now < at) {
            return None;
        }
        if self.role == Role::Driver {
            self.next_beat = Some(now + self.policy.interval());
        }
        let n = self.number(now);
        self.waiting_since.get_or_insert(now);
        if self.proven {
            self.deadline = None;
            self.probe = Some(now + self.policy.probe());
        }
        Some(Action::Probe(n))
    }

    /// Lets time pass. Call until it returns `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Action> {
        if self.probe.is_some_and(|at| now >= at) {
            self.liveness = Liveness::Dead;
            (self.next_beat, self.deadline, self.probe) = (None, None, None);
            return Some(Action::Dead);
        }
        if self.deadline.is_some_and(|at| now >= at) {
            self.liveness = Liveness::Suspect;
            self.deadline = None;
            self.probe = Some(now + self.policy.probe());
            if self.role == Role::Driver {
                self.next_beat = Some(now + self.policy.interval());
            }
            self.waiting_since.get_or_insert(now);
            return Some(Action::Suspect(self.number(now)));
        }
        if let Some(due) = self.next_beat.filter(|at| now >= *at) {
            let late = now.saturating_duration_since(due) > self.policy.grace() + self.slack();
            if late && self.probe.is_none() {
                // The machine slept, and the line may be long dead: no grace on top.
                return self.probe(now, false);
            }
            // Counted from now: after a sleep one beat is due, not all that were missed.
            self.next_beat = Some(now + self.policy.interval());
            if self.proven && self.deadline.is_none() && self.probe.is_none() {
                self.deadline = Some(now + self.policy.grace() + self.slack());
            }
            self.waiting_since.get_or_insert(now);
            return Some(Action::Beat(self.number(now)));
        }
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.next_beat, self.deadline, self.probe].into_iter().flatten().min()
    }

    /// What is known about the line.
    #[must_use]
    pub const fn liveness(&self) -> Liveness {
        self.liveness
    }

    /// When the last byte came in, or the line was opened.
    #[must_use]
    pub const fn last_sign(&self) -> Instant {
        self.last_sign
    }

    /// Who beats.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The numbers in force: the policy's, or what the peer announced.
    #[must_use]
    pub const fn policy(&self) -> &HeartbeatPolicy {
        &self.policy
    }

    /// After a sign of life: nobody waits for anything, a listener expects the next beat.
    fn rest(&mut self, now: Instant) {
        self.probe = None;
        self.waiting_since = None;
        self.deadline = match self.role {
            Role::Listener => Some(now + self.policy.interval() + self.policy.grace() + self.slack()),
            Role::Driver | Role::Blind => None,
        };
    }

    /// Gives the next beat its number and remembers when it was sent.
    fn number(&mut self, now: Instant) -> u64 {
        let n = self.next_number;
        self.next_number += 1;
        if self.unanswered.len() == MAX_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((n, now));
        n
    }

    fn slack(&self) -> Duration {
        if self.hidden { THROTTLE_SLACK } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Interval 25 s, grace 10 s, probe 5 s, write stall 30 s.
    fn policy() -> HeartbeatPolicy {
        HeartbeatPolicy::default()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A driver whose first beat, at `start`, was answered.
    fn proven_driver(start: Instant) -> Heartbeat {
        let mut heartbeat = Heartbeat::driver(policy(), start, 0.0, false);
        assert_eq!(heartbeat.handle_timeout(start), Some(Action::Beat(1)));
        assert_eq!(heartbeat.handle_answer(start, 1), Some(Duration::ZERO));
        assert_eq!(heartbeat.liveness(), Liveness::Alive);
        heartbeat
    }

    #[test]
    fn beats_suspects_and_gives_up_in_interval_grace_and_probe() {
        let start = Instant::now();
        let mut heartbeat = proven_driver(start);
        let mut actions = Vec::new();
        while let Some(at) = heartbeat.poll_timeout() {
            actions.extend(heartbeat.handle_timeout(at).map(|action| ((at - start).as_secs(), action)));
        }
        assert_eq!(actions, [(25, Action::Beat(2)), (35, Action::Suspect(3)), (40, Action::Dead)]);
        assert_eq!(heartbeat.liveness(), Liveness::Dead);
        heartbeat.handle_inbound(start + secs(41));
        assert_eq!(heartbeat.liveness(), Liveness::Dead, "dead is dead");
    }

    #[test]
    fn silence_means_nothing_before_a_proof_has_worked() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::driver(policy(), start, 0.5, false);
        for n in 1..100 {
            let at = heartbeat.poll_timeout().unwrap();
            assert_eq!(heartbeat.handle_timeout(at), Some(Action::Beat(n)));
            assert_eq!(heartbeat.liveness(), Liveness::Unknown);
        }
        heartbeat.handle_inbound(start + secs(5000));
        assert_eq!(heartbeat.liveness(), Liveness::Unknown, "what comes by itself is no proof");
        heartbeat.handle_answer(start + secs(5000), 1234);
        assert_eq!(heartbeat.liveness(), Liveness::Unknown, "nor is an answer to what was never asked");
    }

    #[test]
    fn a_peer_may_answer_only_the_latest_of_several() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::driver(policy(), start, 0.0, false);
        for seconds in [0, 25, 50] {
            heartbeat.handle_timeout(start + secs(seconds));
        }
        assert_eq!(heartbeat.handle_answer(start + secs(51), 3), Some(secs(1)));
        assert_eq!(heartbeat.oldest_unanswered(), None);
        assert_eq!(heartbeat.handle_answer(start + secs(52), 1), None);
    }

    #[test]
    fn what_comes_in_moves_the_deadline_and_never_the_beat() {
        let start = Instant::now();
        let mut heartbeat = proven_driver(start);
        for seconds in 0..25 {
            heartbeat.handle_inbound(start + secs(seconds));
            assert_eq!(heartbeat.poll_timeout(), Some(start + secs(25)));
        }
        let mut listener = Heartbeat::listener(policy(), start);
        listener.handle_inbound(start + secs(7));
        assert_eq!(listener.poll_timeout(), Some(start + secs(7 + 35)));
    }

    #[test]
    fn a_tick_that_is_far_too_late_earns_the_probe_alone() {
        let start = Instant::now();
        let mut driver = proven_driver(start);
        assert_eq!(driver.handle_timeout(start + secs(3600)), Some(Action::Probe(2)));
        assert_eq!(driver.handle_timeout(start + secs(3605)), Some(Action::Dead));

        let mut listener = Heartbeat::listener(policy(), start);
        assert_eq!(listener.handle_timeout(start + secs(3600)), Some(Action::Suspect(1)));
        assert_eq!(listener.handle_timeout(start + secs(3600)), None, "and not its end at the same moment");
        listener.handle_answer(start + secs(3604), 1);
        assert_eq!(listener.liveness(), Liveness::Alive);
    }

    #[test]
    fn a_probe_keeps_its_end_unless_the_machine_slept() {
        let start = Instant::now();
        let mut heartbeat = proven_driver(start);
        assert_eq!(heartbeat.probe(start, false), Some(Action::Probe(2)));
        assert_eq!(heartbeat.probe(start + secs(3), false), None);
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(5)));
        assert_eq!(heartbeat.probe(start + secs(3), true), Some(Action::Probe(3)));
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(8)));
    }

    #[test]
    fn bytes_taken_put_the_verdict_off_up_to_the_write_stall() {
        let start = Instant::now();
        let mut heartbeat = proven_driver(start);
        heartbeat.handle_timeout(start + secs(25));
        for seconds in 26..80 {
            heartbeat.handle_written(start + secs(seconds));
        }
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(50)), "the next beat is due first");
        heartbeat.handle_timeout(start + secs(50));
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(25 + 30)));
    }

    #[test]
    fn a_hidden_page_has_two_minutes_more() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::listener(policy(), start);
        heartbeat.set_hidden(true);
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(35) + THROTTLE_SLACK));
        heartbeat.handle_inbound(start + secs(10));
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(45) + THROTTLE_SLACK));
        heartbeat.set_hidden(false);
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(45)));
    }

    #[test]
    fn a_blind_one_asks_nothing_and_judges_nothing() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::blind(policy(), start);
        assert_eq!((heartbeat.probe(start, true), heartbeat.poll_timeout()), (None, None));
        heartbeat.handle_inbound(start + secs(1));
        assert_eq!((heartbeat.liveness(), heartbeat.last_sign()), (Liveness::Unknown, start + secs(1)));
    }

    #[test]
    fn measuring_is_bounded_and_its_silence_means_nothing() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::listener(policy(), start);
        assert_eq!(heartbeat.measure(start), Some(1));
        assert_eq!(heartbeat.measure(start + MEASURE_GAP / 2), None);
        assert_eq!(heartbeat.measure(start + MEASURE_GAP), Some(2));
        assert_eq!(heartbeat.poll_timeout(), Some(start + secs(35)));
    }
}
