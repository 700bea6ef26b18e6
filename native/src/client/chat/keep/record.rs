//! What stands in a stored outbox: one JSON object a line, told apart by its only key.

use std::time::Duration;

use heartline_core::{chat::Kept, wire::Style};
use serde::{Deserialize, Serialize};

/// The version this program writes.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// The first line: whose outbox this is.
    Outbox(Header),
    /// Numbers up to here are used up.
    Used(u64),
    /// A message that is not settled.
    Say(Say),
    /// It is settled.
    Forget { room: String, id: u64 },
}

/// The first line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Header {
    pub(super) version: u32,
    /// For people: where it goes.
    pub(super) server: String,
    /// Who this is. Whoever reads it can pose as its owner.
    pub(super) secret: String,
}

/// A message that is not settled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Say {
    pub(super) room: String,
    pub(super) id: u64,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) style: Option<Style>,
    /// When it was stored, in milliseconds since 1970.
    pub(super) at: u64,
}

impl Record {
    /// As a line of the file.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        // Strings and numbers always have a JSON.
        if serde_json::to_writer(&mut *into, self).is_ok() {
            into.push(b'\n');
        }
    }
}

impl Say {
    pub(super) fn of(kept: &Kept, at: u64) -> Self {
        let Kept { room, id, text, style, age: _ } = kept.clone();
        Self { room, id, text, style, at }
    }

    /// As it is taken back at `now`, in milliseconds since 1970.
    pub(super) fn kept(&self, now: u64) -> Kept {
        let Self { room, id, text, style, at } = self.clone();
        Kept { room, id, text, style, age: Duration::from_millis(now.saturating_sub(at)) }
    }
}
