use crate::line::Message;
use crate::time::Instant;

use super::event::Event;
use super::payload::{Payload, Recognised};
use super::plan::ProbePlan;
use super::report::Report;
use super::window::{Arrival, Window};

/// One run of probes: when the next is due, and what became of the others.
#[derive(Debug)]
pub(super) struct Run {
    plan: ProbePlan,
    payload: Payload,
    window: Window,
    report: Report,
    next_due: Instant,
    stopped: bool,
    over: bool,
}

/// What a message that came in is to this run.
#[derive(Debug)]
pub(super) enum Found {
    /// A probe, and what there is to tell about it.
    Ours(Event),
    /// None of ours.
    Foreign,
}

impl Run {
    /// A run whose first probe is due at once. `name` tells it from other runs.
    pub(super) fn new(plan: ProbePlan, name: u32, now: Instant) -> Self {
        let payload = Payload { run: name, kind: plan.kind, size: plan.size };
        Self {
            plan,
            payload,
            window: Window::new(),
            report: Report::default(),
            next_due: now,
            stopped: false,
            over: false,
        }
    }

    pub(super) fn plan(&self) -> &ProbePlan {
        &self.plan
    }

    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// There is a line again: go on at once.
    pub(super) fn opened(&mut self, now: Instant) {
        self.next_due = now;
    }

    /// The probe that is due now, if one is. The beat counts as used whether it is sent or not: nothing is made up for.
    pub(super) fn due(&mut self, now: Instant) -> Option<(u64, Message)> {
        if self.all_sent() || now < self.next_due || !self.window.has_room() {
            return None;
        }
        // In step with the beats before, unless they lie so far back that it would become a burst.
        let late = now.saturating_duration_since(self.next_due);
        let from = if late < self.plan.interval { self.next_due } else { now };
        self.next_due = from + self.plan.interval;
        let number = self.window.next_number();
        Some((number, self.payload.write(number)))
    }

    /// The probe that was due is on its way.
    pub(super) fn sent(&mut self, now: Instant) {
        self.window.sent(now, &mut self.report);
    }

    pub(super) fn take(&mut self, now: Instant, message: &Message) -> Found {
        let (number, intact) = match self.payload.recognise(message) {
            Recognised::Foreign => return Found::Foreign,
            Recognised::Intact(number) => (number, true),
            Recognised::Changed(number) => {
                // A damaged number may name a probe that never was: then it is most likely the oldest under way.
                let known = number.filter(|number| (1..self.window.next_number()).contains(number));
                match known.or_else(|| self.window.oldest_waiting()) {
                    Some(number) => (number, false),
                    None => return Found::Foreign,
                }
            }
        };
        match self.window.back(now, number, intact, &mut self.report) {
            Arrival::First { number, round_trip, out_of_order, late } => {
                Found::Ours(Event::ProbeBack { number, round_trip, changed: !intact, out_of_order, late })
            }
            Arrival::Again { number } => Found::Ours(Event::ProbeRepeated { number }),
            Arrival::Stranger => Found::Foreign,
        }
    }

    pub(super) fn count_foreign(&mut self) {
        self.report.foreign += 1;
    }

    /// The number of one probe whose time is over.
    pub(super) fn give_up(&mut self, now: Instant) -> Option<u64> {
        self.window.give_up(now, self.plan.timeout, &mut self.report)
    }

    /// How many probes are unknown now.
    pub(super) fn line_ended(&mut self) -> u64 {
        self.window.line_ended(&mut self.report)
    }

    /// Whether it has just become over.
    pub(super) fn becomes_over(&mut self) -> bool {
        let over = self.all_sent() && self.report.waiting == 0;
        !std::mem::replace(&mut self.over, over) && over
    }

    /// When there is something to do. Without a line no probe is due.
    pub(super) fn poll_timeout(&self, open: bool) -> Option<Instant> {
        let due = (open && !self.all_sent() && self.window.has_room()).then_some(self.next_due);
        [due, self.window.deadline(self.plan.timeout)].into_iter().flatten().min()
    }

    fn all_sent(&self) -> bool {
        self.stopped || self.plan.count.is_some_and(|count| self.report.sent >= count)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::time::Duration;

    #[test]
    fn probes_keep_their_beat_and_make_nothing_up() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut run = Run::new(ProbePlan { interval: second, ..ProbePlan::default() }, 1, start);
        assert_eq!(send(&mut run, start), Some(1));
        assert_eq!(send(&mut run, start), None);
        assert_eq!(send(&mut run, start + second + second / 10), Some(2), "a tenth late");
        assert_eq!(run.poll_timeout(true), Some(start + 2 * second), "but in step");
        let woken = start + 3_600 * second;
        assert_eq!(send(&mut run, woken), Some(3));
        assert_eq!(send(&mut run, woken), None, "an hour's sleep makes no burst");
        assert_eq!(
            run.poll_timeout(false),
            run.window.deadline(run.plan.timeout),
            "without a line none is due"
        );
    }

    #[test]
    fn a_run_is_over_when_all_are_decided() {
        let start = Instant::now();
        let plan = ProbePlan { count: Some(1), ..ProbePlan::default() };
        let mut run = Run::new(plan, 1, start);
        send(&mut run, start);
        assert!(!run.becomes_over());
        assert!(matches!(run.take(start, &run.payload.write(1)), Found::Ours(Event::ProbeBack { .. })));
        assert!(run.becomes_over());
        assert!(!run.becomes_over(), "told once");
        assert_eq!(run.poll_timeout(true), None);
    }

    fn send(run: &mut Run, now: Instant) -> Option<u64> {
        let (number, _) = run.due(now)?;
        run.sent(now);
        Some(number)
    }
}
