//! What a relay told of the lines that pass through it, as the Inspector shows it: newest last, bounded.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use heartline_core::inspect::{Connection, Frame, FromRelay, Party, Payload, VERSION};

use super::words;

/// How many rows are kept; the oldest goes first.
const ROWS: usize = 1_000;

/// How many connections are kept; of those that are over the oldest goes first.
const LINES: usize = 100;

/// How much of a payload stands in a row, in characters.
const EXCERPT: usize = 80;

/// A connection through the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number at the relay.
    pub number: u64,
    /// Where its client comes from.
    pub from: String,
    /// The faults that are set on it.
    pub faults: Vec<String>,
    /// How it ended; `None` while it is open.
    pub end: Option<String>,
}

/// What came of what was told.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A frame.
    Frame(Arc<Frame>),
    /// Anything else, in words.
    Note,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counts up, and never comes twice: what the table is keyed by.
    pub key: u64,
    /// Of which connection; none, if of all.
    pub connection: Option<u64>,
    /// When, in seconds since the relay began.
    pub time: String,
    /// Who sent it; none, if nobody did.
    pub from: Option<Party>,
    /// An opcode's name, or what else it is.
    pub name: String,
    /// The payload's length.
    pub length: String,
    /// What is in it.
    pub text: String,
    /// The frame to look at.
    pub what: What,
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Where connections go; empty before the relay said so.
    pub to: String,
    /// Faults that each new connection has.
    pub faults: Vec<String>,
    lines: VecDeque<Line>,
    rows: VecDeque<Row>,
    told: VecDeque<(u64, String)>,
    next: u64,
}

impl Inspection {
    /// Takes in a message of the feed. What cannot be read becomes a row, too.
    pub fn take(&mut self, text: &str) {
        match FromRelay::parse(text) {
            Ok(message) => self.hear(message),
            Err(why) => self.note(None, None, "unreadable", ["not a message of a relay: ", &why].concat()),
        }
        // What a file would have of it.
        if self.told.len() == ROWS {
            self.told.pop_front();
        }
        self.told.push_back((self.next, text.to_owned()));
    }

    fn hear(&mut self, message: FromRelay) {
        match message {
            FromRelay::Hello { version, to, connections, faults, .. } => {
                if version != VERSION {
                    let words = ["the relay speaks version ", &version.to_string(), " of this feed"].concat();
                    self.note(None, None, "unreadable", words);
                }
                (self.to, self.faults) = (to, faults);
                self.lines.clear();
                connections.into_iter().for_each(|one| self.begin(one));
            }
            FromRelay::Begun(one) => {
                let (number, t, from) = (one.connection, one.t, one.from.clone());
                self.begin(one);
                self.note(Some(number), Some(t), "begun", ["from ", &from].concat());
            }
            FromRelay::Request { connection, t, method, target, breaches, .. } => {
                let mut words = [method.as_str(), &target].join(" ");
                breaches.iter().for_each(|breach| words.push_str(&["; ", breach].concat()));
                self.push(Some(connection), Some(t), Some(Party::Client), "request", None, words, What::Note);
            }
            FromRelay::Response { connection, t, status, reason, trouble, .. } => {
                let mut words = [&status.to_string(), reason.as_str()].join(" ");
                trouble.iter().for_each(|why| words.push_str(&["; ", why].concat()));
                self.push(
                    Some(connection),
                    Some(t),
                    Some(Party::Server),
                    "response",
                    None,
                    words,
                    What::Note,
                );
            }
            FromRelay::Frame(frame) => {
                let frame = Arc::<Frame>::from(frame);
                let name =
                    if frame.name == "Connection Close" { "Close".to_owned() } else { frame.name.clone() };
                let (connection, t, length) = (frame.connection, frame.t, frame.length);
                let (from, text) = (frame.from, excerpt(&frame));
                self.push(
                    Some(connection),
                    Some(t),
                    Some(from),
                    &name,
                    Some(length),
                    text,
                    What::Frame(frame),
                );
            }
            FromRelay::Bytes { connection, t, from, length } => {
                let words = "no frames".to_owned();
                self.push(Some(connection), Some(t), Some(from), "bytes", Some(length), words, What::Note);
            }
            FromRelay::Ended { connection, t, end, .. } => {
                let words = end.to_string();
                if let Some(line) = self.lines.iter_mut().find(|line| line.number == connection) {
                    line.end = Some(words.clone());
                    line.faults.clear();
                }
                self.note(Some(connection), Some(t), "ended", words);
            }
            FromRelay::Fault { connection, text } => {
                self.each(connection, |faults| faults.push(text.clone()));
                self.note(connection, None, "fault set", text);
            }
            FromRelay::Fired { connection, t, text } => {
                self.note(Some(connection), Some(t), "fault begun", text)
            }
            FromRelay::Cleared { connection } => {
                self.each(connection, Vec::clear);
                self.note(connection, None, "faults gone", String::new());
            }
            FromRelay::Missed { count } => {
                let words = [&count.to_string(), " messages came faster than they were read"].concat();
                self.note(None, None, "missed", words);
            }
            FromRelay::Error { why } => self.note(None, None, "refused", why),
        }
    }

    fn begin(&mut self, one: Connection) {
        // Who is told of in the beginning may be told of again.
        self.lines.retain(|line| line.number != one.connection);
        if self.lines.len() == LINES {
            let over = self.lines.iter().position(|line| line.end.is_some()).unwrap_or(0);
            self.lines.remove(over);
        }
        self.lines.push_back(Line { number: one.connection, from: one.from, faults: one.faults, end: None });
    }

    /// The faults of one connection, or of all that are open and of those to come.
    fn each(&mut self, connection: Option<u64>, change: impl Fn(&mut Vec<String>)) {
        let meant =
            |line: &&mut Line| line.end.is_none() && connection.is_none_or(|number| number == line.number);
        self.lines.iter_mut().filter(meant).for_each(|line| change(&mut line.faults));
        if connection.is_none() {
            change(&mut self.faults);
        }
    }

    fn note(&mut self, connection: Option<u64>, t: Option<f64>, name: &str, text: String) {
        self.push(connection, t, None, name, None, text, What::Note);
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    fn push(
        &mut self,
        connection: Option<u64>,
        t: Option<f64>,
        from: Option<Party>,
        name: &str,
        length: Option<u64>,
        text: String,
        what: What,
    ) {
        if self.rows.len() == ROWS {
            self.rows.pop_front();
        }
        let time = t.map(seconds).unwrap_or_default();
        let length = length.map(|length| words::size(length as usize)).unwrap_or_default();
        self.rows.push_back(Row {
            key: self.next,
            connection,
            time,
            from,
            name: name.to_owned(),
            length,
            text,
            what,
        });
        self.next += 1;
    }

    /// The connections, the newest first.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.iter().rev().cloned().collect()
    }

    /// The rows of a connection, or of all, that hold these words, oldest first.
    pub fn rows(&self, connection: Option<u64>, words: &str) -> Vec<Row> {
        let words = words.trim().to_lowercase();
        let is_meant = |row: &&Row| {
            (connection.is_none() || row.connection.is_none() || row.connection == connection)
                && (words.is_empty()
                    || row.text.to_lowercase().contains(&words)
                    || row.name.to_lowercase().contains(&words))
        };
        self.rows.iter().filter(is_meant).cloned().collect()
    }

    /// The frame of a row.
    pub fn frame(&self, key: u64) -> Option<Arc<Frame>> {
        match &self.rows.iter().find(|row| row.key == key)?.what {
            What::Frame(frame) => Some(frame.clone()),
            What::Note => None,
        }
    }

    /// What was told of the rows that are kept, as JSON lines.
    pub fn as_lines(&self) -> String {
        let first = self.rows.front().map_or(0, |row| row.key);
        let told = self.told.iter().filter(|(next, _)| *next > first);
        // Between the words of JSON a line may end; those of a feed do not, but who knows what is read here.
        told.fold(String::new(), |lines, (_, text)| lines + &text.replace('\n', " ") + "\n")
    }
}

/// The bytes of a payload, as many as were told.
pub fn bytes(payload: &Payload) -> Vec<u8> {
    match (&payload.text, &payload.base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).unwrap_or_default(),
        (None, None) => Vec::new(),
    }
}

fn excerpt(frame: &Frame) -> String {
    if let Some(close) = &frame.close {
        let code = close.code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
        let reason = if close.reason.is_empty() { "" } else { ": " };
        return [&code, " (", &close.meaning, ")", reason, &close.reason].concat();
    }
    let content = frame.message.as_ref().map_or(&frame.payload, |message| &message.content);
    let mut text = match &content.text {
        Some(text) => text.clone(),
        None => super::payload::to_hex(&bytes(content)),
    };
    if let Some((end, _)) = text.char_indices().nth(EXCERPT) {
        text.truncate(end);
        text.push_str(" …");
    }
    text
}

fn seconds(t: f64) -> String {
    let millis = (t * 1_000.0) as u64;
    let fraction = (1_000 + millis % 1_000).to_string();
    [&(millis / 1_000).to_string(), ".", &fraction[1..]].concat()
}
