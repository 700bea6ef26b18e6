//! The faults of one line, and what they mean for the bytes that come.

use std::collections::VecDeque;

use crate::frame::Side;
use crate::time::Instant;

use super::way::{Fate, Tally, Way};
use super::{Act, Cut, Fault, When, Whose};
use crate::frame::Opcode;

/// Faults that one line may have.
pub const MOST_FAULTS: usize = 16;

/// There is no room for another fault: clear those that are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line can have {MOST_FAULTS} faults and no more: clear them first")]
pub struct TooManyFaults;

/// What is to be done with the first of the bytes that have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many of them go on.
    Pass(usize),
    /// So many of them do not arrive.
    Drop(usize),
    /// It takes more bytes to tell. Those that are there stay, and are handed in again with what follows.
    More,
    /// Nothing goes on before `until`, or before the faults change where there is no such moment.
    Wait {
        /// When to ask again.
        until: Option<Instant>,
        /// More may be read meanwhile, as far as there is room.
        may_read: bool,
    },
    /// Nothing goes on any more: the line is [cut](Faults::cut).
    Cut,
}

/// The faults of one open line. It opens no socket and reads no clock: a shell hands in what comes, in each direction, and asks
/// what to do. While no fault is set all bytes pass as they are and frames are only counted.
#[derive(Debug)]
pub struct Faults {
    set: Vec<Set>,
    client: Way,
    server: Way,
    /// Faults that have begun and nobody was told of.
    fired: VecDeque<Fault>,
    cut: Option<(Whose, Cut)>,
    closed_first: Option<Side>,
}

/// A fault that is set.
#[derive(Debug)]
struct Set {
    fault: Fault,
    at: Instant,
    /// The frames there were when it was set.
    frames: u64,
    has_begun: bool,
}

impl Faults {
    /// A line that opens now, without a fault.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let (client, server) = (Way::new(now), Way::new(now));
        Self { set: Vec::new(), client, server, fired: VecDeque::new(), cut: None, closed_first: None }
    }

    /// Sets a fault. One that is set already begins anew.
    ///
    /// # Errors
    /// [`TooManyFaults`] beyond [`MOST_FAULTS`].
    pub fn set(&mut self, now: Instant, fault: Fault) -> Result<(), TooManyFaults> {
        self.set.retain(|set| set.fault != fault);
        if self.set.len() == MOST_FAULTS {
            return Err(TooManyFaults);
        }
        let frames = self.frames(fault.whose);
        self.set.push(Set { fault, at: now, frames, has_begun: false });
        self.check(now);
        Ok(())
    }

    /// Takes all faults away. What was dropped stays dropped, and a cut line stays cut.
    pub fn clear(&mut self) {
        self.set.clear();
    }

    /// The faults that are set, and whether each has begun.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, bool)> {
        self.set.iter().map(|set| (set.fault, set.has_begun))
    }

    /// What is to be done with the first of `bytes`, which `side` has sent and which came at `arrived`. Without bytes: whether
    /// more may be read. A bit of what passes may have been turned over.
    ///
    /// Bytes that pass or are dropped must not be handed in again; those that wait must.
    pub fn next(&mut self, now: Instant, side: Side, arrived: Instant, bytes: &mut [u8]) -> Step {
        let step = self.decide(now, side, arrived, bytes);
        if self.closed_first.is_none() && self.tally(side).close.is_some() {
            self.closed_first = Some(side);
        }
        step
    }

    fn decide(&mut self, now: Instant, side: Side, arrived: Instant, bytes: &mut [u8]) -> Step {
        if !bytes.is_empty() {
            self.way(side).hear(arrived);
        }
        if self.set.is_empty() && self.cut.is_none() && !self.way(side).is_fated() {
            self.way(side).pass(bytes);
            return if bytes.is_empty() { Step::More } else { Step::Pass(bytes.len()) };
        }
        self.check(now);
        if let Some((_, cut)) = self.cut {
            // A close frame has its place between two others.
            let finishes = matches!(cut, Cut::Code(_)) && self.way(side).is_inside();
            return match finishes {
                true => self.way(side).step(bytes, usize::MAX, |_| Fate::default()),
                false => Step::Cut,
            };
        }
        if self.has(side, |act| act == Act::Stall) {
            return Step::Wait { until: None, may_read: false };
        }
        if bytes.is_empty() {
            return Step::More;
        }
        let delays =
            self.acts(side).filter_map(|act| if let Act::Delay(time) = act { Some(time) } else { None });
        if let Some(until) = delays.max().map(|delay| arrived + delay).filter(|until| now < *until) {
            return Step::Wait { until: Some(until), may_read: true };
        }
        let rates =
            self.acts(side).filter_map(|act| if let Act::Throttle(rate) = act { Some(rate) } else { None });
        let rate = rates.min();
        let limit = match rate.map(|rate| self.way(side).allowance(now, rate)) {
            None => usize::MAX,
            Some(Ok(limit)) => limit,
            Some(Err(until)) => return Step::Wait { until: Some(until), may_read: true },
        };
        let step = self.step(side, bytes, limit);
        if let (Step::Pass(count), Some(_)) = (step, rate) {
            self.way(side).spend(count);
        }
        step
    }

    /// Whether `bytes`, which `side` sends next, pass as they are: then they have passed. While a fault is set they do not, and must
    /// be handed in.
    pub fn pass_unchanged(&mut self, now: Instant, side: Side, bytes: &[u8]) -> bool {
        let passes = self.set.is_empty() && self.cut.is_none() && !self.way(side).is_fated();
        if passes {
            // `next` does just that, with a copy that stays as it is.
            self.next(now, side, now, &mut bytes.to_vec());
        }
        passes
    }

    /// How many bytes that `side` sends next pass without being looked at: payload of the frame under way, while no fault is set.
    /// None where each must be handed in.
    #[must_use]
    pub fn unseen(&self, side: Side) -> u64 {
        let way = if side == Side::Client { &self.client } else { &self.server };
        if self.set.is_empty() && self.cut.is_none() && !way.is_fated() { way.unseen() } else { 0 }
    }

    /// So many bytes have come and passed without being looked at, no more than [`unseen`](Self::unseen) said.
    pub fn passed_unseen(&mut self, now: Instant, side: Side, count: u64) {
        self.way(side).hear(now);
        self.way(side).skip(count);
    }

    /// The payload length of the frame of `side` that began last; 0 before there was one, or while a fault is set.
    #[must_use]
    pub fn length(&self, side: Side) -> u64 {
        let way = if side == Side::Client { &self.client } else { &self.server };
        if self.set.is_empty() && self.cut.is_none() { way.length() } else { 0 }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do, if it has.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.set.iter().filter(|set| !set.has_begun).filter_map(|set| self.due(set)).min()
    }

    /// Lets begin what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.check(now);
    }

    /// A fault that has begun since it was last asked: whoever waits must ask [`next`](Self::next) again.
    pub fn poll_fired(&mut self) -> Option<Fault> {
        self.fired.pop_front()
    }

    /// How many would be given.
    #[must_use]
    pub fn fired(&self) -> usize {
        self.fired.len()
    }

    /// Who sent a close frame before the other did.
    #[must_use]
    pub const fn closed_first(&self) -> Option<Side> {
        self.closed_first
    }

    /// How the line is cut, and for the readers of whose bytes; the other end sees a FIN.
    #[must_use]
    pub const fn cut(&self) -> Option<(Whose, Cut)> {
        self.cut
    }

    /// Whether a close frame can go where the bytes of `side` went: not inside of another frame.
    #[must_use]
    pub fn is_between_frames(&self, side: Side) -> bool {
        match side {
            Side::Client => !self.client.is_inside(),
            Side::Server => !self.server.is_inside(),
        }
    }

    /// What `side` has sent so far.
    #[must_use]
    pub const fn tally(&self, side: Side) -> &Tally {
        match side {
            Side::Client => self.client.tally(),
            Side::Server => self.server.tally(),
        }
    }

    fn step(&mut self, side: Side, bytes: &mut [u8], limit: usize) -> Step {
        let (mutes, drops) =
            (self.has(side, |act| act == Act::MutePongs), self.has(side, |act| act == Act::Blackhole));
        let corrupts = self.has(side, |act| act == Act::Corrupt);
        let mut corrupted = false;
        let step = self.way(side).step(bytes, limit, |header| {
            let dropped = drops || mutes && header.opcode == Opcode::Pong;
            corrupted = corrupts && !dropped && !header.opcode.is_control() && header.length > 0;
            Fate { dropped, corrupted }
        });
        if corrupted {
            let one = self.set.iter().position(|set| set.is_on(side) && set.fault.act == Act::Corrupt);
            one.map(|one| self.set.remove(one));
        }
        step
    }

    /// Lets begin whose moment has come.
    fn check(&mut self, now: Instant) {
        for at in 0..self.set.len() {
            let set = &self.set[at];
            let is_due = match set.fault.when {
                When::Now => true,
                When::Frames(count) => self.frames(set.fault.whose) - set.frames >= count,
                When::Time(_) | When::Silence(_) => self.due(set).is_some_and(|due| due <= now),
            };
            if set.has_begun || !is_due {
                continue;
            }
            let fault = set.fault;
            self.set[at].has_begun = true;
            // Whoever does not ask need not know of more.
            self.fired.truncate(MOST_FAULTS - 1);
            self.fired.push_back(fault);
            if let Act::Cut(cut) = fault.act {
                self.cut.get_or_insert((fault.whose, cut));
            }
        }
    }

    /// The moment at which time alone lets it begin.
    fn due(&self, set: &Set) -> Option<Instant> {
        match set.fault.when {
            When::Time(time) => Some(set.at + time),
            When::Silence(time) => {
                let heard = match set.fault.whose {
                    Whose::Client => self.client.heard(),
                    Whose::Server => self.server.heard(),
                    Whose::Both => self.client.heard().max(self.server.heard()),
                };
                Some(heard.max(set.at) + time)
            }
            When::Now | When::Frames(_) => None,
        }
    }

    fn frames(&self, whose: Whose) -> u64 {
        let of = |side| if whose.includes(side) { self.tally(side).frames } else { 0 };
        of(Side::Client) + of(Side::Server)
    }

    fn acts(&self, side: Side) -> impl Iterator<Item = Act> {
        self.set.iter().filter(move |set| set.is_on(side)).map(|set| set.fault.act)
    }

    fn has(&self, side: Side, is_it: impl Fn(Act) -> bool) -> bool {
        self.acts(side).any(is_it)
    }

    const fn way(&mut self, side: Side) -> &mut Way {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Set {
    fn is_on(&self, side: Side) -> bool {
        self.has_begun && self.fault.whose.includes(side)
    }
}
