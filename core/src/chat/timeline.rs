use std::collections::{VecDeque, vec_deque};

use super::entry::{Entry, EntryKey, Gap, Spoken};

/// What was said in a room, in order and without repeats.
///
/// It keeps the newest [`Timeline::MAX_ENTRIES`] entries within [`Timeline::MAX_BYTES`]; what is older falls off its beginning and
/// can be asked for again. Older pages are taken only while there is room, so that scrolling back never pushes out what is new.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    entries: VecDeque<Entry>,
    bytes: usize,
    era: u32,
    /// Whether the entry at the beginning is known to be the first there is.
    from_the_beginning: bool,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It stands in the timeline now, at this index.
    At(usize),
    /// It stood there before.
    Repeat,
    /// It is older than all there is, and there is no room for older ones.
    TooOld,
    /// It contradicts what is there.
    Contradiction,
}

impl Timeline {
    /// The most entries that are kept.
    pub const MAX_ENTRIES: usize = 2_000;
    /// The most bytes that are kept: text, names and what holds them. A single entry is kept whatever it weighs.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// All entries, oldest first.
    pub fn iter(&self) -> vec_deque::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// The entries from the first with a higher key on: what is new to one who has seen everything up to `key`.
    pub fn after(&self, key: EntryKey) -> impl Iterator<Item = &Entry> {
        self.entries.range(self.entries.partition_point(|entry| entry.key() <= key)..)
    }

    /// The entry with this key.
    pub fn get(&self, key: EntryKey) -> Option<&Entry> {
        self.entries.binary_search_by_key(&key, Entry::key).ok().and_then(|at| self.entries.get(at))
    }

    /// The entry before this place.
    pub(super) fn before(&self, key: EntryKey) -> Option<&Entry> {
        let at = self.entries.partition_point(|entry| entry.key() < key);
        at.checked_sub(1).and_then(|before| self.entries.get(before))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing older can be asked for.
    pub fn is_from_the_beginning(&self) -> bool {
        self.from_the_beginning
    }

    /// The oldest message of the present era that the server sent: older pages are asked for before it.
    pub fn oldest(&self) -> Option<&Spoken> {
        // An own copy may lie further back, with others between that were never here.
        self.present().filter_map(Entry::spoken).find(|spoken| spoken.at.is_some())
    }

    /// The newest message of the present era.
    pub fn newest(&self) -> Option<&Spoken> {
        self.entries.iter().rev().take_while(|entry| entry.key() >= self.start()).find_map(Entry::spoken)
    }

    /// How many older entries would still fit.
    pub fn room_for_older(&self) -> usize {
        if self.bytes >= Self::MAX_BYTES { 0 } else { Self::MAX_ENTRIES.saturating_sub(self.entries.len()) }
    }

    pub(super) fn era(&self) -> u32 {
        self.era
    }

    /// Puts a message at its place. One that came before only fills in what was not known of it.
    pub(super) fn place(&mut self, spoken: Spoken) -> Placed {
        match self.entries.binary_search_by_key(&spoken.key(), Entry::key) {
            Ok(at) => {
                if let Some(Entry::Spoken(known)) = self.entries.get_mut(at)
                    && known.at.is_none()
                {
                    *known = spoken;
                }
                Placed::Repeat
            }
            Err(at) => self.insert(at, Entry::Spoken(spoken)),
        }
    }

    /// Puts a gap at its place; one that touches another gap becomes one with it.
    pub(super) fn place_gap(&mut self, gap: Gap) -> Placed {
        let Err(at) = self.entries.binary_search_by_key(&gap.key(), Entry::key) else {
            return Placed::Repeat;
        };
        if let Some(Entry::Spoken(behind)) = self.entries.get(at)
            && behind.era == gap.era
            && behind.at.is_some()
            && gap.next.is_none_or(|next| next > behind.seq)
        {
            return Placed::Contradiction;
        }
        if let Some(Entry::Gap(before)) = at.checked_sub(1).and_then(|before| self.entries.get_mut(before))
            && before.era == gap.era
        {
            before.next = gap.next;
            return Placed::Repeat;
        }
        self.insert(at, Entry::Gap(gap))
    }

    /// The server counts anew: what is here stays, above a mark.
    pub(super) fn begin_era(&mut self) {
        self.era = self.era.saturating_add(1);
        if !self.entries.is_empty() {
            let mark = Entry::NewEpoch { era: self.era };
            self.insert(self.entries.len(), mark);
        }
        self.from_the_beginning = false;
    }

    /// What is oldest here is the first there is.
    pub(super) fn reached_the_beginning(&mut self) {
        self.from_the_beginning = true;
    }

    fn insert(&mut self, at: usize, entry: Entry) -> Placed {
        if at == 0 && !self.entries.is_empty() && self.room_for_older() == 0 {
            return Placed::TooOld;
        }
        self.bytes = self.bytes.saturating_add(entry.weight());
        self.entries.insert(at, entry);
        let dropped = self.drop_oldest();
        at.checked_sub(dropped).map_or(Placed::TooOld, Placed::At)
    }

    fn drop_oldest(&mut self) -> usize {
        let mut dropped = 0;
        while self.entries.len() > Self::MAX_ENTRIES
            || (self.bytes > Self::MAX_BYTES && self.entries.len() > 1)
        {
            let Some(entry) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(entry.weight());
            self.from_the_beginning = false;
            dropped += 1;
        }
        dropped
    }

    fn present(&self) -> impl Iterator<Item = &Entry> {
        self.entries.range(self.entries.partition_point(|entry| entry.key() < self.start())..)
    }

    fn start(&self) -> EntryKey {
        Entry::NewEpoch { era: self.era }.key()
    }
}

impl<'a> IntoIterator for &'a Timeline {
    type Item = &'a Entry;
    type IntoIter = vec_deque::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
