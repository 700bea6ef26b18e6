//! What may end lines: each hypothesis says, for one number of seconds, which lines it ends and which it lets live.
//!
//! The number is a period for timers, counted from where the timer starts, and a moment of the watch for an event. All questions are
//! answered with the numbers for which they are true ([`Spans`]), so that nothing is claimed beyond what the lines did.

use super::observed::{End, Observed};
use super::signs::SignSet;
use super::spans::{NOISE, Spans, slack};
use super::{Life, Sign};

/// How exact a mechanism is taken to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grain {
    /// A timer may fire so much of its period late: some look at the clock only now and then.
    late: f64,
    /// Lines that end by one event do so within this of each other, to either side.
    spread: f64,
}

impl Grain {
    /// As most are.
    pub(super) const FINE: Self = Self { late: 0.0, spread: 0.3 };
    /// A timer that sweeps, a shutdown that takes its time.
    pub(super) const COARSE: Self = Self { late: 0.35, spread: 2.0 };
}

/// A mechanism that may end lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hypothesis {
    /// A timer that starts with the line and is set anew by each of these signs. With none of them it is a lifetime.
    Timer(SignSet),
    /// A timer that starts with the line and is stopped for good by the first message from us.
    FirstMessage,
    /// A timer that starts with a ping of the server and is stopped by our answer.
    Pong,
    /// A server that ends whoever sends it a message it does not expect, so soon after it.
    MessageRefused,
    /// All lines that are open at one moment end.
    Event,
}

/// A message that is refused is refused within this.
const REFUSAL: f64 = 1.0;

impl Hypothesis {
    /// Every one.
    pub(super) fn every() -> impl Iterator<Item = Self> {
        SignSet::every().map(Self::Timer).chain([
            Self::FirstMessage,
            Self::Pong,
            Self::MessageRefused,
            Self::Event,
        ])
    }

    /// The numbers for which it ends this line as it ended.
    pub(super) fn ends(self, line: &Observed, end: End, grain: Grain) -> Spans {
        let (alive, dead) = (line.alive, end.dead);
        match self {
            Self::Timer(set) => timer(line, |sign| set.contains(sign), alive, dead, grain),
            Self::FirstMessage => {
                let first = line.times(Sign::ClientData).next().map_or(f64::INFINITY, |at| at - line.opened);
                let spans = around((alive - line.opened) * (1.0 - grain.late), dead - line.opened);
                spans.and(&Spans::of(vec![(0.0, first + slack(first.min(dead)))]))
            }
            Self::Pong if line.life == Life::Mute => {
                let pings = line.times(Sign::ServerControl);
                pings.fold(Spans::default(), |spans, ping| spans.or(&around(alive - ping, dead - ping)))
            }
            Self::Pong => Spans::default(),
            Self::MessageRefused => {
                let first = line.times(Sign::ClientData).next();
                let spans = first.map_or_else(Spans::default, |first| around(alive - first, dead - first));
                spans.and(&Spans::of(vec![(0.0, REFUSAL + line.trip)]))
            }
            Self::Event => {
                let spans = Spans::of(vec![(alive - grain.spread, dead + grain.spread)]);
                spans.and(&Spans::above(line.opened - grain.spread))
            }
        }
    }

    /// Whether it is one that can be worse than exact.
    pub(super) const fn is_coarse(self) -> bool {
        match self {
            Self::Timer(_) | Self::FirstMessage | Self::Event => true,
            Self::Pong | Self::MessageRefused => false,
        }
    }

    /// The numbers for which it lets this line live until `until`.
    pub(super) fn spares(self, line: &Observed, until: f64, grain: Grain) -> Spans {
        let longer_than = |silence: f64| Spans::above(silence * (1.0 - grain.late) - slack(silence));
        match self {
            Self::Timer(set) => longer_than(longest(&line.resets(|sign| set.contains(sign), until), until)),
            Self::FirstMessage => longer_than(
                line.times(Sign::ClientData).next().map_or(until, |at| at.min(until)) - line.opened,
            ),
            Self::Pong if line.life == Life::Mute => {
                // Some servers wait for more than one ping to go unanswered: only the last one surely had its time.
                line.times(Sign::ServerControl)
                    .filter(|at| *at <= until)
                    .last()
                    .map_or_else(Spans::all, |at| longer_than(until - at))
            }
            Self::Pong => Spans::all(),
            Self::MessageRefused => line
                .times(Sign::ClientData)
                .next()
                .map_or_else(Spans::all, |first| longer_than(until - first)),
            Self::Event => {
                // A line that was opened while others ended has met whoever came after.
                let before = (0.0, line.opened + Grain::FINE.spread);
                Spans::of(vec![before, ((until - grain.spread).max(0.0), f64::INFINITY)])
            }
        }
    }
}

/// The periods for which a timer that is set anew by some signs ends a line after `alive` and by `dead`.
fn timer(line: &Observed, is_reset: impl Fn(Sign) -> bool, alive: f64, dead: f64, grain: Grain) -> Spans {
    let resets = line.resets(is_reset, dead);
    let mut spans = Vec::new();
    let mut outlived: f64 = 0.0;
    for (index, reset) in resets.iter().enumerate() {
        // It ends in this silence if it is the first that is long enough: what we sent after that reached a dead line.
        let least = outlived.max(alive - reset) * (1.0 - grain.late);
        let (silence, from, to) = match resets.get(index + 1) {
            // A timer has its grain, but something did come: only on its way can it have crossed the end.
            Some(next) => (next - reset, least - NOISE - line.trip, next - reset + NOISE),
            None => (dead - reset, least - slack(least), dead - reset + slack(dead - reset)),
        };
        if from <= to {
            spans.push((from, to));
        }
        outlived = outlived.max(silence);
    }
    Spans::of(spans)
}

/// The longest silence between resets that a line lived through until `until`.
fn longest(resets: &[f64], until: f64) -> f64 {
    let ends = resets.iter().skip(1).copied().chain([until]);
    resets.iter().zip(ends).map(|(from, to)| to - from).fold(0.0, f64::max)
}

/// From the one to the other, with the slack that ends have. Nothing ends before it begins.
fn around(least: f64, most: f64) -> Spans {
    if most < 0.0 {
        return Spans::default();
    }
    Spans::of(vec![(least - slack(least.max(0.0)), most + slack(most))])
}
