//! Where rooms stand, as far as this server saw.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use heartline_core::room::engine::Entry;

use super::authors::Key;
use super::record::Record;
use super::tail::Tails;

/// For how many rooms nobody is in here it is known where they stand.
const KNOWN: usize = 100_000;

/// How many messages may be taken and not followed yet for the broker's word for them to be checked.
const PROMISED: usize = 10_000;

/// All rooms that this server heard of since the epoch began.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    lasts: HashMap<Arc<str>, u64>,
    /// What was accepted and is not followed yet: whoever reads must find it.
    accepted: HashMap<Arc<str>, u64>,
    /// Of what was accepted and is not followed yet: what is to be where.
    promised: BTreeMap<u64, (Key, u64)>,
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

    /// The message of this id was accepted.
    pub(super) fn accept(&mut self, key: &Key, id: u64, seq: u64) {
        if self.seen < seq {
            let accepted = self.accepted.entry(key.0.clone()).or_default();
            *accepted = seq.max(*accepted);
            self.promised.insert(seq, (key.clone(), id));
            if self.promised.len() > PROMISED {
                self.promised.pop_first();
            }
        }
    }

    /// Whether the broker took another message to this place than it has there now: the end of the stream was lost in between.
    pub(super) fn is_broken(&mut self, seq: u64, record: Option<&Record>) -> bool {
        let later = self.promised.split_off(&(seq + 1));
        let promised = std::mem::replace(&mut self.promised, later).remove(&seq);
        promised.is_some_and(|((room, from), id)| {
            record
                .is_none_or(|record| *record.room != *room || record.id != id || record.from() != Some(from))
        })
    }

    /// The seq a page of a room must reach, and whether all up to it was followed; `None`: only the broker knows.
    pub(super) fn reached(&self, room: &str) -> Option<(u64, bool)> {
        let last = self.last(room)?;
        let accepted = self.accepted.get(room).copied().unwrap_or_default();
        Some((last.max(accepted), accepted <= last))
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
        if self.accepted.get(&*record.room).is_some_and(|accepted| *accepted <= seq) {
            self.accepted.remove(&*record.room);
        }
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
        let mut lasts: Vec<u64> = self.lasts.values().copied().collect();
        let half = lasts.len() / 2;
        let (_, &mut median, _) = lasts.select_nth_unstable(half);
        let open = &self.open;
        self.lasts.retain(|room, last| *last > median || open.contains_key(room));
    }
}

#[cfg(test)]
mod tests {
    use heartline_core::room::Identity;
    use heartline_core::room::engine::Draft;

    use super::*;

    #[test]
    fn another_message_where_one_was_taken_is_noticed() {
        let key: Key = ("tea".into(), Identity::of("secret", None));
        let mut rooms = Rooms::default();
        (1..=4).for_each(|seq| rooms.accept(&key, seq + 10, seq));
        assert!(!rooms.is_broken(1, Some(&record("tea", 11))));
        rooms.follow(1, Some(record("tea", 11)));
        assert!(rooms.is_broken(2, Some(&record("coffee", 12))), "of another room");
        assert!(rooms.is_broken(3, Some(&record("tea", 12))), "another one of this author");
        assert!(rooms.is_broken(4, None), "not ours");
        rooms.follow(4, None);
        rooms.accept(&key, 14, 4);
        assert!(!rooms.is_broken(4, Some(&record("tea", 99))), "it was followed before the answer came");
    }

    #[test]
    fn what_was_deleted_before_it_was_followed_is_not_missed() {
        let key: Key = ("tea".into(), Identity::of("secret", None));
        let mut rooms = Rooms::default();
        rooms.accept(&key, 11, 1);
        assert!(!rooms.is_broken(2, Some(&record("tea", 12))));
        assert!(rooms.promised.is_empty());
    }

    fn record(room: &str, id: u64) -> Record {
        let from = Identity::of("secret", None);
        let draft = Draft { from, name: "Ada".into(), id, at: 1, text: "hello".into(), style: None };
        Record::new(room, draft, 0)
    }
}
