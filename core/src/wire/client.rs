use std::fmt;

use serde::{Deserialize, Serialize};

use super::decode::{self, DecodeError};
use super::{Style, number};

/// What a client says. Written out for a log it shows neither the client's secret nor a token.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message of every line.
    Hello {
        /// A random secret of at least 128 bits, kept across reconnects. Others only ever see a hash of it.
        client: String,
        /// Rises with every dial of this client. Of two lines of one client the higher dial stays.
        #[serde(deserialize_with = "number::exact")]
        dial: u64,
        /// What others call this client.
        name: String,
        /// Proves who this is, where the server asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The rooms to be in again; each entry is a `join`.
        #[serde(default)]
        resume: Vec<Resume>,
    },
    /// Enters a room.
    Join {
        /// The room's name.
        room: String,
        /// The epoch `after` counts in; without one, the room's present epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
        /// The last seq this client has; without it, the last `limits.first_page` messages come.
        #[serde(default, deserialize_with = "number::optional", skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    },
    /// Goes out of a room.
    Leave {
        /// The room's name.
        room: String,
    },
    /// Asks for older messages of a room; they come as `said`.
    History {
        /// The room's name.
        room: String,
        /// Only messages with a seq below this one.
        #[serde(deserialize_with = "number::exact")]
        before: u64,
        /// How many at most; the server clamps it to `limits.first_page`.
        #[serde(deserialize_with = "number::saturating_u32")]
        limit: u32,
    },
    /// A fresh token before the old one ends.
    Token {
        /// The token.
        token: String,
    },
    /// Says something in a room.
    Say {
        /// The room's name.
        room: String,
        /// This client's running number in this room; a repeat carries the number it had.
        #[serde(deserialize_with = "number::exact")]
        id: u64,
        /// The words.
        text: String,
        /// How a bullet comment looks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        style: Option<Style>,
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

/// A room to be in again, and what this client already has of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Resume {
    /// The room's name.
    pub room: String,
    /// The epoch `after` counts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The last seq this client has.
    #[serde(default, deserialize_with = "number::optional", skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

impl ClientMessage {
    const TYPES: &[&str] = &["hello", "join", "leave", "history", "token", "say", "ping", "pong"];

    /// The message as it goes on the wire.
    ///
    /// # Panics
    /// Never: text and numbers always have a JSON form.
    pub fn encode(&self) -> String {
        decode::encode(self)
    }

    /// Reads what a client sent.
    ///
    /// # Errors
    /// Says what is wrong with it, in words its sender can use.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        decode::decode(text, Self::TYPES)
    }
}

impl fmt::Debug for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello { client: _, dial, name, token, resume } => f
                .debug_struct("Hello")
                .field("client", &Hidden)
                .field("dial", dial)
                .field("name", name)
                .field("token", &token.as_ref().map(|_| Hidden))
                .field("resume", resume)
                .finish(),
            Self::Join { room, epoch, after } => f
                .debug_struct("Join")
                .field("room", room)
                .field("epoch", epoch)
                .field("after", after)
                .finish(),
            Self::Leave { room } => f.debug_struct("Leave").field("room", room).finish(),
            Self::History { room, before, limit } => f
                .debug_struct("History")
                .field("room", room)
                .field("before", before)
                .field("limit", limit)
                .finish(),
            Self::Token { token: _ } => f.debug_struct("Token").field("token", &Hidden).finish(),
            Self::Say { room, id, text, style } => f
                .debug_struct("Say")
                .field("room", room)
                .field("id", id)
                .field("text", text)
                .field("style", style)
                .finish(),
            Self::Ping { n } => f.debug_struct("Ping").field("n", n).finish(),
            Self::Pong { n } => f.debug_struct("Pong").field("n", n).finish(),
        }
    }
}

/// Stands for what is nobody else's to read.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
