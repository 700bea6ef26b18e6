//! How much to keep of what was not sent.

use serde::{Deserialize, Serialize};

use super::{PolicyError, between, millis};
use crate::time::Duration;

const MAX_MESSAGES: usize = 100_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;
const MIN_AGE: Duration = Duration::from_secs(1);
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The bounds of an outbox. When it is full, a new message is refused and its writer told; nothing that was taken is
/// ever dropped for room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct OutboxPolicy {
    messages: usize,
    bytes: usize,
    max_age: Duration,
}

impl OutboxPolicy {
    /// At most `messages` (1 to 100,000) of together `bytes` (1 to 64 MiB), none sent when older than `max_age` (1 s to
    /// 7 days).
    ///
    /// # Errors
    /// [`PolicyError`] naming the number that cannot work.
    pub fn new(messages: usize, bytes: usize, max_age: Duration) -> Result<Self, PolicyError> {
        if !(1..=MAX_MESSAGES).contains(&messages) {
            return Err(PolicyError::OutOfRange { field: "messages", given: messages, max: MAX_MESSAGES });
        }
        if !(1..=MAX_BYTES).contains(&bytes) {
            return Err(PolicyError::OutOfRange { field: "bytes", given: bytes, max: MAX_BYTES });
        }
        between("max_age_ms", max_age, MIN_AGE, MAX_AGE)?;
        Ok(Self { messages, bytes, max_age })
    }

    /// How many messages may wait. Default 1,000: an hour of a fast typist; gorilla's chat example keeps 256.
    #[must_use]
    pub const fn messages(&self) -> usize {
        self.messages
    }

    /// How many bytes they may have together. Default 1 MiB, Centrifugo's queue per client.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Older messages are given back instead of sent. Default 24 h: what was typed yesterday is better asked about.
    #[must_use]
    pub const fn max_age(&self) -> Duration {
        self.max_age
    }
}

impl Default for OutboxPolicy {
    fn default() -> Self {
        Self { messages: 1000, bytes: 1024 * 1024, max_age: Duration::from_secs(24 * 60 * 60) }
    }
}

/// As written in JSON.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    messages: usize,
    bytes: usize,
    max_age_ms: u64,
}

impl Default for Raw {
    fn default() -> Self {
        OutboxPolicy::default().into()
    }
}

impl From<OutboxPolicy> for Raw {
    fn from(policy: OutboxPolicy) -> Self {
        Self { messages: policy.messages, bytes: policy.bytes, max_age_ms: millis(policy.max_age) }
    }
}

impl TryFrom<Raw> for OutboxPolicy {
    type Error = PolicyError;

    fn try_from(raw: Raw) -> Result<Self, PolicyError> {
        Self::new(raw.messages, raw.bytes, Duration::from_millis(raw.max_age_ms))
    }
}
