use serde::{Deserialize, Serialize};

use super::{MAX_MESSAGE_BYTES, number};

/// When a server pings and how long it waits for life, as `welcome` announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Beat {
    /// The server pings this often, in milliseconds. Whoever reads it clamps it by its own policy.
    #[serde(deserialize_with = "number::saturating")]
    pub interval_ms: u64,
    /// How long a beat may be late before the line is suspect, in milliseconds.
    #[serde(deserialize_with = "number::saturating")]
    pub grace_ms: u64,
}

impl Default for Beat {
    /// What a server that announces nothing is taken to do: 25 s, the common interval that stays under every 55 s idle limit.
    fn default() -> Self {
        Self { interval_ms: 25_000, grace_ms: 10_000 }
    }
}

/// What a server takes, as `welcome` announces it. Whoever reads it calls [`Limits::clamped`] first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Limits {
    /// The longest message, in bytes. See [`MAX_MESSAGE_BYTES`].
    #[serde(deserialize_with = "number::saturating_u32")]
    pub message_bytes: u32,
    /// The longest text of a `say`, in bytes. Default 4 KiB: even if JSON makes six bytes of each, it fits a message.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub text_bytes: u32,
    /// The longest name, in bytes. Default 64: it is repeated in every `said`.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub name_bytes: u32,
    /// The longest name of a room, in bytes. Default 64.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub room_bytes: u32,
    /// How many rooms one line may be in. Default 32: all of them fit one `hello`.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub rooms: u32,
    /// How many messages may be unanswered. Default 64: at 100 ms round trip that is 640 a second, far above the rate limit.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub in_flight: u32,
    /// How many messages a first join brings. Default 100: a screen or two.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub first_page: u32,
    /// An outbox sends nothing older, in seconds. Default a day: the server knows a repeat at least this long.
    #[serde(deserialize_with = "number::saturating_u32")]
    pub outbox_age_s: u32,
}

impl Limits {
    /// The same limits, brought into the range a client can work with, whatever the server said.
    pub fn clamped(self) -> Self {
        const MESSAGE_BYTES: u32 = MAX_MESSAGE_BYTES as u32;
        Self {
            message_bytes: self.message_bytes.clamp(1024, MESSAGE_BYTES),
            text_bytes: self.text_bytes.clamp(1, MESSAGE_BYTES),
            name_bytes: self.name_bytes.clamp(1, 1024),
            room_bytes: self.room_bytes.clamp(1, 1024),
            rooms: self.rooms.clamp(1, 1024),
            in_flight: self.in_flight.clamp(1, 1024),
            first_page: self.first_page.clamp(1, 10_000),
            outbox_age_s: self.outbox_age_s.clamp(1, 30 * 24 * 3600),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: MAX_MESSAGE_BYTES as u32,
            text_bytes: 4096,
            name_bytes: 64,
            room_bytes: 64,
            rooms: 32,
            in_flight: 64,
            first_page: 100,
            outbox_age_s: 24 * 3600,
        }
    }
}
