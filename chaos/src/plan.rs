//! What breaks, and when: a pure function of a seed.

use std::time::Duration;

use crate::history::History;
use crate::proxy::Way;

/// The longest time anything stays broken. Longer than a dead line goes unnoticed, so that both ways out are seen.
const LONGEST: Duration = Duration::from_secs(5);

/// One thing that is done to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A server gets SIGKILL.
    Kill(usize),
    /// A server gets SIGTERM, and leaves in good order.
    Drain(usize),
    /// A server that is down is started again.
    Start(usize),
    /// A server gets SIGSTOP.
    Stop(usize),
    /// A server gets SIGCONT.
    Continue(usize),
    /// Nothing more fits on the disk of the history.
    FillDisk,
    /// There is room again.
    EmptyDisk,
    /// The history is copied.
    Copy(Copying),
    /// The last copy is put back.
    PutBack,
    /// The broker that leads gets SIGKILL.
    KillBroker,
    /// Brokers that are down are started again.
    StartBrokers,
    /// The broker that leads gets SIGSTOP.
    StopBroker,
    /// Brokers that stand still get SIGCONT.
    ContinueBrokers,
    /// Somebody's connections break.
    Cut(usize),
    /// Nothing moves any more in one direction of somebody's connections.
    Stick(usize, Way),
    /// It moves again.
    Free(usize),
    /// Somebody's client is gone, and another run of it begins with an empty memory.
    Restart(usize),
}

/// How a history is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copying {
    /// By `heartline history export`, beside the server.
    Export,
    /// As a file, beside its log, while the server is killed.
    File,
}

/// What can befall servers and what they stand on. A life begins its troubles with one of these; lives of consecutive seeds go
/// through all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Kill,
    Drain,
    Stop,
    FullDisk,
    Restore(Copying),
    BrokerKill,
    BrokerStop,
}

/// A whole life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    /// Where the history lies.
    pub history: History,
    /// How many clients talk.
    pub clients: usize,
    /// How long everybody talks.
    pub length: Duration,
    /// What is done, each with its moment since the beginning.
    pub steps: Vec<(Duration, Step)>,
}

impl Plan {
    /// The plan of this seed, for a life of about that length.
    pub fn new(seed: u64, history: History, length: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let clients = random.usize(4..=10);
        let mut plan = Self { seed, history, clients, length, steps: Vec::new() };
        // A life in which no server is in trouble proves little.
        let troubles = Trouble::of(history);
        plan.trouble(&mut random, troubles[usize::try_from(seed).unwrap_or_default() % troubles.len()]);
        for _ in 0..random.usize(2..=7) {
            if random.u8(..3) == 0 {
                let trouble = troubles[random.usize(..troubles.len())];
                plan.trouble(&mut random, trouble);
            } else {
                plan.client_trouble(&mut random);
            }
        }
        plan.steps.sort_by_key(|(at, _)| *at);
        plan
    }

    fn trouble(&mut self, random: &mut fastrand::Rng, trouble: Trouble) {
        let server = random.usize(..self.history.servers());
        let (begins, ends) = match trouble {
            Trouble::Kill => (Step::Kill(server), Step::Start(server)),
            Trouble::Drain => (Step::Drain(server), Step::Start(server)),
            Trouble::Stop => (Step::Stop(server), Step::Continue(server)),
            Trouble::FullDisk => (Step::FillDisk, Step::EmptyDisk),
            Trouble::Restore(copying) => (Step::Copy(copying), Step::PutBack),
            Trouble::BrokerKill => (Step::KillBroker, Step::StartBrokers),
            Trouble::BrokerStop => (Step::StopBroker, Step::ContinueBrokers),
        };
        self.add(random, begins, Some(ends));
    }

    fn client_trouble(&mut self, random: &mut fastrand::Rng) {
        let who = random.usize(..self.clients);
        let way = if random.bool() { Way::Up } else { Way::Down };
        let (begins, ends) = match random.usize(..10) {
            0..4 => (Step::Cut(who), None),
            4..8 => (Step::Stick(who, way), Some(Step::Free(who))),
            _ => (Step::Restart(who), None),
        };
        self.add(random, begins, ends);
    }

    fn add(&mut self, random: &mut fastrand::Rng, begins: Step, ends: Option<Step>) {
        let at = self.length.mul_f64(random.f64());
        let lasts = LONGEST.min(self.length).mul_f64(random.f64());
        self.steps.push((at, begins));
        self.steps.extend(ends.map(|step| (at + lasts, step)));
    }
}

impl Trouble {
    const fn of(history: History) -> &'static [Self] {
        match history {
            History::Memory | History::Trimmed => &[Self::Kill, Self::Stop, Self::Drain],
            History::Sqlite => &[
                Self::Kill,
                Self::FullDisk,
                Self::Restore(Copying::File),
                Self::Stop,
                Self::Restore(Copying::Export),
                Self::Drain,
            ],
            History::Nats | History::Cluster => {
                &[Self::BrokerKill, Self::Kill, Self::BrokerStop, Self::Stop, Self::Drain]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_whatever_breaks_is_mended() {
        let length = Duration::from_secs(10);
        for (history, seed) in
            History::ALL.into_iter().flat_map(|history| (0..100).map(move |n| (history, n)))
        {
            let plan = Plan::new(seed, history, length);
            assert_eq!(plan, Plan::new(seed, history, length));
            assert!(plan.steps.is_sorted_by_key(|(at, _)| *at));
            let count =
                |wanted: fn(&Step) -> bool| plan.steps.iter().filter(|(_, step)| wanted(step)).count();
            for (breaks, mends) in [
                (
                    count(|step| matches!(step, Step::Kill(_) | Step::Drain(_))),
                    count(|step| matches!(step, Step::Start(_))),
                ),
                (
                    count(|step| matches!(step, Step::Stop(_))),
                    count(|step| matches!(step, Step::Continue(_))),
                ),
                (count(|step| matches!(step, Step::Copy(_))), count(|step| *step == Step::PutBack)),
                (count(|step| *step == Step::FillDisk), count(|step| *step == Step::EmptyDisk)),
                (count(|step| *step == Step::KillBroker), count(|step| *step == Step::StartBrokers)),
                (count(|step| *step == Step::StopBroker), count(|step| *step == Step::ContinueBrokers)),
            ] {
                assert_eq!(breaks, mends, "{plan:?}");
            }
        }
        assert_ne!(Plan::new(1, History::Memory, length).steps, Plan::new(2, History::Memory, length).steps);
    }

    #[test]
    fn lives_of_consecutive_seeds_go_through_all_troubles_of_a_history() {
        let lives = |history| {
            let many = Trouble::of(history).len() as u64;
            (0..many).flat_map(move |seed| Plan::new(seed, history, LONGEST).steps).map(|(_, step)| step)
        };
        for step in [Step::FillDisk, Step::Copy(Copying::Export), Step::Copy(Copying::File), Step::PutBack] {
            assert!(lives(History::Sqlite).any(|lived| lived == step), "{step:?}");
        }
        for step in [Step::KillBroker, Step::StopBroker, Step::Kill(0)] {
            assert!(lives(History::Cluster).any(|lived| lived == step), "{step:?}");
        }
    }
}
