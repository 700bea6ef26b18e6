use crate::wire::{Said, Style};

/// One line of a room's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Somebody said something.
    Spoken(Spoken),
    /// Here something may be missing.
    Gap(Gap),
    /// The server began to count anew: what stands above has other numbers, and something may have been lost between.
    NewEpoch {
        /// Counts the epochs this client has seen in this room, from 0.
        era: u32,
    },
}

/// A message at its place in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Counts the epochs this client has seen in this room, from 0. Numbers of two eras cannot be compared.
    pub era: u32,
    /// Its place; rises within an era.
    pub seq: u64,
    /// The seq before it in the room; 0 before the first.
    pub prev: u64,
    /// When the server took it, in milliseconds since 1970 UTC; `None` for an own message that was accepted but never came back.
    pub at: Option<u64>,
    /// Who said it: a hash nobody else can pose as.
    pub from: String,
    /// What its author was called then.
    pub name: String,
    /// The author's running number in this room.
    pub id: u64,
    /// The words. They are somebody else's: show them as text, never as markup or as commands to a terminal.
    pub text: String,
    /// How a bullet comment looks.
    pub style: Option<Style>,
    /// Whether this client said it.
    pub own: bool,
}

/// A place where something may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The era it lies in.
    pub era: u32,
    /// The last seq before it.
    pub after: u64,
    /// The first seq behind it, where it is known.
    pub next: Option<u64>,
    /// Who noticed.
    pub told_by: ToldBy,
}

/// Who noticed a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// The server said so: trimmed, or a lost tail.
    Server,
    /// This client: the numbers did not join up, and joining again did not fill the hole.
    Client,
}

/// The place of an entry. Rises strictly along a timeline, and stays the same for the same entry: a key for keyed lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    era: u32,
    seq: u64,
    kind: Kind,
}

/// What stands at one seq, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    NewEpoch,
    Spoken,
    Gap,
}

impl Entry {
    /// The entry's place.
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Spoken(spoken) => spoken.key(),
            Self::Gap(gap) => gap.key(),
            Self::NewEpoch { era } => EntryKey { era: *era, seq: 0, kind: Kind::NewEpoch },
        }
    }

    /// The message, if it is one.
    pub fn spoken(&self) -> Option<&Spoken> {
        match self {
            Self::Spoken(spoken) => Some(spoken),
            Self::Gap(_) | Self::NewEpoch { .. } => None,
        }
    }

    /// What it weighs in memory, in bytes, near enough for a bound.
    pub(super) fn weight(&self) -> usize {
        let words = self.spoken().map_or(0, |said| said.text.len() + said.name.len() + said.from.len());
        size_of::<Self>() + words
    }
}

impl Spoken {
    pub(super) fn new(era: u32, said: Said, own: bool) -> Self {
        let Said { room: _, seq, prev, at, from, name, id, text, style } = said;
        Self { era, seq, prev, at: Some(at), from, name, id, text, style, own }
    }

    /// Its place.
    pub fn key(&self) -> EntryKey {
        EntryKey { era: self.era, seq: self.seq, kind: Kind::Spoken }
    }
}

impl Gap {
    pub(super) fn key(&self) -> EntryKey {
        EntryKey { era: self.era, seq: self.after, kind: Kind::Gap }
    }
}
