//! What breaks, and when: a pure function of a seed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::proxy::Way;

/// The longest time anything stays broken. Longer than a dead line goes unnoticed, so that both ways out are seen.
const LONGEST: Duration = Duration::from_secs(5);

/// Where the history of a life lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// In the server's memory: when it dies, a new epoch begins.
    Memory,
    /// In a file, which outlives the server.
    Sqlite,
}

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
    /// Somebody's connections break.
    Cut(usize),
    /// Nothing moves any more in one direction of somebody's connections.
    Stick(usize, Way),
    /// It moves again.
    Free(usize),
    /// Somebody's client is gone, and another run of it begins with an empty memory.
    Restart(usize),
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
    /// How many servers share the rooms.
    pub servers: usize,
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
        let servers = history.servers();
        let mut plan = Self { seed, history, clients, servers, length, steps: Vec::new() };
        // A life in which no server is in trouble proves little.
        let trouble = plan.server_trouble(&mut random);
        plan.add(&mut random, trouble);
        for _ in 0..random.usize(2..=7) {
            let fault = if random.u8(..3) == 0 {
                plan.server_trouble(&mut random)
            } else {
                plan.client_trouble(&mut random)
            };
            plan.add(&mut random, fault);
        }
        plan.steps.sort_by_key(|(at, _)| *at);
        plan
    }

    fn add(&mut self, random: &mut fastrand::Rng, (begins, ends): (Step, Option<Step>)) {
        let at = self.length.mul_f64(random.f64());
        let lasts = LONGEST.min(self.length).mul_f64(random.f64());
        self.steps.push((at, begins));
        self.steps.extend(ends.map(|step| (at + lasts, step)));
    }

    fn server_trouble(&self, random: &mut fastrand::Rng) -> (Step, Option<Step>) {
        let server = random.usize(..self.servers);
        match random.usize(..10) {
            0..5 => (Step::Kill(server), Some(Step::Start(server))),
            5..7 => (Step::Drain(server), Some(Step::Start(server))),
            _ => (Step::Stop(server), Some(Step::Continue(server))),
        }
    }

    fn client_trouble(&self, random: &mut fastrand::Rng) -> (Step, Option<Step>) {
        let who = random.usize(..self.clients);
        let way = if random.bool() { Way::Up } else { Way::Down };
        match random.usize(..10) {
            0..4 => (Step::Cut(who), None),
            4..8 => (Step::Stick(who, way), Some(Step::Free(who))),
            _ => (Step::Restart(who), None),
        }
    }
}

impl History {
    /// All there are, by the names that [`FromStr`] reads.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Sqlite];

    /// What is typed for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
        }
    }

    const fn servers(self) -> usize {
        match self {
            Self::Memory | Self::Sqlite => 1,
        }
    }
}

impl FromStr for History {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|history| history.name() == name)
            .ok_or_else(|| format!("there is no history \"{name}\"; take one of {known}"))
    }
}

impl fmt::Display for History {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_whatever_breaks_is_mended() {
        let length = Duration::from_secs(10);
        for seed in 0..200 {
            let plan = Plan::new(seed, History::Memory, length);
            assert_eq!(plan, Plan::new(seed, History::Memory, length));
            assert!(plan.steps.is_sorted_by_key(|(at, _)| *at));
            let count =
                |wanted: fn(&Step) -> bool| plan.steps.iter().filter(|(_, step)| wanted(step)).count();
            let downs = count(|step| matches!(step, Step::Kill(_) | Step::Drain(_)));
            assert_eq!(downs, count(|step| matches!(step, Step::Start(_))), "{plan:?}");
        }
        assert_ne!(Plan::new(1, History::Memory, length).steps, Plan::new(2, History::Memory, length).steps);
    }
}
