//! The liveness badge: what is known of a line, in words.

use heartline_core::{
    line::{Cause, Line, LineEnd, Liveness, Reason, State},
    rtt::Rtt,
    time::{Duration, Instant},
};

use super::words;

/// How it looks at a glance. Green is for proven life alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Proven alive.
    Good,
    /// Being found out.
    Doubt,
    /// There is no line, though there should be.
    Bad,
    /// Connected, and nothing proves or disproves life.
    Unknown,
    /// There is no line, and none is wanted.
    Idle,
}

impl Tone {
    /// The class that colours it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Doubt => "tone-doubt",
            Self::Bad => "tone-bad",
            Self::Unknown => "tone-unknown",
            Self::Idle => "tone-idle",
        }
    }
}

/// What the badge shows; ages are computed when it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    /// How it looks.
    pub tone: Tone,
    /// The state, in a word or three.
    pub state: &'static str,
    /// What that means, in a sentence.
    pub detail: String,
    /// The latest round trip of the heartbeat.
    pub round_trip: Option<Duration>,
    /// When something last came from the other end.
    pub last_sign: Option<Instant>,
    /// When the next dial is due.
    pub next_dial: Option<Instant>,
    /// Why the line before ended, and how long it lived.
    pub last_end: Option<String>,
}

impl Badge {
    /// The badge of a page that has not dialled.
    pub fn idle() -> Self {
        Self {
            tone: Tone::Idle,
            state: "Not connected",
            detail: String::new(),
            round_trip: None,
            last_sign: None,
            next_dial: None,
            last_end: None,
        }
    }

    /// What is known of `line`.
    pub fn of(line: &Line) -> Self {
        let (tone, state, detail) = judge(line.state(), line.liveness());
        Self {
            tone,
            state,
            detail: detail.to_owned(),
            round_trip: line.rtt().and_then(Rtt::last),
            last_sign: line.last_sign(),
            next_dial: line.next_dial(),
            last_end: line.last_end().map(end),
        }
    }

    /// The age of the last sign of life.
    pub fn age(&self, now: Instant) -> Option<String> {
        self.last_sign.map(|at| [&words::span(now.saturating_duration_since(at)), " ago"].concat())
    }

    /// How long until the next dial, rounded up: it is never said to be due before it is.
    pub fn countdown(&self, now: Instant) -> Option<String> {
        let left = self.next_dial?.saturating_duration_since(now);
        let whole = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
        Some(["in ", &words::span(whole)].concat())
    }
}

fn judge(state: &State, liveness: Liveness) -> (Tone, &'static str, &'static str) {
    match state {
        State::Idle => (Tone::Idle, "Not connected", ""),
        State::Connecting { .. } => (Tone::Doubt, "Connecting", "Waiting for the other end to answer."),
        State::Open => match liveness {
            Liveness::Alive => (Tone::Good, "Alive", "The other end answers."),
            Liveness::Unknown | Liveness::Suspect | Liveness::Dead => (
                Tone::Unknown,
                "Connected, life unknown",
                "The line is open, but nothing has proven yet that the other end still answers.",
            ),
        },
        State::Suspect => (Tone::Doubt, "Suspect", "Nothing came when it should have. Asking once more."),
        State::Waiting { .. } => {
            (Tone::Bad, "Waiting to dial", "There is no line. It will be dialled again by itself.")
        }
        State::Closed(Reason::Manual) => (Tone::Idle, "Disconnected", "Closed from here."),
        State::Closed(_) => (Tone::Bad, "Closed for good", "Dialling again by itself would not help."),
    }
}

fn end(end: &LineEnd) -> String {
    let mut words = end.to_string();
    match (&end.cause, end.lived) {
        (_, Some(lived)) => words.push_str(&[" · it lived ", &words::span(lived)].concat()),
        (Cause::Redialled | Cause::Manual, None) => {}
        (_, None) => words.push_str(" · it never opened"),
    }
    words
}
