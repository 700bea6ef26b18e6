//! All transitions between states, in one place. Nothing else assigns `state`.
//!
//! Two rules hold throughout. An end leaves nothing of its generation behind (`end` takes `present` and the fates).
//! And no transition waits for a socket: the shell is told, and the machine is already where it is going.

use super::end::Verdict;
use super::{Cause, Line, LineEnd, LineEvent, Present, Proof, Reason, Reconnect, Signal, State, Transmit};
use crate::close::{self, Dialect, code};
use crate::heartbeat::{Heartbeat, Liveness};
use crate::policy::{HIDDEN_DIAL_GAP, MAX_TOLD_WAIT};
use crate::rtt::Rtt;
use crate::time::{Duration, Instant};
use crate::wire;

/// A driver's first beat is at a random moment of this, so that a herd that came back together does not beat together.
const FIRST_BEAT_WITHIN: Duration = Duration::from_secs(1);

impl Line {
    /// Idle, Waiting, Closed → Connecting, because somebody wants it.
    pub(super) fn begin(&mut self, now: Instant) {
        if !matches!(self.state, State::Waiting { .. }) {
            self.unauthorized = false;
        }
        self.dial(now);
    }

    /// Idle, Waiting, Closed → Connecting.
    pub(super) fn dial(&mut self, now: Instant) {
        self.generation += 1;
        self.last_dial = Some(now);
        self.dialled_hidden = self.hidden;
        self.transmits.push_back(Transmit::Dial { generation: self.generation });
        self.go(State::Connecting { until: now + self.config.policy.reconnect().dial_timeout() });
    }

    /// Connecting → Open, or Closed if the wrong protocol was agreed on.
    pub(super) fn open(&mut self, now: Instant, subprotocol: Option<String>) {
        let reconnect = self.config.policy.reconnect();
        let dialect = self.config.dialect;
        if dialect == Dialect::V1 && subprotocol.as_deref() != Some(wire::PROTOCOL) {
            // A page may not send 1002.
            let reason = close::fit_reason("heartline.v1 was not agreed on").to_owned();
            let generation = self.generation;
            self.transmits.push_back(Transmit::Close { generation, code: code::NORMAL, reason });
            self.end(now, Cause::WrongProtocol { chosen: subprotocol });
            return;
        }
        let policy = self.config.policy.heartbeat().clone();
        let mut heartbeat = match (dialect, &self.config.proof) {
            // A listener from `welcome` on.
            (Dialect::V1, Proof::Auto | Proof::Text { .. }) => Heartbeat::blind(policy, now),
            (Dialect::Plain, Proof::Auto) if !self.config.can_ping => Heartbeat::blind(policy, now),
            (Dialect::Plain, Proof::Auto | Proof::Text { .. }) => {
                // The first beat soon: until it is answered nothing is known about the line.
                let jitter =
                    self.backoff.within(FIRST_BEAT_WITHIN).as_secs_f64() / policy.interval().as_secs_f64();
                Heartbeat::driver(policy, now, jitter, false)
            }
        };
        heartbeat.set_hidden(self.hidden);
        self.present = Some(Present {
            opened_at: now,
            dialect,
            heartbeat,
            rtt: Rtt::default(),
            welcome_by: (dialect == Dialect::V1).then(|| now + reconnect.dial_timeout()),
            stable_at: (dialect == Dialect::Plain).then(|| now + reconnect.stable_after()),
            draining: None,
        });
        self.ever_opened = true;
        self.go(State::Open);
        self.events.push_back(LineEvent::Opened { generation: self.generation, dialect, subprotocol });
        self.pump(now);
    }

    /// Open → Suspect.
    pub(super) fn suspect(&mut self) {
        if self.state == State::Open {
            self.go(State::Suspect);
        }
    }

    /// Suspect → Open.
    pub(super) fn recover(&mut self) {
        if self.state == State::Suspect && self.liveness() == Liveness::Alive {
            self.go(State::Open);
        }
    }

    /// Any → Closed, by our own will.
    pub(super) fn hang_up(&mut self, now: Instant, code: u16, reason: &str) {
        let generation = self.generation;
        match self.state {
            State::Open | State::Suspect => {
                let reason = close::fit_reason(reason).to_owned();
                self.transmits.push_back(Transmit::Close { generation, code, reason });
                self.bury(now, Cause::Manual);
            }
            State::Connecting { .. } => {
                self.transmits.push_back(Transmit::Abandon { generation });
                self.bury(now, Cause::Manual);
            }
            State::Idle | State::Waiting { .. } | State::Closed(_) => {}
        }
        self.unauthorized = false;
        self.backoff.reset();
        self.go(State::Closed(Reason::Manual));
    }

    /// Connecting, Open, Suspect → Waiting, Connecting or Closed.
    pub(super) fn end(&mut self, now: Instant, cause: Cause) {
        if !matches!(cause, Cause::Peer(_) | Cause::WrongProtocol { .. }) {
            self.transmits.push_back(Transmit::Abandon { generation: self.generation });
        }
        let draining = self.present.as_ref().and_then(|present| present.draining);
        let end = self.bury(now, cause);
        if end.cause == Cause::Redialled {
            return self.dial(now);
        }
        if self.config.reconnect == Reconnect::Never {
            return self.go(State::Closed(Reason::NoReconnect(end)));
        }
        let auto = self.config.reconnect == Reconnect::Auto;
        if auto && !self.ever_opened && !self.config.retry_first {
            return self.go(State::Closed(Reason::FirstDial(end)));
        }
        let told = match end.cause.verdict(end.dialect) {
            Verdict::StayAway if auto => return self.go(State::Closed(Reason::Final(end))),
            Verdict::ProveAgain if auto && (self.unauthorized || !self.config.token_source) => {
                return self.go(State::Closed(Reason::Final(end)));
            }
            Verdict::ProveAgain => {
                self.unauthorized = true;
                self.events.push_back(LineEvent::TokenWanted);
                None
            }
            Verdict::FetchToken => {
                self.events.push_back(LineEvent::TokenWanted);
                None
            }
            Verdict::ComeBack(told) => told,
            Verdict::StayAway => None,
        };
        let wait = self.wait(draining.filter(|_| end.cause.is_leaving()), told);
        let earliest = self.last_dial.filter(|_| self.hidden).map(|dialled| dialled + HIDDEN_DIAL_GAP);
        self.go(State::Waiting { until: earliest.map_or(now + wait, |earliest| earliest.max(now + wait)) });
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.dial_deadline().is_some_and(|at| now >= at) {
            let after = self.config.policy.reconnect().dial_timeout();
            return self.end(now, Cause::DialTimeout { after });
        }
        if let State::Waiting { until } = self.state
            && now >= until
            && !self.frozen
        {
            return self.dial(now);
        }
        let Some(present) = &mut self.present else { return };
        if present.stable_at.take_if(|at| now >= *at).is_some() {
            self.backoff.reset();
        }
        if present.welcome_by.is_some_and(|at| now >= at) {
            let after = self.config.policy.reconnect().dial_timeout();
            return self.end(now, Cause::NoWelcome { after });
        }
        while let Some(action) =
            self.present.as_mut().and_then(|present| present.heartbeat.handle_timeout(now))
        {
            self.act(now, action);
        }
    }

    /// The world around changed.
    pub(super) fn signal(&mut self, now: Instant, signal: Signal) {
        match signal {
            Signal::Hidden => self.set_hidden(true),
            Signal::Visible => {
                self.frozen = false;
                self.set_hidden(false);
                // Browsers may hold up what a hidden page dials; a fresh dial is not held up.
                self.wake(now, self.dialled_hidden, false);
            }
            Signal::Online => self.wake(now, false, false),
            // A hint that is often wrong: the heartbeat will tell.
            Signal::Offline => {}
            Signal::Frozen => self.frozen = true,
            Signal::Resumed => {
                self.frozen = false;
                self.wake(now, true, true);
            }
        }
    }

    /// When the dial under way is given up.
    pub(super) const fn dial_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Connecting { until } => Some(until),
            State::Idle | State::Open | State::Suspect | State::Waiting { .. } | State::Closed(_) => None,
        }
    }

    /// Makes sure of an open line and hurries a waiting one; a hidden page still dials only once a minute.
    fn wake(&mut self, now: Instant, dial_is_stale: bool, slept: bool) {
        let may_dial = !self.frozen
            && (!self.hidden
                || self.last_dial.is_none_or(|at| now.saturating_duration_since(at) >= HIDDEN_DIAL_GAP));
        match self.state {
            State::Waiting { .. } if may_dial => self.dial(now),
            State::Connecting { .. } if dial_is_stale && may_dial => self.end(now, Cause::Redialled),
            State::Open | State::Suspect => {
                if let Some(action) =
                    self.present.as_mut().and_then(|present| present.heartbeat.probe(now, slept))
                {
                    self.act(now, action);
                }
            }
            State::Idle | State::Waiting { .. } | State::Connecting { .. } | State::Closed(_) => {}
        }
    }

    fn set_hidden(&mut self, hidden: bool) {
        self.hidden = hidden;
        if let Some(present) = &mut self.present {
            present.heartbeat.set_hidden(hidden);
        }
        if let (true, State::Waiting { until }, Some(dialled)) = (hidden, &self.state, self.last_dial) {
            let until = (*until).max(dialled + HIDDEN_DIAL_GAP);
            self.go(State::Waiting { until });
        }
    }

    /// How long to wait before the next dial.
    fn wait(&mut self, window: Option<Duration>, told: Option<Duration>) -> Duration {
        match window {
            Some(window) => self.backoff.within(window),
            // Whoever is told the same wait by the same server must not come back at the same moment.
            None => {
                let told = told.unwrap_or_default().min(MAX_TOLD_WAIT);
                told + self.backoff.fail(self.config.policy.reconnect())
            }
        }
    }

    /// Ends the present generation and says so; nothing of it is left.
    fn bury(&mut self, now: Instant, cause: Cause) -> LineEnd {
        let present = self.present.take();
        // The timer may be late: what counts is how long the line lived.
        if present.as_ref().and_then(|present| present.stable_at).is_some_and(|at| now >= at) {
            self.backoff.reset();
        }
        let end = LineEnd {
            generation: self.generation,
            dialect: present.as_ref().map_or(self.config.dialect, |present| present.dialect),
            cause,
            lived: present.map(|present| now.saturating_duration_since(present.opened_at)),
            at: now,
        };
        // What the shell had is gone with its socket, taken by the network or not.
        self.outbox.take(|entry| entry.sent);
        let (ids, forgotten) = self.fate.end();
        if !ids.is_empty() {
            self.events.push_back(LineEvent::UnknownFate { ids, forgotten });
        }
        self.last_end = Some(end.clone());
        self.events.push_back(LineEvent::Ended(end.clone()));
        end
    }

    fn go(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.events.push_back(LineEvent::StateChanged(self.state.clone()));
        }
    }
}
