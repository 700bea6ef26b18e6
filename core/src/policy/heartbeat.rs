//! When to beat, and when silence becomes a question.

use serde::{Deserialize, Serialize};

use super::{PolicyError, between, millis};
use crate::time::Duration;

/// The shortest interval a server may announce, or anybody may set.
pub const MIN_ANNOUNCED_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest grace a server may announce, or anybody may set.
pub const MIN_ANNOUNCED_GRACE: Duration = Duration::from_millis(500);

/// Added to the deadlines of a hidden page: two throttle periods. Chrome checks the timers of a page that was hidden
/// for five minutes once a minute (intensive throttling, Chrome 88).
pub const THROTTLE_SLACK: Duration = Duration::from_secs(120);

/// The longest probe; a shorter grace shortens it.
const MAX_PROBE: Duration = Duration::from_secs(5);

/// The longest interval: the shortest NAT lifetime RFC 5382 allows for an established line is 2 h 4 min.
const MAX_INTERVAL: Duration = Duration::from_secs(2 * 60 * 60);

const MAX_WRITE_STALL: Duration = Duration::from_secs(600);

/// When to beat, and how long to wait for the answer.
///
/// A dead line is found within [`interval`](Self::interval) + [`grace`](Self::grace) + [`probe`](Self::probe).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct HeartbeatPolicy {
    interval: Duration,
    grace: Duration,
    write_stall: Duration,
}

impl HeartbeatPolicy {
    /// A beat every `interval` (1 s to 2 h), its answer awaited for `grace` (0.5 s up to, not including, `interval`).
    ///
    /// # Errors
    /// [`PolicyError`] naming the number that cannot work.
    pub fn new(interval: Duration, grace: Duration) -> Result<Self, PolicyError> {
        Self::with_write_stall(interval, grace, Self::default().write_stall)
    }

    /// As [`new`](Self::new), with how long a peer may take no byte (1 s to 10 min).
    ///
    /// # Errors
    /// [`PolicyError`] naming the number that cannot work.
    pub fn with_write_stall(
        interval: Duration,
        grace: Duration,
        write_stall: Duration,
    ) -> Result<Self, PolicyError> {
        between("interval_ms", interval, MIN_ANNOUNCED_INTERVAL, MAX_INTERVAL)?;
        between("grace_ms", grace, MIN_ANNOUNCED_GRACE, MAX_INTERVAL)?;
        between("write_stall_ms", write_stall, MIN_ANNOUNCED_INTERVAL, MAX_WRITE_STALL)?;
        if grace >= interval {
            return Err(PolicyError::GraceNotBelowInterval {
                grace_ms: grace.as_millis(),
                interval_ms: interval.as_millis(),
            });
        }
        Ok(Self { interval, grace, write_stall })
    }

    /// What a server announced in `welcome`, brought into what can work; everything else is kept from `self`.
    #[must_use]
    pub fn announced(&self, interval_ms: u64, grace_ms: u64) -> Self {
        let interval = Duration::from_millis(interval_ms).clamp(MIN_ANNOUNCED_INTERVAL, MAX_INTERVAL);
        // A grace that is not below the interval is cut to half of it, which is never below half a second.
        let grace = Duration::from_millis(grace_ms).max(MIN_ANNOUNCED_GRACE);
        let grace = if grace < interval { grace } else { interval / 2 };
        Self { interval, grace, write_stall: self.write_stall }
    }

    /// Time between two beats. Default 25 s: the idle timers that cut most lines are 55 s (Heroku) and 60 s (nginx,
    /// AWS ALB), so one lost beat costs nothing; Engine.IO and Centrifugo beat at the same pace.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// How long an answer may take before the line is suspect. Default 10 s, as centrifuge-js allows on top of an
    /// announced ping.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        self.grace
    }

    /// How long the one probe of a suspect line may take: 5 s, or the grace if that is shorter. Derived.
    #[must_use]
    pub fn probe(&self) -> Duration {
        self.grace.min(MAX_PROBE)
    }

    /// How long bytes that the kernel still takes may put off the verdict over a peer that reads slowly. Default 30 s.
    #[must_use]
    pub const fn write_stall(&self) -> Duration {
        self.write_stall
    }

    /// The longest a dead line can go unnoticed while the page is visible: interval + grace + probe. Derived.
    #[must_use]
    pub fn detection(&self) -> Duration {
        self.interval + self.grace + self.probe()
    }
}

impl Default for HeartbeatPolicy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(25),
            grace: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
        }
    }
}

/// As written in JSON.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    interval_ms: u64,
    grace_ms: u64,
    write_stall_ms: u64,
}

impl Default for Raw {
    fn default() -> Self {
        HeartbeatPolicy::default().into()
    }
}

impl From<HeartbeatPolicy> for Raw {
    fn from(policy: HeartbeatPolicy) -> Self {
        Self {
            interval_ms: millis(policy.interval),
            grace_ms: millis(policy.grace),
            write_stall_ms: millis(policy.write_stall),
        }
    }
}

impl TryFrom<Raw> for HeartbeatPolicy {
    type Error = PolicyError;

    fn try_from(raw: Raw) -> Result<Self, PolicyError> {
        Self::with_write_stall(
            Duration::from_millis(raw.interval_ms),
            Duration::from_millis(raw.grace_ms),
            Duration::from_millis(raw.write_stall_ms),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_probe_follows_the_grace() {
        let short = HeartbeatPolicy::new(Duration::from_secs(2), Duration::from_secs(1)).expect("valid");
        assert_eq!(short.probe(), Duration::from_secs(1));
        assert_eq!(HeartbeatPolicy::default().probe(), Duration::from_secs(5));
    }

    #[test]
    fn absurd_announcements_are_brought_into_what_can_work() {
        let own = HeartbeatPolicy::default();
        for (interval_ms, grace_ms) in
            [(0, 0), (u64::MAX, u64::MAX), (1000, 1000), (0, u64::MAX), (u64::MAX, 0)]
        {
            let policy = own.announced(interval_ms, grace_ms);
            assert_eq!(
                HeartbeatPolicy::new(policy.interval(), policy.grace()),
                Ok(policy),
                "{interval_ms} {grace_ms}"
            );
        }
    }

    #[test]
    fn short_announcements_down_to_the_documented_floor_are_honoured() {
        let policy = HeartbeatPolicy::default().announced(1000, 500);
        assert_eq!((policy.interval(), policy.grace()), (Duration::from_secs(1), Duration::from_millis(500)));
    }
}
