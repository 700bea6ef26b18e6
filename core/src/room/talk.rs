//! What a session and the hub say to each other. Both are pure; the shell carries it.

use std::sync::Arc;

use super::Identity;
use crate::wire::{HoldCode, RejectCode, ServerMessage, Style};

/// Names one connection. Never used twice by one hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineId(pub u64);

/// What a session tells the hub. Everything in it has been checked against the limits.
#[derive(Clone, Debug, PartialEq)]
pub enum ToHub {
    /// The client said who it is.
    Hello {
        /// Who.
        identity: Identity,
        /// Of two lines of one client the higher dial stays.
        dial: u64,
        /// What others call it.
        name: Arc<str>,
        /// The rooms to be in.
        enter: Vec<Enter>,
    },
    /// Into a room, or anew into one where it is already.
    Enter(Enter),
    /// Out of a room.
    Leave(Arc<str>),
    /// At most one is underway per line and room; its [`FromHub::Outcome`] comes before the next.
    Say {
        /// Where; the client is in this room.
        room: Arc<str>,
        /// The client's number for it.
        id: u64,
        /// The words.
        text: String,
        /// How it looks.
        style: Option<Style>,
    },
    /// Older messages. At most one is underway per line; [`FromHub::HistoryTold`] comes before the next.
    History {
        /// Of which room; the client is in it.
        room: Arc<str>,
        /// Below this seq.
        before: u64,
        /// How many.
        limit: u32,
    },
    /// So much of what was delivered has left: the sum of [`weight`]s.
    Drained(usize),
    /// The connection is at its end.
    Gone,
}

/// A wish to be in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enter {
    /// Which.
    pub room: Arc<str>,
    /// What `after` counts in.
    pub epoch: Option<String>,
    /// The last seq the client has.
    pub after: Option<u64>,
}

/// What the hub tells a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromHub {
    /// The `hello` stands: send `welcome`.
    Admitted {
        /// Say [`ToHub::Drained`] each time so many bytes have left.
        report_every: usize,
    },
    /// Send this. The bytes are shared with other lines.
    Deliver(Arc<str>),
    /// What became of a `say`.
    Outcome {
        /// Where.
        room: Arc<str>,
        /// Which.
        id: u64,
        /// What.
        outcome: Outcome,
    },
    /// A `history` has been answered.
    HistoryTold,
    /// End the line, with what is underway answered first if it is the server that leaves.
    Close {
        /// The close code.
        code: u16,
        /// The reason, in words.
        reason: &'static str,
    },
}

/// What became of a `say`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable, at this seq.
    Accepted(u64),
    /// It will never be taken.
    Rejected(RejectCode, String),
    /// Not now.
    Held(HoldCode),
}

/// What a delivered message counts against a line's window: its bytes, and what each costs to keep in a queue.
pub const fn weight(message: &str) -> usize {
    message.len() + 64
}

/// One encoding of what several lines may get.
pub(super) fn encoded(message: &ServerMessage) -> Arc<str> {
    message.encode().into()
}
