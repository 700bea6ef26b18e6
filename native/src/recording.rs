//! Recordings: what passed on the lines of a relay, as a file that can be shown and replayed.
//!
//! A recording is UTF-8 text with one JSON object a line, tagged by `"kind"`; unknown fields are to be ignored. The first line
//! is [`Entry::Recording`]. Each line is written whole and at once, so that whatever ends the writer, the file is good up to the
//! last line that ends. Secrets are overwritten by `*` unless it was asked for otherwise.
//!
//! ```text
//! {"kind":"recording","version":1,"at_ms":1764140000000,"to":"ws://127.0.0.1:8080/echo","secrets":"overwritten"}
//! {"kind":"begun","line":1,"t":0.731,"from":"127.0.0.1:40312"}
//! {"kind":"bytes","line":1,"t":0.732,"from":"client","text":"GET /echo HTTP/1.1\r\n…\r\n\r\n"}
//! {"kind":"bytes","line":1,"t":0.733,"from":"server","text":"HTTP/1.1 101 Switching Protocols\r\n…\r\n\r\n"}
//! {"kind":"bytes","line":1,"t":1.2,"from":"client","base64":"gYUBAgMEaWdvaG4="}
//! {"kind":"ended","line":1,"t":9.1,"end":{"how":"close","by":"client","code":1000,"reason":""}}
//! ```

mod lines;
mod read;
mod write;

use heartline_core::inspect::{End, Party};
use serde::{Deserialize, Serialize};

pub(crate) use lines::seconds;
pub use lines::{Chunk, Line, lines};
pub use read::{ReadError, Reader};
pub use write::Recorder;

/// The version that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// One line of a recording. `t` is in seconds since it began, `line` the number of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// The first line, and only it.
    Recording {
        /// [`VERSION`].
        version: u32,
        /// When it began, in milliseconds since 1970.
        at_ms: u64,
        /// Where connections went, without credentials and values of the query.
        to: String,
        /// Whether they can be read in it.
        secrets: Secrets,
    },
    /// A client came.
    Begun {
        /// Its number.
        line: u64,
        /// When.
        t: f64,
        /// Where from.
        from: String,
    },
    /// Bytes came from one side: the heads of the handshake, then frames. One of `text` and `base64` is there.
    Bytes {
        /// On which connection.
        line: u64,
        /// When.
        t: f64,
        /// From whom.
        from: Party,
        /// The bytes, where all of them are text to read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The bytes, where they are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
    },
    /// A connection was over.
    Ended {
        /// Which.
        line: u64,
        /// When.
        t: f64,
        /// Who ended it, and how.
        end: End,
    },
}

/// Whether secrets can be read in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secrets {
    /// They were overwritten by as many `*`.
    Overwritten,
    /// They can.
    Shown,
}
