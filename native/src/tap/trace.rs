//! What passes, for people to read or as one JSON object a line.

mod json;
mod words;

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::anatomy::Seen;

/// How a trace is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Writes down what is seen of all connections of a command, in the order it happened.
pub struct Trace {
    form: Form,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    begun: Instant,
    /// When what was written last happened.
    last: Instant,
}

/// When something happened.
#[derive(Clone, Copy)]
struct Moment {
    /// Seconds since the trace began.
    at: f64,
    /// Seconds since what was written before.
    after: f64,
}

impl Trace {
    /// A trace on standard error.
    pub fn new(form: Form) -> Self {
        let now = Instant::now();
        Self { form, state: Mutex::new(State { out: Box::new(io::stderr()), begun: now, last: now }) }
    }

    /// A trace of what began at `begun`, written to `out`.
    pub(super) fn over(form: Form, out: Box<dyn Write + Send>, begun: Instant) -> Self {
        Self { form, state: Mutex::new(State { out, begun, last: begun }) }
    }

    /// Writes elsewhere from now on.
    pub(super) fn write_to(&self, out: impl Write + Send + 'static) {
        self.state().out = Box::new(out);
    }

    /// A connection was made; `far` says where to.
    pub(super) fn begun(&self, number: u64, at: Instant, far: &str) {
        self.write(at, |moment| match self.form {
            Form::Text => words::begun(moment, number, far),
            Form::Json => json::begun(moment, number, far),
        });
    }

    /// Something passed on it.
    pub(super) fn saw(&self, number: u64, seen: &Seen) {
        self.write(seen.at(), |moment| match self.form {
            Form::Text => words::seen(moment, number, seen),
            Form::Json => json::seen(moment, number, seen),
        });
    }

    /// It is over; why, if that is known.
    pub(super) fn ended(&self, number: u64, at: Instant, why: Option<&str>) {
        self.write(at, |moment| match self.form {
            Form::Text => words::ended(moment, number, why),
            Form::Json => json::ended(moment, number, why),
        });
    }

    fn write(&self, at: Instant, text: impl FnOnce(Moment) -> String) {
        let mut state = self.state();
        let moment = Moment {
            at: at.saturating_duration_since(state.begun).as_secs_f64(),
            after: at.saturating_duration_since(state.last).as_secs_f64(),
        };
        state.last = state.last.max(at);
        let text = text(moment);
        // Whoever no longer reads the trace did not ask for the line to end.
        let _ = state.out.write_all(text.as_bytes()).and_then(|()| state.out.flush());
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// When it began.
    fn at(&self) -> Instant {
        match self {
            Self::Request(at, _)
            | Self::Response(at, ..)
            | Self::NotHttp(at, ..)
            | Self::Bytes(at, ..)
            | Self::End(at, ..) => *at,
            Self::Frame(_, _, frame) => frame.begun,
        }
    }
}
