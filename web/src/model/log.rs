//! What went over an echo line, newest last, bounded.

use std::collections::VecDeque;

/// How many entries are kept; the oldest goes first.
const KEPT: usize = 300;

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Came from the other end.
    In,
    /// Went to the other end, or waits to go.
    Out,
    /// Something the line or the page says.
    Note,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts up, and never comes twice: what the list is keyed by.
    pub key: u64,
    /// Where it belongs.
    pub kind: Kind,
    /// The time of day, as shown.
    pub time: String,
    /// What is to be read. Text, never markup.
    pub text: String,
    /// Beside it, in small: a size, a round trip.
    pub aside: String,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Log {
    /// Adds a line; at the bound the oldest one goes.
    pub fn push(&mut self, kind: Kind, time: String, text: String, aside: String) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { key: self.next, kind, time, text, aside });
        self.next += 1;
    }

    /// The newest line.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// All lines, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }
}
