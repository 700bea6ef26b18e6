//! Runs any [`Machine`] on real sockets and clocks.
//!
//! The one loop between a pure machine and the world. Whoever owns a [`Driver`] asks it for the
//! [`next`](Driver::next) event, and reaches the machine with [`with`](Driver::with); everything else (dials, writers,
//! the timer, sleeping machines) happens inside. It holds no decision: those are the machine's.

mod jumps;
mod socket;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use heartline_core::line::{Ended, Input, Machine, Signal, State, Transmit};
use tokio::sync::mpsc;

use self::{
    jumps::{Jumps, LOOK_EVERY},
    socket::{Outgoing, Report, Socket},
};
use super::dial::{DialFailure, Dialer, Progress};

/// Reports of sockets that may wait to be handed over. When they do, the sockets stop reading, and the peer feels it.
const REPORTS: usize = 64;

/// A machine on real sockets.
pub struct Driver<M> {
    machine: M,
    dialer: Arc<Dialer>,
    present: Option<Socket>,
    /// The line before, as long as its closing handshake takes. Nobody waits for it but [`Driver::finish`].
    leaving: Option<Socket>,
    reports: mpsc::Receiver<(u64, Report)>,
    reporter: mpsc::Sender<(u64, Report)>,
    jumps: Jumps,
    trouble: Option<Trouble>,
    subprotocol: Option<String>,
}

/// Why the latest dial or line ended, where the shell knows more than the machine needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// The dial failed, or was given up.
    Dial(DialFailure),
    /// The peer broke the protocol: what it did.
    Violation(String),
}

/// The time all machines here live by; tests can pause it.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<M: Machine> Driver<M> {
    /// A driver for `machine`, which dials by `dialer`. Nothing happens before [`Driver::next`] is awaited.
    pub fn new(machine: M, dialer: Dialer) -> Self {
        let (reporter, reports) = mpsc::channel(REPORTS);
        Self {
            machine,
            dialer: Arc::new(dialer),
            present: None,
            leaving: None,
            reports,
            reporter,
            jumps: Jumps::new(now(), SystemTime::now()),
            trouble: None,
            subprotocol: None,
        }
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// Where dials go.
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Lets the application use the machine, and does what the machine then asks for.
    pub fn with<R>(&mut self, verb: impl FnOnce(&mut M, Instant) -> R) -> R {
        let outcome = verb(&mut self.machine, now());
        self.transmit();
        outcome
    }

    /// What the shell knows about the latest failure; `None` once a line was opened after it.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// What the latest opened line agreed to speak.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The next thing the application should know. Cancel-safe: an event is either returned or still there.
    pub async fn next(&mut self) -> M::Event {
        loop {
            self.transmit();
            if let Some(event) = self.machine.poll_event() {
                return event;
            }
            let due = self.machine.poll_timeout().map(|(at, _)| at);
            if due.is_some_and(|at| at <= now()) {
                self.tick();
                continue;
            }
            let open = matches!(self.machine.line().state(), State::Open | State::Suspect);
            tokio::select! {
                biased;
                Some((generation, report)) = self.reports.recv() => self.take(generation, report),
                () = moved(self.present.as_ref()) => {}
                () = until(due) => {}
                () = tokio::time::sleep(LOOK_EVERY), if open => {}
            }
            self.take_activity();
            self.look_at_the_clocks();
        }
    }

    /// Ends in good order: lets closing handshakes finish, for `limit` at most. Call it after a disconnect.
    pub async fn finish(&mut self, limit: Duration) {
        self.transmit();
        // A socket that waits to report must not wait for us.
        self.reports.close();
        let ended = async {
            for socket in [self.present.take(), self.leaving.take()].into_iter().flatten() {
                // A dial under way has nothing to say goodbye to.
                if socket.was_opened() {
                    socket.ended().await;
                }
            }
        };
        let _ = tokio::time::timeout(limit, ended).await;
    }

    /// Fetches a token for the line that is open, as the machine asks for one. Where that fails, the line ends with the token it has, and
    /// the next dial fetches its own.
    pub fn renew_token(&self) {
        let Some(generation) = self.present.as_ref().map(|socket| socket.generation) else { return };
        let (dialer, reporter) = (Arc::clone(&self.dialer), self.reporter.clone());
        tokio::spawn(async move {
            match dialer.fetch_token(&Progress::default()).await {
                Ok(Some(token)) => {
                    // Nobody listens any more when the program is ending.
                    let _ = reporter.send((generation, Report::Token(token))).await;
                }
                Ok(None) => {}
                Err(failure) => tracing::warn!("no fresh token for this line: {failure}"),
            }
        });
    }

    /// Time is up: whatever waits counts before that.
    fn tick(&mut self) {
        for _ in 0..self.reports.len() {
            if let Ok((generation, report)) = self.reports.try_recv() {
                self.take(generation, report);
            }
        }
        self.take_activity();
        self.look_at_the_clocks();
        self.machine.handle(now(), Input::Timeout);
    }

    /// Hands one report of a socket to the machine.
    fn take(&mut self, generation: u64, report: Report) {
        let current = self.present.as_ref().is_some_and(|socket| socket.generation == generation);
        if !current {
            return;
        }
        let input = match report {
            Report::Opened(subprotocol) => {
                self.trouble = None;
                self.subprotocol.clone_from(&subprotocol);
                Input::Opened { generation, subprotocol }
            }
            Report::Token(token) => Input::Token { generation, token: Some(token) },
            Report::Failed(failure) => {
                let ended = ended(&failure);
                self.trouble = Some(Trouble::Dial(failure));
                Input::Closed { generation, ended }
            }
            Report::Message(message) => Input::Message { generation, message },
            // The bytes themselves were the sign of life.
            Report::Ping => return,
            Report::Pong(payload) => Input::Pong { generation, payload },
            Report::Written(messages) => Input::Written { generation, messages },
            Report::Violation(code, what) => {
                self.trouble = Some(Trouble::Violation(what.clone()));
                Input::Closed { generation, ended: Ended::Code { code, reason: what } }
            }
            Report::Closed(ended) => Input::Closed { generation, ended },
        };
        self.machine.handle(now(), input);
    }

    fn take_activity(&mut self) {
        let Some(socket) = &self.present else { return };
        let generation = socket.generation;
        let moved = socket.activity.take();
        if moved.came_in {
            self.machine.handle(now(), Input::Bytes { generation });
        }
        if moved.taken {
            self.machine.handle(now(), Input::Written { generation, messages: 0 });
        }
    }

    fn look_at_the_clocks(&mut self) {
        if self.jumps.sample(now(), SystemTime::now()) {
            tracing::info!("the wall clock jumped ahead: this machine slept");
            self.machine.handle(now(), Input::Signal(Signal::Resumed));
        }
    }

    /// Does everything the machine asks for.
    fn transmit(&mut self) {
        while let Some(transmit) = self.machine.poll_transmit() {
            match transmit {
                Transmit::Dial { generation } => {
                    let socket = Socket::dial(Arc::clone(&self.dialer), generation, self.reporter.clone());
                    self.leaving = self.present.replace(socket).filter(Socket::was_opened);
                }
                Transmit::Send { generation, message } => self.send(generation, Outgoing::Message(message)),
                Transmit::Ping { generation, payload } => self.send(generation, Outgoing::Ping(payload)),
                Transmit::Close { generation, code, reason } => {
                    self.send(generation, Outgoing::Close(code, reason))
                }
                Transmit::Abandon { generation } => self.abandon(generation),
            }
        }
    }

    fn send(&mut self, generation: u64, outgoing: Outgoing) {
        let Some(socket) = self.present.as_ref().filter(|socket| socket.generation == generation) else {
            return;
        };
        if !socket.send(outgoing) {
            self.present = None;
            let why = "more waits to be sent than is kept".to_owned();
            self.machine.handle(now(), Input::Closed { generation, ended: Ended::Reset { why } });
        }
    }

    fn abandon(&mut self, generation: u64) {
        let Some(socket) = self.present.take_if(|socket| socket.generation == generation) else { return };
        if !socket.was_opened() {
            let after = self.machine.line().config().policy.reconnect().dial_timeout();
            let place = self.dialer.endpoint.to_string();
            self.trouble = Some(Trouble::Dial(DialFailure::timed_out(socket.progress.step(), &place, after)));
        }
    }
}

async fn moved(socket: Option<&Socket>) {
    match socket {
        Some(socket) => socket.activity.moved().await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment, if there is one; else for ever.
pub async fn until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// A failed dial in the machine's words.
fn ended(failure: &DialFailure) -> Ended {
    let why = failure.to_string();
    match &failure.refusal {
        Some(refusal) => Ended::Refused { status: refusal.status, retry_after: refusal.retry_after, why },
        None => Ended::DialFailed { why, retry: failure.retry },
    }
}
