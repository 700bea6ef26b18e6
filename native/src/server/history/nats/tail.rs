//! The last messages of the rooms somebody is in, so that first pages and whoever is a little behind need no broker.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use heartline_core::room::engine::{Budget, Entry, Most, Page};

/// How many bytes all of them may take; beyond it the oldest go, whichever room they are of.
const BYTES: usize = 64 << 20;

/// What an entry takes beside its words.
const OVERHEAD: usize = 128;

/// What was followed lately.
#[derive(Debug, Default)]
pub(super) struct Tails {
    rooms: BTreeMap<Arc<str>, Tail>,
    /// Rooms in the order of their entries, the oldest first.
    order: VecDeque<Arc<str>>,
    bytes: usize,
}

#[derive(Debug)]
struct Tail {
    /// Above this seq everything is here.
    above: u64,
    entries: VecDeque<Entry>,
}

impl Tails {
    /// Begins to keep what comes above `last` in a room.
    pub(super) fn open(&mut self, room: &Arc<str>, last: u64) {
        self.close(room);
        self.rooms.insert(room.clone(), Tail { above: last, entries: VecDeque::new() });
    }

    pub(super) fn close(&mut self, room: &str) {
        if let Some(tail) = self.rooms.remove(room)
            && !tail.entries.is_empty()
        {
            self.bytes -= tail.entries.iter().map(cost).sum::<usize>();
            self.order.retain(|of| **of != *room);
        }
    }

    /// A room that is kept has a new message.
    pub(super) fn push(&mut self, room: &Arc<str>, entry: &Entry) {
        let Some(tail) = self.rooms.get_mut(room) else { return };
        self.bytes += cost(entry);
        tail.entries.push_back(entry.clone());
        self.order.push_back(room.clone());
        while self.bytes > BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(tail) = self.rooms.get_mut(&oldest)
                && let Some(entry) = tail.entries.pop_front()
            {
                self.bytes -= cost(&entry);
                tail.above = entry.seq;
            }
        }
    }

    /// The stream has nothing up to `seq` any more.
    pub(super) fn trim(&mut self, seq: u64) {
        if self.rooms.values().all(|tail| tail.entries.front().is_none_or(|entry| entry.seq > seq)) {
            return;
        }
        for (room, tail) in &mut self.rooms {
            let gone = tail.entries.partition_point(|entry| entry.seq <= seq);
            let Some(last) = tail.entries.drain(..gone).inspect(|entry| self.bytes -= cost(entry)).last()
            else {
                continue;
            };
            tail.above = last.seq;
            let mut gone = gone;
            self.order.retain(|of| {
                let goes = gone > 0 && of == room;
                gone -= usize::from(goes);
                !goes
            });
        }
    }

    /// What was read of a room's end goes in front of what came since. It must reach up to where that begins.
    pub(super) fn extend_back(&mut self, room: &Arc<str>, entries: &[Entry]) {
        let Some(tail) = self.rooms.get_mut(room) else { return };
        let older = &entries[..entries.partition_point(|entry| entry.seq <= tail.above)];
        let Some((first, last)) = older.first().zip(older.last()) else { return };
        let size = older.iter().map(cost).sum::<usize>();
        if last.seq != tail.above || self.bytes + size > BYTES {
            return;
        }
        tail.above = first.prev;
        self.bytes += size;
        for entry in older.iter().rev() {
            tail.entries.push_front(entry.clone());
            self.order.push_front(room.clone());
        }
    }

    /// As `Engine::read_after`, if all of it is here.
    pub(super) fn read_after(&self, room: &str, after: u64, most: Most, last: u64) -> Option<Page> {
        let tail = self.rooms.get(room)?;
        if after < tail.above {
            return None;
        }
        let start = tail.entries.partition_point(|entry| entry.seq <= after);
        let mut budget = Budget::new(most);
        let entries: Vec<Entry> =
            tail.entries.range(start..).take_while(|entry| budget.take(entry)).cloned().collect();
        Some(Page { more: start + entries.len() < tail.entries.len(), entries, last })
    }

    /// As `Engine::read_before`, if all of it is here.
    pub(super) fn read_before(&self, room: &str, before: u64, most: Most, last: u64) -> Option<Page> {
        let tail = self.rooms.get(room)?;
        let end = tail.entries.partition_point(|entry| entry.seq < before);
        let mut budget = Budget::new(most);
        let mut entries: Vec<Entry> =
            tail.entries.range(..end).rev().take_while(|entry| budget.take(entry)).cloned().collect();
        entries.reverse();
        let whole = entries.len() < end;
        // All that is here is not enough, unless the page is full with it or the room has no more.
        let first = entries.first()?;
        let full = whole || entries.len() >= most.messages;
        (full || first.prev == 0).then_some(Page { more: whole || first.prev != 0, entries, last })
    }
}

fn cost(entry: &Entry) -> usize {
    entry.encoded.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_all_here_is_left_to_the_broker() {
        let (mut tails, room) = (Tails::default(), Arc::from("room"));
        tails.open(&room, 10);
        tails.push(&room, &entry(12, 10));
        tails.push(&room, &entry(15, 12));
        assert_eq!(tails.read_after("room", 9, MOST, 15), None);
        assert_eq!(seqs(tails.read_after("room", 10, MOST, 15)), [12, 15]);
        assert!(seqs(tails.read_after("room", 15, MOST, 15)).is_empty());
        assert_eq!(tails.read_before("room", 99, MOST, 15), None);
        let two = Most { messages: 2, ..MOST };
        assert_eq!(seqs(tails.read_before("room", 99, two, 15)), [12, 15]);
        assert_eq!(tails.read_after("elsewhere", 15, MOST, 15), None);
    }

    #[test]
    fn a_page_of_the_end_goes_in_front() {
        let (mut tails, room) = (Tails::default(), Arc::from("room"));
        tails.open(&room, 10);
        tails.push(&room, &entry(12, 10));
        tails.extend_back(&room, &[entry(3, 0), entry(7, 3)]);
        assert_eq!(tails.read_after("room", 0, MOST, 12), None, "it does not reach the rest");
        tails.extend_back(&room, &[entry(3, 0), entry(10, 3), entry(12, 10)]);
        assert_eq!(seqs(tails.read_after("room", 0, MOST, 12)), [3, 10, 12]);
        assert_eq!(seqs(tails.read_before("room", 12, MOST, 12)), [3, 10]);
        tails.trim(5);
        assert_eq!(seqs(tails.read_after("room", 3, MOST, 12)), [10, 12]);
        assert_eq!(tails.read_after("room", 2, MOST, 12), None);
        tails.close("room");
        assert_eq!((tails.bytes, tails.order.len()), (0, 0));
    }

    const MOST: Most = Most { messages: 100, bytes: usize::MAX };

    fn entry(seq: u64, prev: u64) -> Entry {
        Entry { seq, prev, encoded: "said".into() }
    }

    fn seqs(page: Option<Page>) -> Vec<u64> {
        page.unwrap().entries.iter().map(|entry| entry.seq).collect()
    }
}
