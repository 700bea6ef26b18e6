//! Where rooms stand, as far as this server saw.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use heartline_core::room::engine::Entry;

use super::record::Record;
use super::tail::Tails;

/// For how many rooms nobody is in here it is known where they stand.
const KNOWN: usize = 100_000;

/// All rooms that this server heard of since the epoch began.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    lasts: HashMap<Arc<str>, u64>,
    pub(super) open: BTreeMap<Arc<str>, Stage>,
    pub(super) tails: Tails,
    /// The seq of the last message of the stream that was followed.
    seen: u64,
    /// Up to here something of the stream was deleted before it was followed.
    hole: u64,
}

/// A room somebody is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being looked up where it stands, under this number; so many want to hear it. What is followed meanwhile is history.
    Opening { visit: u64, asked: usize },
    /// What comes is told.
    Open,
}

impl Rooms {
    /// A new epoch: nothing is known any more but who is in which room. What comes is above `last`.
    pub(super) fn begin_anew(&mut self, last: u64) {
        let open = std::mem::take(&mut self.open);
        *self = Self { open, seen: last, ..Self::default() };
    }

    /// The last message that was followed.
    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// The highest seq known of a room.
    pub(super) fn last(&self, room: &str) -> Option<u64> {
        self.lasts.get(room).copied()
    }

    /// A room that was being opened has been looked up. Returns where it stands: the look-up may be older than what was followed.
    pub(super) fn opened(&mut self, room: &Arc<str>, found: u64) -> u64 {
        let last = self.lasts.entry(room.clone()).or_default();
        *last = found.max(*last);
        let last = *last;
        self.open.insert(room.clone(), Stage::Open);
        self.tails.open(room, last);
        last
    }

    pub(super) fn close(&mut self, room: &str) {
        self.open.remove(room);
        self.tails.close(room);
    }

    /// The next message of the stream. Returns it if somebody here wants to hear it.
    pub(super) fn follow(&mut self, seq: u64, record: Option<Record>) -> Option<(Arc<str>, Entry)> {
        if seq != self.seen + 1 {
            self.hole = seq - 1;
        }
        self.seen = seq;
        let record = record?;
        let room = match self.lasts.get_key_value(&*record.room) {
            Some((room, _)) => room.clone(),
            None => Arc::from(&*record.room),
        };
        let is_open = self.open.get(&room) == Some(&Stage::Open);
        let last = self.last(&room).unwrap_or_default();
        if seq <= last {
            // It was there when the room was looked up.
            return None;
        }
        if !is_open {
            self.make_place();
        }
        self.lasts.insert(room.clone(), seq);
        if !is_open {
            return None;
        }
        // Where something was deleted before it was followed, it may have been of this room.
        let prev = if self.hole > last { self.hole } else { last };
        let entry = record.entry(seq, prev)?;
        self.tails.push(&room, &entry);
        Some((room, entry))
    }

    /// For one more room: those that were silent longest are looked up anew when somebody comes.
    fn make_place(&mut self) {
        if self.lasts.len() < KNOWN + self.open.len() {
            return;
        }
        let median = median(self.lasts.values().copied());
        let open = &self.open;
        self.lasts.retain(|room, last| *last > median || open.contains_key(room));
    }
}

/// The place that half of these are below: those were silent longest. There is at least one.
pub(super) fn median(places: impl Iterator<Item = u64>) -> u64 {
    let mut places: Vec<u64> = places.collect();
    let half = places.len() / 2;
    *places.select_nth_unstable(half).1
}
