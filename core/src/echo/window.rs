//! The probes under way and those decided lately, so that repeats and late echoes are recognised within bounds.

use std::collections::VecDeque;

use crate::time::{Duration, Instant};

use super::report::Report;

/// This many probes are remembered. What comes back for an older one counts as a repeat: it was decided long ago.
const REMEMBERED: usize = 4_096;

/// What an echo of one of our probes turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The first echo of this probe.
    First { number: u64, round_trip: Duration, out_of_order: bool, late: bool },
    /// It came back before.
    Again { number: u64 },
    /// No such probe was sent.
    Stranger,
}

#[derive(Debug)]
pub(super) struct Window {
    /// Consecutive numbers, the first is `first`.
    probes: VecDeque<Probe>,
    first: u64,
    /// The highest number that came back.
    highest_back: Option<u64>,
    /// Everything below was decided: where the search for the next deadline begins.
    undecided_from: u64,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    sent: Instant,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waiting,
    Back,
    Lost,
    Unknown,
}

impl Window {
    /// Numbers begin at 1.
    pub(super) fn new() -> Self {
        Self { probes: VecDeque::new(), first: 1, highest_back: None, undecided_from: 1 }
    }

    /// Whether one more probe can be followed: `false` while the oldest that would be forgotten is still under way.
    pub(super) fn has_room(&self) -> bool {
        self.probes.len() < REMEMBERED || self.first < self.undecided_from
    }

    /// The number the next probe bears.
    pub(super) fn next_number(&self) -> u64 {
        self.first + self.probes.len() as u64
    }

    /// The next probe was sent.
    pub(super) fn sent(&mut self, now: Instant, report: &mut Report) {
        if self.probes.len() >= REMEMBERED {
            self.probes.pop_front();
            self.first += 1;
            self.undecided_from = self.undecided_from.max(self.first);
        }
        self.probes.push_back(Probe { sent: now, fate: Fate::Waiting });
        report.sent += 1;
        report.waiting += 1;
    }

    /// The number of the oldest probe under way.
    pub(super) fn oldest_waiting(&self) -> Option<u64> {
        self.waiting().next().map(|(number, _)| number)
    }

    /// An echo of probe `number` came in.
    pub(super) fn back(&mut self, now: Instant, number: u64, intact: bool, report: &mut Report) -> Arrival {
        if number == 0 || number >= self.next_number() {
            return Arrival::Stranger;
        }
        let Some(probe) = number.checked_sub(self.first).and_then(|at| self.probes.get_mut(at as usize))
        else {
            report.duplicated += 1;
            return Arrival::Again { number };
        };
        match probe.fate {
            Fate::Back => {
                report.duplicated += 1;
                return Arrival::Again { number };
            }
            Fate::Waiting => report.waiting -= 1,
            Fate::Lost => report.lost -= 1,
            Fate::Unknown => report.unknown -= 1,
        }
        let late = probe.fate != Fate::Waiting;
        let same_line = probe.fate != Fate::Unknown;
        probe.fate = Fate::Back;
        let round_trip = now.saturating_duration_since(probe.sent);
        let out_of_order = self.highest_back.is_some_and(|highest| number < highest);
        self.highest_back = self.highest_back.max(Some(number));
        self.advance();
        // Across two lines it would measure how long there was none.
        if same_line {
            report.round_trips.record(round_trip);
        }
        report.late += u64::from(late);
        report.out_of_order += u64::from(out_of_order);
        if intact {
            report.intact += 1;
        } else {
            report.changed += 1;
        }
        Arrival::First { number, round_trip, out_of_order, late }
    }

    /// When the oldest probe under way will be given up.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Instant> {
        self.waiting().next().and_then(|(_, probe)| probe.sent.checked_add(timeout))
    }

    /// Gives up the oldest probe under way, if its time is over; its number.
    pub(super) fn give_up(&mut self, now: Instant, timeout: Duration, report: &mut Report) -> Option<u64> {
        let number =
            self.deadline(timeout).filter(|deadline| *deadline <= now).and_then(|_| self.oldest_waiting())?;
        self.decide(number, Fate::Lost);
        report.waiting -= 1;
        report.lost += 1;
        Some(number)
    }

    /// The line ended: of what is under way nobody knows. How many there were.
    pub(super) fn line_ended(&mut self, report: &mut Report) -> u64 {
        let mut ended = 0;
        while let Some(number) = self.oldest_waiting() {
            self.decide(number, Fate::Unknown);
            ended += 1;
        }
        report.waiting -= ended;
        report.unknown += ended;
        ended
    }

    fn decide(&mut self, number: u64, fate: Fate) {
        if let Some(probe) = self.probes.get_mut((number - self.first) as usize) {
            probe.fate = fate;
        }
        self.advance();
    }

    fn advance(&mut self) {
        self.undecided_from = self.oldest_waiting().unwrap_or_else(|| self.next_number());
    }

    fn waiting(&self) -> impl Iterator<Item = (u64, &Probe)> {
        let skipped = (self.undecided_from - self.first) as usize;
        (self.undecided_from..)
            .zip(self.probes.iter().skip(skipped))
            .filter(|(_, probe)| probe.fate == Fate::Waiting)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    #[test]
    fn each_probe_has_one_fate() {
        let (mut world, t) = World::with_probes(5);
        assert!(matches!(world.back(t, 2), Arrival::First { number: 2, out_of_order: false, .. }));
        assert!(matches!(world.back(t, 1), Arrival::First { number: 1, out_of_order: true, .. }));
        assert_eq!(world.back(t, 1), Arrival::Again { number: 1 });
        assert_eq!(world.back(t, 6), Arrival::Stranger);
        assert_eq!(world.window.give_up(t + TIMEOUT, TIMEOUT, &mut world.report), Some(3));
        assert_eq!(world.window.line_ended(&mut world.report), 2);
        let report = &world.report;
        assert_eq!(
            (report.sent, report.intact, report.lost, report.unknown, report.waiting),
            (5, 2, 1, 2, 0)
        );
        assert_eq!((report.duplicated, report.out_of_order), (1, 1));
    }

    #[test]
    fn a_late_echo_is_not_lost_any_more() {
        let (mut world, t) = World::with_probes(1);
        world.window.give_up(t + TIMEOUT, TIMEOUT, &mut world.report);
        assert_eq!(world.report.loss(), Some(1.0));
        assert!(matches!(world.back(t + TIMEOUT * 2, 1), Arrival::First { late: true, .. }));
        assert_eq!((world.report.lost, world.report.late, world.report.intact), (0, 1, 1));
    }

    #[test]
    fn the_window_is_bounded_and_waits_for_its_oldest() {
        let (mut world, t) = World::with_probes(REMEMBERED as u64);
        assert!(!world.window.has_room(), "the first is still under way");
        world.back(t, 2);
        assert!(!world.window.has_room());
        world.back(t, 1);
        assert!(world.window.has_room());
        world.window.sent(t, &mut world.report);
        assert_eq!(world.window.probes.len(), REMEMBERED);
        assert_eq!(world.back(t, 1), Arrival::Again { number: 1 }, "forgotten, so decided long ago");
    }

    #[test]
    fn the_deadline_is_that_of_the_oldest_under_way() {
        let (mut world, t) = World::with_probes(2);
        assert_eq!(world.window.deadline(TIMEOUT), Some(t + TIMEOUT));
        world.back(t, 1);
        world.back(t, 2);
        assert_eq!(world.window.deadline(TIMEOUT), None);
    }

    struct World {
        window: Window,
        report: Report,
    }

    impl World {
        fn with_probes(count: u64) -> (Self, Instant) {
            let now = Instant::now();
            let mut world = Self { window: Window::new(), report: Report::default() };
            (0..count).for_each(|_| world.window.sent(now, &mut world.report));
            (world, now)
        }

        fn back(&mut self, now: Instant, number: u64) -> Arrival {
            self.window.back(now, number, true, &mut self.report)
        }
    }
}
