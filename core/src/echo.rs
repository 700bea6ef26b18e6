//! The Echo application: is what goes out what comes back, and how long does it take?
//!
//! It works on any WebSocket endpoint that sends back what it gets, in two ways that go together:
//!
//! - **Probes** ([`Echo::start`]): numbered messages that describe themselves, so that what was lost, repeated, reordered or
//!   changed on the way is told apart; a [`Report`] keeps count within bounds.
//! - **The free form** ([`Echo::send`]): whatever the user types comes back, matched in order.
//!
//! When a line ends, what was under way is *unknown*, not lost: it may have arrived, only the answer cannot come any more.
//! Probes are paced by the machine's timer and only sent while there is a line; free messages wait in the line's outbox.

mod event;
mod free;
mod payload;
mod plan;
mod report;
mod run;
mod samples;
mod window;

use std::collections::VecDeque;

pub use event::Event;
pub use plan::{PlanError, ProbeKind, ProbePlan};
pub use report::Report;
pub use samples::{EXACT, Samples};

use crate::line::{
    Input, Line, LineConfig, LineEvent, Machine, Message, MessageId, Refused, State, Timer, Transmit, WINDOW,
};
use crate::time::Instant;
use free::{Answer, Free};
use run::{Found, Run};

/// The Echo application on a plain line.
#[derive(Debug)]
pub struct Echo {
    line: Line,
    free: Free,
    run: Option<Run>,
    /// Draws the run's names.
    random: fastrand::Rng,
    /// The latest `now`: when what is handed out next is sent.
    now: Option<Instant>,
    events: VecDeque<Event>,
}

impl Echo {
    /// An idle application. The seed draws the line's jitter and the names of runs; give each client another.
    pub fn new(config: LineConfig, seed: u64) -> Self {
        Self {
            line: Line::new(config, seed),
            free: Free::default(),
            run: None,
            random: fastrand::Rng::with_seed(seed),
            now: None,
            events: VecDeque::new(),
        }
    }

    /// Dials, unless a dial or a line is there already.
    pub fn connect(&mut self, now: Instant) {
        self.line.connect(now);
        self.follow(now);
    }

    /// Dials at once, giving up whatever is there.
    pub fn redial(&mut self, now: Instant) {
        self.line.redial(now);
        self.follow(now);
    }

    /// Closes and stays away until [`connect`](Self::connect).
    pub fn disconnect(&mut self, now: Instant, code: u16, reason: &str) {
        self.line.disconnect(now, code, reason);
        self.follow(now);
    }

    /// Sends a message and expects it back.
    ///
    /// # Errors
    /// [`Refused`] if the outbox is full, or too many messages wait for their echo. The message is still the caller's.
    pub fn send(&mut self, now: Instant, message: Message) -> Result<MessageId, Refused> {
        self.free.has_room(&message, self.line.config().policy.outbox().bytes())?;
        let id = self.line.send(now, message.clone())?;
        self.free.asked(id, message);
        self.follow(now);
        Ok(id)
    }

    /// Begins a new run of probes; the report of an earlier one is gone.
    ///
    /// # Errors
    /// What cannot work in the plan; an earlier run goes on then.
    pub fn start(&mut self, now: Instant, plan: ProbePlan) -> Result<(), PlanError> {
        plan.check()?;
        self.run = Some(Run::new(plan, self.random.u32(..), now));
        self.follow(now);
        Ok(())
    }

    /// Sends no more probes; those under way are still waited for.
    pub fn stop(&mut self, now: Instant) {
        if let Some(run) = &mut self.run {
            run.stop();
        }
        self.follow(now);
    }

    /// What became of the probes of the present run, or of the last; `None` before the first.
    pub fn report(&self) -> Option<&Report> {
        self.run.as_ref().map(Run::report)
    }

    /// The plan of the present run, or of the last; `None` before the first.
    pub fn plan(&self) -> Option<&ProbePlan> {
        self.run.as_ref().map(Run::plan)
    }

    /// Whether a run still sends probes or waits for some.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !run.is_over())
    }

    /// How many messages of the free form are not back yet, sent or still waiting for a line.
    pub fn unanswered(&self) -> usize {
        self.free.waiting()
    }

    /// Draws conclusions from what the line did, then sends what is due.
    fn follow(&mut self, now: Instant) {
        self.now = Some(now);
        while let Some(event) = self.line.poll_event() {
            self.take(now, event);
        }
        self.pace(now);
    }

    fn take(&mut self, now: Instant, event: LineEvent) {
        match event {
            LineEvent::Message(message) => return self.take_message(now, message),
            LineEvent::Ended(_) => self.line_ended(),
            LineEvent::Opened { .. } => {
                if let Some(run) = &mut self.run {
                    run.opened(now);
                }
            }
            LineEvent::Expired(ref expired) => expired.iter().for_each(|(id, _)| self.free.forget(*id)),
            LineEvent::StateChanged(_)
            | LineEvent::Server(_)
            | LineEvent::Unreadable { .. }
            | LineEvent::Clamped { .. }
            | LineEvent::RoundTrip(_)
            | LineEvent::Sent(_)
            | LineEvent::Arrived { .. }
            | LineEvent::UnknownFate { .. }
            | LineEvent::TokenWanted => {}
        }
        self.events.push_back(Event::Line(event));
    }

    fn take_message(&mut self, now: Instant, message: Message) {
        match self.run.as_mut().map_or(Found::Foreign, |run| run.take(now, &message)) {
            Found::Ours(event) => return self.events.push_back(event),
            Found::Foreign => {}
        }
        self.events.push_back(match self.free.answer(now, &message) {
            Answer::Echo { id, round_trip, changed, out_of_order } => {
                Event::Echoed { id, message, round_trip, changed, out_of_order, corrects: false }
            }
            Answer::TrueEcho { id, round_trip } => {
                Event::Echoed { id, message, round_trip, changed: false, out_of_order: false, corrects: true }
            }
            Answer::Unasked => {
                if let Some(run) = &mut self.run {
                    run.count_foreign();
                }
                Event::Unasked(message)
            }
        });
    }

    fn line_ended(&mut self) {
        let unanswered = self.free.line_ended();
        if !unanswered.is_empty() {
            self.events.push_back(Event::Unanswered(unanswered));
        }
        if let Some(count) = self.run.as_mut().map(Run::line_ended).filter(|count| *count > 0) {
            self.events.push_back(Event::ProbesUnknown { count });
        }
    }

    fn pace(&mut self, now: Instant) {
        let Some(run) = &mut self.run else { return };
        let open = matches!(self.line.state(), State::Open | State::Suspect);
        // A probe that would wait in the outbox would measure the outbox, and might be sent on another line.
        let clear = self.line.outbox().in_flight() < WINDOW && self.line.outbox().next_queued().is_none();
        if open
            && let Some((number, message)) = run.due(now)
            && clear
            && self.line.send(now, message).is_ok()
        {
            run.sent(now);
            self.events.push_back(Event::ProbeSent { number });
        }
        while let Some(number) = run.give_up(now) {
            self.events.push_back(Event::ProbeLost { number });
        }
        if run.becomes_over() {
            self.events.push_back(Event::RunOver);
        }
    }
}

impl Machine for Echo {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.line.handle(now, input);
        self.follow(now);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        let transmit = self.line.poll_transmit()?;
        if let (Transmit::Send { message, .. }, Some(now)) = (&transmit, self.now) {
            self.free.handed_over(now, message);
        }
        Some(transmit)
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let open = matches!(self.line.state(), State::Open | State::Suspect);
        let run = self.run.as_ref().and_then(|run| run.poll_timeout(open)).map(|at| (at, Timer::Application));
        [self.line.poll_timeout(), run].into_iter().flatten().min()
    }

    fn line(&self) -> &Line {
        &self.line
    }
}
