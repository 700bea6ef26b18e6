//! The liveness badge: what is known of a line, in words.

use heartline_core::{
    close::Dialect,
    line::{Line, LineEnd, Liveness, Proof, Reason, State},
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
    /// Why the last line ended, and how long it lived.
    pub last_end: Option<String>,
    /// Why no line came of the latest dial.
    pub last_dial: Option<String>,
    /// What the button that dials at once says, where there is something to dial.
    pub dial: Option<&'static str>,
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
            last_dial: None,
            dial: None,
        }
    }

    /// What is known of `line`; the badge `before` knows how the last one ended, should dials have failed since.
    pub fn of(line: &Line, before: &Self) -> Self {
        let (tone, state, detail) = judge(line);
        let end = line.last_end();
        let ended = end.and_then(|end| end.lived.map(|lived| lived_and_ended(end, lived)));
        // Once a line is open again, the dials that failed before are of no interest.
        let failed =
            end.filter(|end| end.lived.is_none() && line.opened_at().is_none()).map(ToString::to_string);
        Self {
            tone,
            state,
            detail: detail.to_owned(),
            round_trip: line.rtt().and_then(Rtt::last),
            last_sign: line.last_sign(),
            next_dial: line.next_dial(),
            last_end: ended.or_else(|| before.last_end.clone()),
            last_dial: failed,
            dial: dial_words(line.state()),
        }
    }

    /// What is read out: the same while dials and waits take turns, so that an outage is told once.
    pub fn spoken(&self) -> &'static str {
        match self.state {
            CONNECTING | WAITING => "No line; dialling",
            state => state,
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

const CONNECTING: &str = "Connecting";
const WAITING: &str = "Waiting to dial";

fn judge(line: &Line) -> (Tone, &'static str, &'static str) {
    match line.state() {
        State::Idle => (Tone::Idle, "Not connected", ""),
        State::Connecting { .. } => (Tone::Doubt, CONNECTING, "Waiting for the other end to answer."),
        State::Open => match line.liveness() {
            Liveness::Alive => (Tone::Good, "Alive", "The other end answers."),
            Liveness::Unknown | Liveness::Suspect | Liveness::Dead => {
                (Tone::Unknown, "Connected, life unknown", why_unknown(line))
            }
        },
        State::Suspect => (Tone::Doubt, "Suspect", "Nothing came when it should have. Asking once more."),
        State::Waiting { .. } => {
            (Tone::Bad, WAITING, "There is no line. It will be dialled again by itself.")
        }
        State::Closed(Reason::Manual) => (Tone::Idle, "Disconnected", "Closed from here."),
        State::Closed(Reason::Final(_) | Reason::FirstDial(_) | Reason::NoReconnect(_)) => {
            (Tone::Bad, "Closed for good", "Dialling again by itself would not help.")
        }
    }
}

fn why_unknown(line: &Line) -> &'static str {
    match (line.config().dialect, &line.config().proof) {
        (Dialect::Plain, Proof::Auto) => {
            "A page cannot ping. Unless you name a text this server answers, its silence proves nothing."
        }
        (Dialect::Plain, Proof::Text { .. }) | (Dialect::V1, Proof::Auto | Proof::Text { .. }) => {
            "Nothing has proven yet that the other end answers."
        }
    }
}

fn dial_words(state: &State) -> Option<&'static str> {
    match state {
        State::Waiting { .. } => Some("Now"),
        State::Closed(Reason::Final(_) | Reason::FirstDial(_) | Reason::NoReconnect(_)) => Some("Dial again"),
        State::Idle
        | State::Connecting { .. }
        | State::Open
        | State::Suspect
        | State::Closed(Reason::Manual) => None,
    }
}

fn lived_and_ended(end: &LineEnd, lived: Duration) -> String {
    [&end.to_string(), " · it lived ", &words::span(lived)].concat()
}
