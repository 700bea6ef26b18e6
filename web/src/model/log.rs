//! What went over an echo line, newest last, bounded; and the part of it that is asked for.

use std::collections::VecDeque;

use heartline_core::line::Message;
use serde::Serialize;

use super::payload;

/// How many entries are kept; the oldest goes first.
pub const KEPT: usize = 100_000;

/// How many bytes of messages are kept, likewise; a single one is kept whatever it weighs.
pub const KEPT_BYTES: usize = 64 << 20;

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Came from the other end.
    In,
    /// Went to the other end, or waits to go.
    Out,
    /// Something the line or the page says.
    Note,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::In, Self::Out, Self::Note];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Note => "note",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Counts up, and never comes twice: what the list is keyed by.
    pub key: u64,
    /// Where it belongs.
    pub kind: Kind,
    /// The time of day, as shown.
    pub time: String,
    /// What it is about.
    pub what: What,
    /// Beside it, in small: a size, a round trip.
    pub aside: String,
}

/// What a line of the log is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Words of the line or the page.
    Words(String),
    /// A message.
    Message(Message),
}

/// An entry to be shown, which may be less than there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entry's key.
    pub key: u64,
    /// Where it belongs.
    pub kind: Kind,
    /// The time of day.
    pub time: String,
    /// What is to be read; of a long message the beginning. Text, never markup.
    pub text: String,
    /// Beside it, in small.
    pub aside: String,
}

impl Entry {
    fn row(&self) -> Row {
        let text = match &self.what {
            What::Words(words) => words.clone(),
            What::Message(message) => payload::show(message),
        };
        Row { key: self.key, kind: self.kind, time: self.time.clone(), text, aside: self.aside.clone() }
    }

    /// Near enough for a bound.
    fn weight(&self) -> usize {
        let what = match &self.what {
            What::Words(words) => words.len(),
            What::Message(message) => message.len(),
        };
        size_of::<Self>() + what + self.aside.len()
    }
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these; all, if none is named.
    pub kind: Option<Kind>,
    /// Only what contains this, in whatever case; empty asks for all.
    pub words: String,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next: u64,
    bytes: usize,
    filter: Filter,
    /// The keys of those that are asked for, in order.
    asked: VecDeque<u64>,
}

impl Log {
    /// Adds what the line or the page says.
    pub fn note(&mut self, time: String, words: String) {
        self.push(Kind::Note, time, What::Words(words), String::new());
    }

    /// Adds a message.
    pub fn message(&mut self, kind: Kind, time: String, message: Message, aside: String) {
        self.push(kind, time, What::Message(message), aside);
    }

    fn push(&mut self, kind: Kind, time: String, what: What, aside: String) {
        let entry = Entry { key: self.next, kind, time, what, aside };
        self.next += 1;
        self.bytes += entry.weight();
        if self.filter.asks_for(&entry) {
            self.asked.push_back(entry.key);
        }
        self.entries.push_back(entry);
        while self.entries.len() > KEPT || self.bytes > KEPT_BYTES && self.entries.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else { return };
        self.bytes -= oldest.weight();
        if self.asked.front() == Some(&oldest.key) {
            self.asked.pop_front();
        }
    }

    /// Forgets all of it.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.asked.clear();
        self.bytes = 0;
    }

    /// Asks for other entries.
    pub fn ask(&mut self, filter: Filter) {
        self.filter = filter;
        let asked = self.entries.iter().filter(|entry| self.filter.asks_for(entry));
        self.asked = asked.map(|entry| entry.key).collect();
    }

    /// The newest line.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// How many lines are asked for.
    pub fn asked(&self) -> usize {
        self.asked.len()
    }

    /// The line with that key.
    pub fn get(&self, key: u64) -> Option<&Entry> {
        let first = self.entries.front()?.key;
        self.entries.get(usize::try_from(key.checked_sub(first)?).ok()?)
    }

    /// Of the lines that are asked for, `count` from `first` on, oldest first.
    pub fn window(&self, first: usize, count: usize) -> Vec<Row> {
        self.asked.iter().skip(first).take(count).filter_map(|key| self.get(*key)).map(Entry::row).collect()
    }

    /// The lines that are asked for as JSON, one object a line.
    pub fn as_lines(&self) -> String {
        let mut lines = String::new();
        for entry in self.asked.iter().filter_map(|key| self.get(*key)) {
            lines.push_str(&serde_json::to_string(&Line::of(entry)).unwrap_or_default());
            lines.push('\n');
        }
        lines
    }
}

impl Filter {
    fn asks_for(&self, entry: &Entry) -> bool {
        if self.kind.is_some_and(|kind| kind != entry.kind) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        let words = self.words.to_lowercase();
        match &entry.what {
            What::Words(text) | What::Message(Message::Text(text)) => text.to_lowercase().contains(&words),
            What::Message(binary) => payload::show(binary).contains(&words),
        }
    }
}

/// An entry as it is saved.
#[derive(Serialize)]
struct Line<'e> {
    time: &'e str,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    aside: &'e str,
}

impl<'e> Line<'e> {
    fn of(entry: &'e Entry) -> Self {
        let (text, base64) = match &entry.what {
            What::Words(text) | What::Message(Message::Text(text)) => (Some(text.as_str()), None),
            What::Message(Message::Binary(bytes)) => (None, Some(payload::to_base64(bytes))),
        };
        Self { time: &entry.time, kind: entry.kind, text, base64, aside: &entry.aside }
    }
}
