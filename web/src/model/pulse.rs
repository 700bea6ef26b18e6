//! What a line went through: how its beats were answered, and how it ended each time.

use std::collections::VecDeque;

use heartline_core::{
    echo::Samples,
    line::{Line, LineEvent, State},
    time::Duration,
};

use super::{
    plot::{Outcome, Plot, SHOWN},
    words,
};

/// How many ends are remembered; older ones are forgotten.
pub const ENDS: usize = 10;

/// One end of a line that was open.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Which it is, counted from 1. Dials would not do: they begin anew with other settings.
    pub number: u64,
    /// When, by the reader's clock.
    pub time: String,
    /// Why.
    pub why: String,
    /// How long it lived.
    pub lived: String,
}

/// What is drawn of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Round trips, and where an answer was missed.
    pub plot: Plot,
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The ends, newest first.
    pub ends: Vec<Past>,
}

/// The memory of a line, over all of its dials.
#[derive(Debug, Default)]
pub struct Pulse {
    outcomes: VecDeque<Outcome>,
    ends: VecDeque<Past>,
    ended: u64,
}

impl Pulse {
    /// Takes in what a line tells; whether anything of it is shown.
    pub fn take<'e>(
        &mut self,
        events: impl Iterator<Item = &'e LineEvent>,
        time: impl Fn() -> String,
    ) -> bool {
        events.fold(false, |is_shown, event| self.take_one(event, &time) | is_shown)
    }

    fn take_one(&mut self, event: &LineEvent, time: impl Fn() -> String) -> bool {
        match event {
            LineEvent::RoundTrip(round_trip) => self.push(Outcome::Back(*round_trip)),
            LineEvent::StateChanged(State::Suspect) => self.push(Outcome::Lost),
            LineEvent::Ended(end) => {
                let Some(lived) = end.lived else { return true };
                self.push(Outcome::Unknown);
                self.ended += 1;
                self.ends.truncate(ENDS - 1);
                self.ends.push_front(Past {
                    number: self.ended,
                    time: time(),
                    why: end.to_string(),
                    lived: words::span(lived),
                });
            }
            LineEvent::Opened { .. } | LineEvent::StateChanged(_) => {}
            LineEvent::Message(_)
            | LineEvent::Sent(_)
            | LineEvent::Server(_)
            | LineEvent::Unreadable { .. }
            | LineEvent::Clamped { .. }
            | LineEvent::Arrived { .. }
            | LineEvent::UnknownFate { .. }
            | LineEvent::Expired(_)
            | LineEvent::TokenWanted => return false,
        }
        true
    }

    /// What to show now.
    pub fn shown(&self, line: &Line) -> Shown {
        let outcomes: Vec<_> = self.outcomes.iter().copied().collect();
        let mut facts = vec![
            ("Dial number", line.generation().to_string()),
            ("Beat every", words::span(line.config().policy.heartbeat().interval())),
        ];
        let mut trips = Samples::default();
        outcomes.iter().filter_map(answered).for_each(|trip| trips.record(trip));
        if let (Some(median), Some(slow)) = (trips.median(), trips.percentile(99.0)) {
            facts.push(("Median", words::round_trip(median)));
            facts.push(("p99", words::round_trip(slow)));
        }
        Shown { plot: Plot::of(&outcomes), facts, ends: self.ends.iter().cloned().collect() }
    }

    fn push(&mut self, outcome: Outcome) {
        if self.outcomes.len() == SHOWN {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(outcome);
    }
}

fn answered(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Back(round_trip) => Some(*round_trip),
        Outcome::Waiting | Outcome::Lost | Outcome::Unknown => None,
    }
}
