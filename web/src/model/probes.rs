//! A run of probes: the outcomes to draw, and the summary.

use std::collections::VecDeque;

use heartline_core::{
    echo::{Event, Report},
    time::Duration,
};

use super::{
    plot::{Outcome, Plot, SHOWN},
    words,
};

/// The latest probes of a run, by number.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// The number of the oldest one kept.
    first: u64,
    outcomes: VecDeque<Outcome>,
}

impl Probes {
    /// Takes in what an event says about probes. Whether it said anything.
    pub fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::ProbeSent { number } => self.sent(*number),
            Event::ProbeBack { number, round_trip, .. } => self.set(*number, Outcome::Back(*round_trip)),
            Event::ProbeLost { number } => self.set(*number, Outcome::Lost),
            Event::ProbesUnknown { .. } => self.line_ended(),
            Event::RunOver | Event::ProbeRepeated { .. } => {}
            Event::Line(_) | Event::Echoed { .. } | Event::Unasked(_) | Event::Unanswered(_) => return false,
        }
        true
    }

    /// The drawing of them.
    pub fn plot(&self) -> Plot {
        Plot::of(&self.outcomes.iter().copied().collect::<Vec<_>>())
    }

    fn sent(&mut self, number: u64) {
        if self.outcomes.is_empty() {
            self.first = number;
        }
        if self.outcomes.len() == SHOWN {
            self.outcomes.pop_front();
            self.first += 1;
        }
        self.outcomes.push_back(Outcome::Waiting);
    }

    fn set(&mut self, number: u64, outcome: Outcome) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(known) = at.and_then(|at| self.outcomes.get_mut(at)) {
            *known = outcome;
        }
    }

    fn line_ended(&mut self) {
        for outcome in self.outcomes.iter_mut().filter(|outcome| **outcome == Outcome::Waiting) {
            *outcome = Outcome::Unknown;
        }
    }
}

/// A report as pairs of name and value. What did not happen and matters little is left out.
pub fn summary(report: &Report) -> Vec<(&'static str, String)> {
    let times = &report.round_trips;
    let time = |time: Option<Duration>| time.map_or_else(|| "–".to_owned(), words::round_trip);
    let mut pairs = vec![
        ("Sent", report.sent.to_string()),
        ("Back", report.received().to_string()),
        ("Lost", report.lost.to_string()),
        ("Min", time(times.min())),
        ("Median", time(times.median())),
        ("p99", time(times.percentile(99.0))),
        ("Max", time(times.max())),
        ("Jitter", time(times.jitter())),
        ("Out of order", report.out_of_order.to_string()),
        ("Changed", report.changed.to_string()),
    ];
    for (name, count) in
        [("Repeated", report.duplicated), ("Late", report.late), ("Fate unknown", report.unknown)]
    {
        if count > 0 {
            pairs.push((name, count.to_string()));
        }
    }
    pairs
}
