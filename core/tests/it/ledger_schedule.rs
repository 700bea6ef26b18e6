//! What happens to clients, servers and the store, drawn from a seed.

use heartline_core::time::Duration;

use crate::world::{Clock, Death, Flow, Trouble, Way};

pub(crate) const PEOPLE: usize = 3;
pub(crate) const ROOMS: [&str; 2] = ["tea", "coffee"];

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Somebody writes so many messages of about so many bytes.
    Say { who: usize, room: usize, messages: usize, bytes: usize },
    /// Time goes on.
    Pass(Duration),
    /// The line breaks; both sides see it.
    Cut { who: usize },
    /// One way of somebody's network changes.
    Flow { who: usize, way: Way, flow: Flow },
    /// Somebody's network takes so many bytes a second.
    Bandwidth { who: usize, bandwidth: Option<u32> },
    /// Somebody's machine sleeps.
    Sleep { who: usize, how_long: Duration, clock: Clock },
    /// Somebody's page is hidden, or shown again.
    Hidden { who: usize, hidden: bool },
    /// Somebody closes the program and begins anew with an empty memory, but for its identity.
    Restart { who: usize },
    /// Somebody leaves a room and comes in again.
    Leave { who: usize, room: usize },
    /// A server dies.
    Kill { house: usize, death: Death },
    /// It is started again, and may leave out seqs.
    Start { house: usize, skip: u64 },
    /// A server says that it leaves, and is gone when the time is over.
    Drain { house: usize, within: Duration },
    /// All servers stand still, or go on.
    Stopped(bool),
    /// The store works, or does not.
    Trouble(Trouble),
    /// The store lets go of its oldest messages but so many.
    Trim { room: usize, leave: usize },
    /// Power is cut everywhere, and the last messages were not on the disk.
    LoseTail { room: usize, messages: usize, anew: bool },
}

/// A whole life.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) houses: usize,
    /// The longest each step to the store and back takes.
    pub(crate) delay: Duration,
    pub(crate) steps: Vec<Step>,
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let houses = random.usize(1..=2);
        let delay = Duration::from_millis(*random.choice(&[1, 20, 400]).expect("there are some"));
        let steps = random.usize(5..40);
        let steps = (0..steps).map(|_| step(&mut random, houses)).collect();
        Self { seed, houses, delay, steps }
    }
}

fn step(random: &mut fastrand::Rng, houses: usize) -> Step {
    let who = random.usize(..PEOPLE);
    let room = random.usize(..ROOMS.len());
    let house = random.usize(..houses);
    let way = if random.bool() { Way::Up } else { Way::Down };
    match random.usize(..100) {
        0..32 => {
            let messages = if random.u8(..8) == 0 { random.usize(5..30) } else { random.usize(1..4) };
            Step::Say { who, room, messages, bytes: random.usize(..1500) }
        }
        32..50 => {
            let longest = *random.choice(&[50, 1_000, 20_000]).expect("there are some");
            Step::Pass(Duration::from_millis(random.u64(..longest)))
        }
        50..57 => Step::Cut { who },
        57..65 => {
            let flow = *random.choice(&[Flow::Moving, Flow::Moving, Flow::Lost, Flow::Frozen]).expect("some");
            Step::Flow { who, way, flow }
        }
        65..69 => Step::Bandwidth { who, bandwidth: random.bool().then(|| random.u32(500..5_000)) },
        69..72 => {
            let clock = if random.bool() { Clock::Moves } else { Clock::StandsStill };
            Step::Sleep { who, how_long: Duration::from_secs(random.u64(1..200)), clock }
        }
        72..75 => Step::Hidden { who, hidden: random.bool() },
        75..77 => Step::Restart { who },
        77..79 => Step::Leave { who, room },
        79..83 => Step::Kill { house, death: if random.bool() { Death::Process } else { Death::Machine } },
        83..88 => Step::Start { house, skip: if random.bool() { random.u64(..20) } else { 0 } },
        88..89 => Step::Drain { house, within: Duration::from_secs(random.u64(1..15)) },
        89..92 => Step::Stopped(random.bool()),
        92..95 => {
            let all = [Trouble::None, Trouble::Full, Trouble::Doubtful, Trouble::Down];
            Step::Trouble(*random.choice(&all).expect("there are some"))
        }
        95..98 => Step::Trim { room, leave: random.usize(1..12) },
        _ => Step::LoseTail { room, messages: random.usize(1..6), anew: random.bool() },
    }
}
