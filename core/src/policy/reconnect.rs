//! When to dial again.

use serde::{Deserialize, Serialize};

use super::{PolicyError, between, millis};
use crate::time::Duration;

/// A hidden page dials at most this often: its timers are checked once a minute anyway (Chrome's intensive
/// throttling), and a phone in a pocket should not spend its battery on dials nobody sees.
pub const HIDDEN_DIAL_GAP: Duration = Duration::from_secs(60);

/// The longest wait a peer may ask for (`Retry-After`, `draining`): whoever asks for more gets this.
pub const MAX_TOLD_WAIT: Duration = Duration::from_secs(300);

const MIN_WAIT: Duration = Duration::from_millis(10);
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// When to dial again: full jitter, `random(0, min(cap, base * 2^n))` before the dial after the n-th failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct ReconnectPolicy {
    dial_timeout: Duration,
    base: Duration,
    cap: Duration,
    stable_after: Duration,
}

impl ReconnectPolicy {
    /// Each value from 10 ms to 1 h, and `cap` no shorter than `base`.
    ///
    /// # Errors
    /// [`PolicyError`] naming the number that cannot work.
    pub fn new(
        dial_timeout: Duration,
        base: Duration,
        cap: Duration,
        stable_after: Duration,
    ) -> Result<Self, PolicyError> {
        between("dial_timeout_ms", dial_timeout, MIN_WAIT, MAX_WAIT)?;
        between("base_ms", base, MIN_WAIT, MAX_WAIT)?;
        between("cap_ms", cap, MIN_WAIT, MAX_WAIT)?;
        between("stable_after_ms", stable_after, MIN_WAIT, MAX_WAIT)?;
        if cap < base {
            return Err(PolicyError::CapBelowBase { cap_ms: cap.as_millis(), base_ms: base.as_millis() });
        }
        Ok(Self { dial_timeout, base, cap, stable_after })
    }

    /// How long a dial may take from name to handshake, and a `welcome` after that. Default 10 s, python-websockets'
    /// `open_timeout`; half of socket.io's.
    #[must_use]
    pub const fn dial_timeout(&self) -> Duration {
        self.dial_timeout
    }

    /// How long the token of a dial may be waited for: nine tenths of [`dial_timeout`](Self::dial_timeout), so that whoever does not
    /// give one is named before the dial as a whole is given up.
    #[must_use]
    pub fn token_within(&self) -> Duration {
        self.dial_timeout * 9 / 10
    }

    /// The longest first wait. Default 0.5 s, as centrifuge-js.
    #[must_use]
    pub const fn base(&self) -> Duration {
        self.base
    }

    /// The longest wait of all. Default 20 s, as centrifuge-js.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// How long a line must live before the failures before it are forgotten. Default 10 s; partysocket counts a
    /// connection as good after 5 s. Forgetting them at once makes a server that accepts and drops a busy loop.
    #[must_use]
    pub const fn stable_after(&self) -> Duration {
        self.stable_after
    }
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self {
            dial_timeout: Duration::from_secs(10),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            stable_after: Duration::from_secs(10),
        }
    }
}

/// As written in JSON.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    dial_timeout_ms: u64,
    base_ms: u64,
    cap_ms: u64,
    stable_after_ms: u64,
}

impl Default for Raw {
    fn default() -> Self {
        ReconnectPolicy::default().into()
    }
}

impl From<ReconnectPolicy> for Raw {
    fn from(policy: ReconnectPolicy) -> Self {
        Self {
            dial_timeout_ms: millis(policy.dial_timeout),
            base_ms: millis(policy.base),
            cap_ms: millis(policy.cap),
            stable_after_ms: millis(policy.stable_after),
        }
    }
}

impl TryFrom<Raw> for ReconnectPolicy {
    type Error = PolicyError;

    fn try_from(raw: Raw) -> Result<Self, PolicyError> {
        Self::new(
            Duration::from_millis(raw.dial_timeout_ms),
            Duration::from_millis(raw.base_ms),
            Duration::from_millis(raw.cap_ms),
            Duration::from_millis(raw.stable_after_ms),
        )
    }
}
