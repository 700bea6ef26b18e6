//! What a relay tells of the lines that pass through it, and what it is told to do to them: the feed at its `/inspect`.
//!
//! The feed is a WebSocket of text messages, one JSON object each, tagged by `"type"`. Unknown fields are to be ignored. The first
//! message is [`FromRelay::Hello`]; connections that are open then are listed in it. Before the first of their frames that is told
//! their heads are, with the time at which they were told; frames are numbered from there. Secrets are overwritten by `*` unless the relay was told otherwise.
//!
//! A reader that is too slow does not hold up the lines: what it did not take in time is left out, and [`FromRelay::Missed`] says
//! how much. What the relay does not understand is answered with [`FromRelay::Error`], and nothing else changes.
//!
//! ```
//! use heartline_core::inspect::{End, FromRelay, Party, ToRelay};
//!
//! let told: FromRelay = serde_json::from_str(r#"{"type": "missed", "count": 7}"#).expect("it is one");
//! assert_eq!(told, FromRelay::Missed { count: 7 });
//! let asked = ToRelay::Fault { connection: Some(3), text: "server: mute-pongs".to_owned() };
//! let json = r#"{"type":"fault","connection":3,"text":"server: mute-pongs"}"#;
//! assert_eq!(serde_json::to_string(&asked).expect("it has a spelling"), json);
//! assert_eq!(End::Fin { by: Party::Server }.to_string(), "the server hung up without a close frame (FIN)");
//! ```

mod bits;

use std::fmt;

pub use bits::Bits;
use serde::{Deserialize, Serialize};

use crate::close::{Dialect, code, meaning};
use crate::frame::Side;

/// The version of this feed. Another one would be another language.
pub const VERSION: u32 = 1;

/// The longest message a relay takes, in bytes.
pub const LONGEST_REQUEST: usize = 4 << 10;

/// Payload bytes that are told of one frame or message; beyond them it is [cut](Payload::cut).
pub const PAYLOAD: usize = 4 << 10;

/// What a relay tells. `t` is in seconds since the relay began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromRelay {
    /// The first message.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// Where connections go, without credentials and values of the query.
        to: String,
        /// When the relay began, in milliseconds since 1970.
        began_ms: u64,
        /// Connections that are open.
        connections: Vec<Connection>,
        /// Faults that each new connection has.
        faults: Vec<String>,
    },
    /// A client came.
    Begun(Connection),
    /// What goes to the server.
    Request {
        /// Whose.
        connection: u64,
        /// When.
        t: f64,
        /// `GET`.
        method: String,
        /// Path and query.
        target: String,
        /// `HTTP/1.1`.
        version: String,
        /// Name and value of each header field, in their order.
        fields: Vec<(String, String)>,
        /// What is wrong with it, in words.
        breaches: Vec<String>,
    },
    /// What the server answered.
    Response {
        /// Whose.
        connection: u64,
        /// When.
        t: f64,
        /// `HTTP/1.1`.
        version: String,
        /// 100 to 999.
        status: u16,
        /// The words behind it.
        reason: String,
        /// Name and value of each header field, in their order.
        fields: Vec<(String, String)>,
        /// Why there is no line, or none in good order; nothing if there is one.
        trouble: Vec<String>,
    },
    /// A frame came.
    Frame(Box<Frame>),
    /// Bytes came that are no frames: the body of a refusal, or what is not HTTP.
    Bytes {
        /// Whose.
        connection: u64,
        /// When.
        t: f64,
        /// Who sent them.
        from: Party,
        /// How many.
        length: u64,
    },
    /// A connection is over.
    Ended {
        /// Which.
        connection: u64,
        /// When.
        t: f64,
        /// Who ended it, and how.
        end: End,
        /// What the client had sent.
        client: Count,
        /// What the server had sent.
        server: Count,
    },
    /// A fault was set.
    Fault {
        /// On which connection; on all, and on those to come, if none is named.
        connection: Option<u64>,
        /// The [fault](crate::fault::Fault).
        text: String,
    },
    /// A fault has begun.
    Fired {
        /// On which connection.
        connection: u64,
        /// When.
        t: f64,
        /// The fault.
        text: String,
    },
    /// Faults were taken away.
    Cleared {
        /// From which connection; from all, and those to come, if none is named.
        connection: Option<u64>,
    },
    /// So many messages were left out here: they came faster than they were read.
    Missed {
        /// How many.
        count: u64,
    },
    /// What was asked for cannot be done.
    Error {
        /// Why, and what would be right.
        why: String,
    },
}

/// What a relay can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToRelay {
    /// Set a fault.
    Fault {
        /// On which connection; on all, and on those to come, if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<u64>,
        /// The [fault](crate::fault::Fault).
        text: String,
    },
    /// Take all faults away.
    Clear {
        /// From which connection; from all, and those to come, if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<u64>,
    },
}

/// A connection through the relay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its number; no other one of this relay has it.
    pub connection: u64,
    /// When it began.
    pub t: f64,
    /// Where the client comes from.
    pub from: String,
    /// Faults that are set on it.
    #[serde(default)]
    pub faults: Vec<String>,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// Whoever dialled.
    Client,
    /// Whoever was dialled.
    Server,
}

/// What came in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Whole frames.
    pub frames: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
}

/// A frame, as an analyser names its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Whose.
    pub connection: u64,
    /// When its first byte came.
    pub t: f64,
    /// How much later its last byte came, in seconds.
    pub took: f64,
    /// Who sent it.
    pub from: Party,
    /// Its number in this direction, from 0.
    pub number: u64,
    /// Where it begins, in bytes after the handshake.
    pub position: u64,
    /// Fin.
    pub fin: bool,
    /// RSV1 to RSV3 as a number from 0 to 7; RSV1 is the highest bit.
    pub reserved: u8,
    /// Opcode.
    pub opcode: u8,
    /// Its name.
    pub name: String,
    /// Masking-Key in eight hexadecimal digits, where there is one.
    pub masking_key: Option<String>,
    /// Payload length.
    pub length: u64,
    /// In how many bits that is written: 7, 16 or 64; 0 where the relay does not say.
    #[serde(default)]
    pub length_bits: u8,
    /// The payload, unmasked.
    pub payload: Payload,
    /// What a close frame says.
    pub close: Option<Close>,
    /// The message that it completes, if that says more than the payload.
    pub message: Option<Message>,
    /// What is wrong with it: in words, with the section of RFC 6455 or RFC 7692.
    pub violations: Vec<(String, String)>,
}

/// Bytes, as many as are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// As text, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As base64, where they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// There are more.
    #[serde(default)]
    pub cut: bool,
}

/// What a close frame says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Its code; none in an empty one.
    pub code: Option<u16>,
    /// Its reason.
    pub reason: String,
    /// What the code means.
    pub meaning: String,
}

/// A message put together from its frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Text, and not binary.
    pub is_text: bool,
    /// How many frames it has.
    pub fragments: u64,
    /// Whether it was compressed, and what came of that, in a word.
    pub compression: String,
    /// Its length, inflated.
    pub length: u64,
    /// What is in it.
    pub content: Payload,
}

/// Who ended a connection, and how. What came first counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum End {
    /// By a close frame.
    Close {
        /// Who sent it.
        by: Party,
        /// Its code; none in an empty one.
        code: Option<u16>,
        /// Its reason.
        reason: String,
    },
    /// The end of the stream, without a close frame.
    Fin {
        /// Who.
        by: Party,
    },
    /// A reset.
    Reset {
        /// Who.
        by: Party,
    },
    /// A fault that was asked for.
    Cut {
        /// Which.
        fault: String,
    },
    /// The server refused the handshake, or did not speak HTTP.
    Refused {
        /// Why, in words.
        why: String,
    },
    /// The server was not reached.
    NoServer {
        /// Why, and what to do.
        why: String,
    },
    /// The relay itself did not let it in, or ended.
    Relay {
        /// Why.
        why: String,
    },
}

impl FromRelay {
    /// Reads a message of the feed.
    ///
    /// # Errors
    /// Words, if it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

impl ToRelay {
    /// The message that asks for it.
    #[must_use]
    pub fn to_text(&self) -> String {
        // There is nothing in it that JSON has no spelling for.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<Side> for Party {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { by, code: sent, reason } => {
                let means = meaning(Dialect::Plain, sent.unwrap_or(code::NO_STATUS));
                match sent {
                    Some(sent) => write!(f, "the {by} closed it with {sent} ({means})")?,
                    None => write!(f, "the {by} closed it without a code")?,
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": \"{reason}\"") }
            }
            Self::Fin { by } => write!(f, "the {by} hung up without a close frame (FIN)"),
            Self::Reset { by } => write!(f, "the {by} reset it (RST)"),
            Self::Cut { fault } => write!(f, "cut here: {fault}"),
            Self::Refused { why } | Self::NoServer { why } | Self::Relay { why } => f.write_str(why),
        }
    }
}
