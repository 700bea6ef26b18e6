//! The lines of an export. `docs/history.md` describes them; a change that an older program cannot read makes a new version.

use heartline_core::wire::Said;
use serde::{Deserialize, Serialize};

/// Of the lines this program writes.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    /// The first.
    HeartlineHistory {
        /// See [`VERSION`].
        version: u32,
    },
    /// A message, just as it goes on the wire.
    Said(Said),
    /// What is kept of an author whose messages were let go of.
    Author {
        /// The room.
        room: String,
        /// The author.
        from: String,
        /// The highest number among them.
        highest: u64,
        /// When the newest of them came, in milliseconds since 1970 UTC.
        at: u64,
    },
    /// Behind the other lines of a room, which stand together.
    Room {
        /// Its name.
        room: String,
        /// The highest place given.
        last: u64,
        /// The highest place let go of.
        trimmed: u64,
        /// How many messages stand above.
        messages: u64,
    },
    /// The last: without it, an export is cut.
    End {
        /// How many rooms stand above.
        rooms: u64,
        /// How many messages.
        messages: u64,
    },
}
