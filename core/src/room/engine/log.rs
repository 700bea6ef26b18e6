use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Appended, Budget, Draft, Entry, Fingerprint, Head, Most, Page, Refusal};
use crate::room::Identity;

/// What a kept message costs beside its bytes: its places in the queue and in the index.
const ENTRY_OVERHEAD: usize = 200;

/// One room's history in memory, and what it knows of its authors.
#[derive(Debug)]
pub(super) struct Log {
    head: Head,
    kept: VecDeque<Kept>,
    bytes: usize,
    /// The place and the content of every kept message, by its author and number.
    places: BTreeMap<(Identity, u64), (u64, Fingerprint)>,
    authors: BTreeMap<Identity, Author>,
}

#[derive(Debug)]
struct Kept {
    entry: Entry,
    from: Identity,
    id: u64,
}

/// What outlives an author's messages.
#[derive(Debug)]
struct Author {
    highest: u64,
    /// When it last said something, in milliseconds since 1970.
    at: u64,
}

impl Log {
    pub(super) const fn new(epoch: Arc<str>) -> Self {
        Self {
            head: Head { epoch, last: 0 },
            kept: VecDeque::new(),
            bytes: 0,
            places: BTreeMap::new(),
            authors: BTreeMap::new(),
        }
    }

    pub(super) fn head(&self) -> Head {
        self.head.clone()
    }

    /// How many bytes its messages take, about.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn messages(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn authors(&self) -> usize {
        self.authors.len()
    }

    pub(super) fn knows(&self, from: Identity) -> bool {
        self.authors.contains_key(&from)
    }

    pub(super) fn append(&mut self, room: &str, draft: Draft) -> Result<Appended, Refusal> {
        let fingerprint = draft.fingerprint();
        let Draft { from, id, at, .. } = draft;
        if let Some(&(seq, of)) = self.places.get(&(from, id)) {
            return if of == fingerprint { Ok(Appended::Repeat(seq)) } else { Err(Refusal::IdReused) };
        }
        if self.authors.get(&from).is_some_and(|author| id <= author.highest) {
            return Err(Refusal::Expired);
        }
        let prev = self.head.last;
        let seq = prev + 1;
        let entry = Entry::new(room, seq, prev, draft);
        self.head.last = seq;
        self.bytes += cost(&entry);
        self.places.insert((from, id), (seq, fingerprint));
        self.authors.insert(from, Author { highest: id, at });
        self.kept.push_back(Kept { entry: entry.clone(), from, id });
        Ok(Appended::New(entry))
    }

    /// Lets go of the oldest message, except where it is the only one. Returns whether there was one.
    pub(super) fn trim_one(&mut self) -> bool {
        if self.kept.len() < 2 {
            return false;
        }
        let Some(oldest) = self.kept.pop_front() else { return false };
        self.bytes -= cost(&oldest.entry);
        self.places.remove(&(oldest.from, oldest.id));
        true
    }

    /// Forgets authors who said nothing since `since`; their outboxes send nothing that old any more. Returns how many.
    pub(super) fn forget_authors(&mut self, since: u64) -> usize {
        let before = self.authors.len();
        let places = &self.places;
        self.authors.retain(|&from, author| {
            author.at >= since || places.range((from, 0)..=(from, u64::MAX)).next().is_some()
        });
        before - self.authors.len()
    }

    pub(super) fn read_after(&self, after: u64, most: Most) -> Page {
        let start = self.kept.partition_point(|kept| kept.entry.seq <= after);
        let mut budget = Budget::new(most);
        let entries: Vec<Entry> =
            self.kept.range(start..).take_while(|kept| budget.take(&kept.entry)).map(entry).collect();
        Page { more: start + entries.len() < self.kept.len(), entries, last: self.head.last }
    }

    pub(super) fn read_before(&self, before: u64, most: Most) -> Page {
        let end = self.kept.partition_point(|kept| kept.entry.seq < before);
        let mut budget = Budget::new(most);
        let mut entries: Vec<Entry> =
            self.kept.range(..end).rev().take_while(|kept| budget.take(&kept.entry)).map(entry).collect();
        entries.reverse();
        Page { more: entries.len() < end, entries, last: self.head.last }
    }
}

fn entry(kept: &Kept) -> Entry {
    kept.entry.clone()
}

fn cost(entry: &Entry) -> usize {
    entry.encoded.len() + ENTRY_OVERHEAD
}
