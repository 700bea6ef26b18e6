use serde::{Deserialize, Serialize};

use super::decode::{self, DecodeError};
use super::{Beat, ErrorCode, HoldCode, Limits, RejectCode, Style, number};

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to `hello`.
    Welcome {
        /// This line's name in the server's logs.
        session: String,
        /// This client's `from`: what others see of it.
        you: String,
        /// When the server pings, and how long it waits.
        #[serde(default)]
        heartbeat: Beat,
        /// What this server takes.
        #[serde(default)]
        limits: Limits,
    },
    /// The answer to `join`; what the client lacks follows as `said`.
    Joined {
        /// The room's name.
        room: String,
        /// The epoch all seqs of this room count in. Another than the client's: start anew.
        epoch: String,
        /// The highest seq given so far; 0 in a room where nothing was ever said.
        #[serde(deserialize_with = "number::exact")]
        last: u64,
        /// Some of those who are here.
        #[serde(default)]
        members: Vec<Member>,
        /// How many are here.
        #[serde(default, deserialize_with = "number::saturating")]
        total: u64,
    },
    /// Somebody said something.
    Said(Said),
    /// An own message is durable.
    Accepted {
        /// The room's name.
        room: String,
        /// The number the client gave it.
        #[serde(deserialize_with = "number::exact")]
        id: u64,
        /// Its place in the room.
        #[serde(deserialize_with = "number::exact")]
        seq: u64,
    },
    /// An own message will never be taken: it goes back to its writer.
    Rejected {
        /// The room's name.
        room: String,
        /// The number the client gave it.
        #[serde(deserialize_with = "number::exact")]
        id: u64,
        /// Why, for programs.
        code: RejectCode,
        /// Why, in words.
        #[serde(default)]
        why: String,
    },
    /// Not now: nothing from `from_id` on was taken. Go on from there, in order.
    Hold {
        /// The room's name.
        room: String,
        /// The first message that was not taken.
        #[serde(deserialize_with = "number::exact")]
        from_id: u64,
        /// Why.
        code: HoldCode,
        /// How long to wait, in milliseconds.
        #[serde(default, deserialize_with = "number::saturating")]
        retry_ms: u64,
    },
    /// Here something may be missing.
    Gap {
        /// The room's name.
        room: String,
        /// The last seq before the hole.
        #[serde(deserialize_with = "number::exact")]
        after: u64,
        /// The first seq behind it, where it is known.
        #[serde(default, deserialize_with = "number::optional", skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    },
    /// Who came and who went, at most once a second and room.
    Members {
        /// The room's name.
        room: String,
        /// Who came. Empty in large rooms.
        #[serde(default)]
        joined: Vec<Member>,
        /// Who went. Empty in large rooms.
        #[serde(default)]
        left: Vec<Member>,
        /// How many are here now.
        #[serde(default, deserialize_with = "number::saturating")]
        total: u64,
    },
    /// The server is about to leave.
    Draining {
        /// Come back at a random moment within it, in milliseconds.
        #[serde(default, deserialize_with = "number::saturating")]
        within_ms: u64,
    },
    /// How long this line's token is good for: after `welcome` if it ends, and in answer to each `token`.
    Token {
        /// Until it ends, in milliseconds from now; nothing if it does not end by itself.
        #[serde(default, deserialize_with = "number::optional", skip_serializing_if = "Option::is_none")]
        ends_ms: Option<u64>,
    },
    /// What the client sent made no sense here.
    Error {
        /// What, for programs.
        code: ErrorCode,
        /// What, in words.
        #[serde(default)]
        why: String,
        /// The room it is about, where it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// Asks for a sign of life.
    Ping {
        /// Comes back in the `pong`.
        #[serde(deserialize_with = "number::exact")]
        n: u64,
    },
    /// The answer to a `ping`.
    Pong {
        /// The number of the `ping`.
        #[serde(deserialize_with = "number::exact")]
        n: u64,
    },
}

/// Something that was said, at its place in the room.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Said {
    /// The room's name.
    pub room: String,
    /// Its place; rises within an epoch, and is never given twice.
    #[serde(deserialize_with = "number::exact")]
    pub seq: u64,
    /// The seq before it in this room; 0 before the first.
    #[serde(deserialize_with = "number::exact")]
    pub prev: u64,
    /// When the server took it, in milliseconds since 1970 UTC.
    #[serde(default, deserialize_with = "number::saturating")]
    pub at: u64,
    /// Who said it: a hash nobody else can pose as.
    pub from: String,
    /// What its author was called then.
    pub name: String,
    /// The author's running number in this room.
    #[serde(deserialize_with = "number::exact")]
    pub id: u64,
    /// The words.
    pub text: String,
    /// How a bullet comment looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Member {
    /// The same hash as in `said`.
    pub from: String,
    /// What others call them.
    pub name: String,
}

impl ServerMessage {
    const TYPES: &[&str] = &[
        "welcome", "joined", "said", "accepted", "rejected", "hold", "gap", "members", "draining", "token",
        "error", "ping", "pong",
    ];

    /// The message as it goes on the wire.
    ///
    /// # Panics
    /// Never: text and numbers always have a JSON form.
    pub fn encode(&self) -> String {
        decode::encode(self)
    }

    /// Reads what a server sent.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        decode::decode(text, Self::TYPES)
    }
}
