//! What is durable: a model of a history that outlives every server. Order and dedupe are decided here.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use heartline_core::room::Identity;
use heartline_core::room::engine::{Appended, Draft, Entry, Head, Most, Page, Refusal};

/// All rooms, as they lie on the disk.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rooms: BTreeMap<Arc<str>, Log>,
    epochs: u64,
    /// How many repeats it recognised.
    pub(crate) repeats: usize,
}

#[derive(Debug)]
struct Log {
    epoch: Arc<str>,
    last: u64,
    /// The next message leaves out so many seqs, for they were reserved by a server that died.
    skip: u64,
    kept: VecDeque<Kept>,
    /// Where the kept messages stand, by author and id.
    places: BTreeMap<(Identity, u64), u64>,
    /// The highest trimmed id of each author.
    trimmed: BTreeMap<Identity, u64>,
}

#[derive(Debug)]
struct Kept {
    entry: Entry,
    draft: Draft,
}

/// What a history lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// These, at its beginning or its end; the epoch is the same.
    Seqs(RangeInclusive<u64>),
    /// Everything above `kept`; it began a new epoch.
    Epoch { new: Arc<str>, kept: u64 },
}

impl Store {
    pub(crate) fn open(&mut self, room: &Arc<str>) -> Head {
        let log = self.log(room);
        Head { epoch: log.epoch.clone(), last: log.last }
    }

    pub(crate) fn append(&mut self, room: &Arc<str>, draft: Draft) -> Result<Appended, Refusal> {
        let log = self.log(room);
        if let Some(&seq) = log.places.get(&(draft.from, draft.id)) {
            let kept = &log.kept[log.kept.partition_point(|kept| kept.entry.seq < seq)];
            let same = kept.draft.text == draft.text && kept.draft.style == draft.style;
            self.repeats += 1;
            return if same { Ok(Appended::Repeat(seq)) } else { Err(Refusal::IdReused) };
        }
        let mut of_author = log.places.range((draft.from, 0)..=(draft.from, u64::MAX));
        let kept = of_author.next_back().map(|((_, id), _)| *id);
        if kept.max(log.trimmed.get(&draft.from).copied()).is_some_and(|highest| draft.id <= highest) {
            return Err(Refusal::Expired);
        }
        let prev = log.last;
        log.last += 1 + std::mem::take(&mut log.skip);
        let entry = Entry::new(room, log.last, prev, draft.clone());
        log.places.insert((draft.from, draft.id), log.last);
        log.kept.push_back(Kept { entry: entry.clone(), draft });
        Ok(Appended::New(entry))
    }

    pub(crate) fn read_after(&mut self, room: &Arc<str>, after: u64, most: Most) -> Page {
        let log = self.log(room);
        let start = log.kept.partition_point(|kept| kept.entry.seq <= after);
        let entries = budget(log.kept.range(start..), most);
        Page { more: start + entries.len() < log.kept.len(), entries, last: log.last }
    }

    pub(crate) fn read_before(&mut self, room: &Arc<str>, before: u64, most: Most) -> Page {
        let log = self.log(room);
        let end = log.kept.partition_point(|kept| kept.entry.seq < before);
        let mut entries = budget(log.kept.range(..end).rev(), most);
        entries.reverse();
        Page { more: entries.len() < end, entries, last: log.last }
    }

    /// Retention: lets go of the oldest messages but these many.
    pub(crate) fn trim(&mut self, room: &str, leave: usize) -> Option<(String, Lost)> {
        let log = self.rooms.get_mut(room)?;
        let surplus = log.kept.len().saturating_sub(leave.max(1));
        let gone: Vec<Kept> = log.kept.drain(..surplus).collect();
        let last = gone.last()?.entry.seq;
        for Kept { draft, .. } in gone {
            log.places.remove(&(draft.from, draft.id));
            let highest = log.trimmed.entry(draft.from).or_default();
            *highest = draft.id.max(*highest);
        }
        Some((log.epoch.to_string(), Lost::Seqs(0..=last)))
    }

    /// What the last transactions wrote was not on the disk when the machine lost its power. With `anew` the room begins a new
    /// epoch, else it goes on above all seqs that anybody may have seen.
    pub(crate) fn lose_tail(&mut self, room: &str, messages: usize, anew: bool) -> Option<(String, Lost)> {
        self.epochs += 1;
        let epoch: Arc<str> = format!("epoch {}", self.epochs).into();
        let log = self.rooms.get_mut(room)?;
        let left = log.kept.len().saturating_sub(messages.max(1));
        let first = log.kept.get(left)?.entry.prev + 1;
        for Kept { draft, .. } in log.kept.drain(left..) {
            log.places.remove(&(draft.from, draft.id));
        }
        if anew {
            let old = std::mem::replace(&mut log.epoch, epoch.clone());
            log.last = first - 1;
            return Some((old.to_string(), Lost::Epoch { new: epoch, kept: first - 1 }));
        }
        log.last += 10;
        Some((log.epoch.to_string(), Lost::Seqs(first..=log.last)))
    }

    /// A server that had reserved seqs died.
    pub(crate) fn skip(&mut self, seqs: u64) {
        self.rooms.values_mut().for_each(|log| log.skip = seqs);
    }

    pub(crate) fn epoch(&self, room: &str) -> Option<&str> {
        self.rooms.get(room).map(|log| &*log.epoch)
    }

    /// All rooms with their epochs.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rooms.iter().map(|(room, log)| (&**room, &*log.epoch))
    }

    /// What is kept of a room.
    pub(crate) fn kept(&self, room: &str) -> impl Iterator<Item = (&Entry, &Draft)> {
        self.rooms
            .get(room)
            .into_iter()
            .flat_map(|log| log.kept.iter().map(|kept| (&kept.entry, &kept.draft)))
    }

    fn log(&mut self, room: &Arc<str>) -> &mut Log {
        let epochs = &mut self.epochs;
        self.rooms.entry(room.clone()).or_insert_with(|| {
            *epochs += 1;
            Log {
                epoch: format!("epoch {epochs}").into(),
                last: 0,
                skip: 0,
                kept: VecDeque::new(),
                places: BTreeMap::new(),
                trimmed: BTreeMap::new(),
            }
        })
    }
}

fn budget<'a>(from: impl Iterator<Item = &'a Kept>, most: Most) -> Vec<Entry> {
    let mut bytes = 0;
    let within = |(taken, kept): &(usize, &Kept)| {
        bytes += kept.entry.encoded.len();
        *taken == 0 || (*taken < most.messages && bytes <= most.bytes)
    };
    from.enumerate().take_while(within).map(|(_, kept)| kept.entry.clone()).collect()
}
